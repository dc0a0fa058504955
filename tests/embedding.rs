//! What a Rust program does with the library: arrays of every kind of ownership, several outputs, weights, progress and
//! cancellation, limits. All of it holds without the feature `jit` as well.

use std::error::Error as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hoodoo::{DType, Engine, Error, Filter, Input, Kernel, Mode, Parameters, Progress};
use ndarray::{
    ArcArray, Array, Array1, Array2, Array3, ArrayD, CowArray, Dimension, Ix0, IxDyn, ShapeBuilder, array, s,
};

/// The engines of this build.
fn engines() -> &'static [Engine] {
    match cfg!(feature = "jit") {
        true => &[Engine::Rows, Engine::Callback, Engine::Interpreter],
        false => &[Engine::Auto, Engine::Interpreter],
    }
}

fn compiled(source: &str) -> Kernel {
    source.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn arrays_of_every_ownership() {
    let image = Array2::from_shape_fn((5, 7), |(y, x)| (3 * y + 5 * x) as f32);
    let original = image.clone();
    let filter = Filter::new(&compiled("max(w)")).size(3);
    let expected = filter.run(&image).unwrap();

    assert_eq!(filter.run(&image.view()).unwrap(), expected);
    assert_eq!(filter.run(&image.to_shared()).unwrap(), expected);
    assert_eq!(filter.run(&ArcArray::from(image.clone())).unwrap(), expected);
    assert_eq!(filter.run(&CowArray::from(image.view())).unwrap(), expected);
    let mut mutable = image.clone();
    assert_eq!(filter.run(&mutable.view_mut()).unwrap(), expected);
    assert_eq!(filter.run(&image.t()).unwrap(), expected.t());
    assert_eq!(filter.run(&image.slice(s![..;-1, ..])).unwrap(), expected.slice(s![..;-1, ..]));

    // Into a view: every other column of something larger.
    let mut large = Array2::<f64>::from_elem((5, 14), -1.0);
    filter.run_into(&image, &mut large.slice_mut(s![.., ..;2])).unwrap();
    assert_eq!(large.slice(s![.., ..;2]), expected.mapv(f64::from));
    assert!(large.slice(s![.., 1..;2]).iter().all(|value| *value == -1.0));
    assert_eq!(image, original);
}

#[test]
fn arrays_of_every_dimension() {
    fn sums<D: Dimension>(image: &Array<i32, D>) -> Array<i32, D> {
        Filter::new(&compiled("sum(w)")).size(1).run(image).unwrap()
    }
    let scalar = Array::<i32, Ix0>::from_elem((), 3);
    assert_eq!(sums(&scalar), scalar);
    let (line, volume) = (Array1::from_iter(0..9), Array3::from_shape_fn((2, 3, 4), |(z, y, x)| (z + y * x) as i32));
    assert_eq!(sums(&line), line);
    assert_eq!(sums(&volume), volume);
    let six = ArrayD::<i32>::from_elem(IxDyn(&[2, 1, 3, 1, 2, 2]), 7);
    assert_eq!(sums(&six), six);
    let empty = Array2::<i32>::zeros((0, 4));
    assert_eq!(sums(&empty), empty);
}

#[test]
fn outputs_have_names_and_positions() {
    let (a, b) = (array![1u8, 2, 3], array![0.5f32, 0.25, 0.125]);
    let filter = Filter::new(&compiled("input a, b; low: min(a), min(b), high: max(a) + max(b)")).size(3);
    let inputs: [Input<'_>; 2] = [(&a).into(), (&b).into()];
    let outputs = filter.run_outputs::<f64>(&inputs).unwrap();
    assert_eq!(outputs.len(), 3);
    assert_eq!(outputs.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["low", "1", "high"]);
    assert_eq!(outputs["low"], array![1.0, 1.0, 2.0].into_dyn());
    assert_eq!(outputs["1"], outputs[1]);
    assert_eq!(outputs[2], array![2.5, 3.5, 3.25].into_dyn());
    assert!(outputs.get("0").is_none());
    let arrays: Vec<ArrayD<f64>> = outputs.into_iter().map(|(_, array)| array).collect();
    assert_eq!(arrays, filter.run_all::<f64>(&inputs).unwrap());
}

#[test]
#[should_panic = "there is no output `hihg`; there are low, high"]
fn an_output_that_is_not_there() {
    let filter = Filter::new(&compiled("low: min(w), high: max(w)")).size(3);
    let _ = &filter.run_outputs::<u8>(&[(&array![1u8]).into()]).unwrap()["hihg"];
}

#[test]
fn weights_from_an_array() {
    let image = Array2::from_shape_fn((6, 6), |(y, x)| ((y * 6 + x) % 5) as f64);
    let kernel = compiled("weights k; sum(w * k)");
    let weights = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let filter = Filter::new(&kernel).size([2, 3]);
    let expected = filter.clone().weights("k", (1..=6).map(f64::from)).run(&image).unwrap();
    for engine in engines() {
        let filter = filter.clone().engine(*engine);
        assert_eq!(filter.clone().weights_array("k", &weights).run(&image).unwrap(), expected);
        // By index, not by place in memory.
        let transposed = weights.t().as_standard_layout().into_owned();
        assert_eq!(filter.clone().weights_array("k", &transposed.t()).run(&image).unwrap(), expected);
        let error = filter.weights_array("k", &transposed).run(&image).unwrap_err().to_string();
        assert_eq!(error, "weights: the array for `k` has shape [3, 2], and the footprint [2, 3]");
    }
    // The cells of a footprint take those of their places.
    let cross = Filter::new(&kernel).footprint(&array![[true, false, true], [false, true, false]]);
    let by_cell = cross.clone().weights("k", [1.0, 3.0, 5.0]).run(&image).unwrap();
    assert_eq!(cross.parameters(Parameters::new().weights_array("k", &weights)).run(&image).unwrap(), by_cell);
}

#[test]
fn progress_is_reported() {
    let image = Array2::<u8>::zeros((300, 400));
    for engine in engines() {
        for threads in [1, 2] {
            let reports: Arc<Mutex<Vec<usize>>> = Arc::default();
            let seen = Arc::clone(&reports);
            let progress = Progress::reporting(move |done| {
                seen.lock().unwrap().push(done);
                ControlFlow::Continue(())
            });
            let filter = Filter::new(&compiled("mean(w)")).size(3).engine(*engine).threads(threads);
            let start = Instant::now();
            filter.run_with(&image, &progress).unwrap();
            let time = start.elapsed();
            let reports = reports.lock().unwrap();
            assert_eq!(reports.last(), Some(&image.len()), "{engine:?}");
            assert!(reports.is_sorted(), "{engine:?}: {reports:?}");
            // Fifty times in a second at most, and once more when the run has finished.
            let most = time.as_millis() / 20 + 2;
            assert!(reports.len() as u128 <= most, "{engine:?}: {reports:?} in {time:?}");
        }
    }
}

/// A kernel that takes some million operations for a pixel in a window of 21 x 21.
const SLOW: &str = "fold a = 0 for v in w: fold b = a for u in w: b + sqrt(abs(u * v))";

#[test]
fn a_report_can_cancel() {
    let image = Array2::<f32>::ones((500, 500));
    for engine in engines() {
        let start = Instant::now();
        let progress = Progress::reporting(move |_| match start.elapsed() > Duration::from_millis(60) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        let stopped = Filter::new(&compiled(SLOW)).size(21).engine(*engine).run_with(&image, &progress);
        assert!(matches!(stopped, Err(Error::Cancelled)), "{engine:?}: {stopped:?}");
        assert!(progress.is_cancelled() && progress.done() < image.len());
    }
}

/// Long rows do not make a cancellation wait, nor do slow pixels.
#[test]
fn a_time_out_is_kept() {
    let image = Array1::<f32>::ones(1 << 20);
    for engine in engines() {
        let filter = Filter::new(&compiled(SLOW)).size(501).engine(*engine);
        filter.compile(&[1 << 20], &[hoodoo::DType::F32], &[hoodoo::DType::F32]).unwrap();
        let start = Instant::now();
        let stopped = filter.run_with(&image, &Progress::default().timeout(Duration::from_millis(50)));
        assert!(matches!(stopped, Err(Error::Cancelled)), "{engine:?}: {stopped:?}");
        // A run of pixels that take some hundred thousand operations each, on a machine that is busy.
        assert!(start.elapsed() < Duration::from_secs(10), "{engine:?}: {:?}", start.elapsed());
    }
    let unhurried = Progress::default().timeout(Duration::MAX);
    assert!(Filter::new(&compiled("min(w)")).size(3).run_with(&image, &unhurried).is_ok());
}

#[test]
fn errors_are_errors_and_say_all() {
    let error = "max(w) - mim(w)".parse::<Kernel>().unwrap_err();
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.clone().into();
    let text = boxed.to_string();
    for part in ["error[H011]", "--> kernel:1:10", "1 | max(w) - mim(w)", "^^^", "did you mean `min`?"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(error.source().is_none(), "the text says all");

    let kernel = compiled("  min(w)  # erosion\n");
    assert_eq!(kernel.to_string().parse::<Kernel>().unwrap().source(), kernel.source());
}

#[test]
fn engines_that_are_there_are_taken() {
    let filter = Filter::new(&compiled("w[0] + 1")).mode(Mode::Nearest);
    for engine in Engine::ALL {
        let result = filter.clone().engine(engine).run(&array![1u8, 2]);
        match result {
            Ok(array) => assert_eq!(array, array![2, 3]),
            Err(error) => {
                assert!(cfg!(not(feature = "jit")) && matches!(engine, Engine::Rows | Engine::Callback));
                let name = engine.as_str();
                let text =
                    format!("engine: {name} needs machine code, and this Hoodoo was built without the feature `jit`");
                assert_eq!(error.to_string(), text);
            }
        }
        assert_eq!(engine.as_str().parse::<Engine>().unwrap(), engine);
    }
}

/// A prepared filter gives what the filter gives, run after run, in every mode and on every engine.
#[test]
fn prepared_filters_give_what_filters_give() {
    let types = |count| vec![DType::F64; count];
    for source in ["max(w) - min(w)", "mean(w)", "median(w), len(w)", "sum(w where w > 3)", "coord(0) + w[0, 0]"] {
        let kernel = compiled(source);
        for mode in [Mode::Reflect, Mode::Constant, Mode::Shrink, Mode::Valid] {
            for (engine, shape) in engines().iter().flat_map(|engine| [(engine, [9, 11]), (engine, [300, 3])]) {
                let filter = Filter::new(&kernel).size(3).mode(mode).engine(*engine);
                let outputs = kernel.outputs().len();
                let prepared = match filter.prepare(&shape, &types(1), &types(outputs)) {
                    Ok(prepared) => prepared,
                    // The callback has no coordinates, and one output.
                    Err(_) if *engine == Engine::Callback => continue,
                    Err(error) => panic!("{error}"),
                };
                for seed in 0..3 {
                    let image = Array2::from_shape_fn(shape, |(y, x)| ((7 * y + 5 * x + seed) % 11) as f64);
                    let expected = filter.run_all::<f64>(&[(&image).into()]).unwrap();
                    let region: Vec<usize> =
                        filter.output_region(&shape).unwrap().iter().map(ExactSizeIterator::len).collect();
                    assert_eq!(prepared.output_shape(), region);
                    let mut given = vec![ArrayD::<f64>::zeros(region); outputs];
                    let mut views: Vec<_> = given.iter_mut().map(Into::into).collect();
                    prepared.run_all_into(&[(&image).into()], &mut views, &Progress::default()).unwrap();
                    assert_eq!(given, expected, "{source}, {mode}, {engine}, {shape:?}");
                }
            }
        }
    }
}

/// A rank over so many cells is found by much code.
#[test]
fn making_ready_can_be_stopped() {
    let kernel = compiled("rank(w, 50)");
    let filter = Filter::new(&kernel).size(11);
    let types = [DType::F64];
    let stopped = Progress::default().timeout(Duration::ZERO);
    assert!(matches!(filter.prepare_with(&[4000, 4000], &types, &types, &stopped), Err(Error::Cancelled)));
    let prepared = filter.prepare_with(&[20, 30], &types, &types, &Progress::default()).unwrap();
    let image = Array2::from_shape_fn((20, 30), |(y, x)| ((7 * y + 5 * x) % 11) as f64);
    assert_eq!(prepared.run::<f64, f64, _, _>(&image).unwrap(), filter.run::<f64, _, _>(&image).unwrap());
}

/// Colours are one with the axis before them where they follow each other in memory, which nobody knows before there are arrays.
#[test]
fn prepared_filters_take_colours_in_any_layout() {
    let larger = Array3::from_shape_fn((24, 40, 6), |(y, x, c)| ((7 * y + 5 * x * x + 3 * c) % 101) as u8);
    let gaps = larger.slice(s![..;2, 3..33, 1..4]);
    let whole = gaps.as_standard_layout().into_owned();
    let mut fortran = Array3::<u8>::zeros(gaps.dim().f());
    fortran.assign(&gaps);
    for source in ["min(w)", "mean(w)", "median(w)", "max(w) - w[0, 0]"] {
        let kernel = compiled(source);
        for (size, mode) in [(3, Mode::Reflect), (5, Mode::Valid), (9, Mode::Shrink)] {
            let filter = Filter::new(&kernel).size(size).mode(mode).axes([0, 1]);
            let prepared = filter.prepare(whole.shape(), &[DType::U8], &[DType::F64]).unwrap();
            let [height, width, colours] = *prepared.output_shape() else { panic!("three axes") };
            let mut expected = Array3::<f64>::zeros((height, width, colours));
            filter.clone().engine(Engine::Interpreter).run_into(&whole, &mut expected).unwrap();
            let mut turned = Array3::<f64>::zeros(expected.dim().f());
            for image in [gaps, whole.view(), fortran.view()] {
                assert_eq!(prepared.run::<u8, f64, _, _>(&image).unwrap(), expected, "{source}, {size}, {mode}");
                prepared.run_into(&image, &mut turned).unwrap();
                assert_eq!(turned, expected, "{source}, {size}, {mode}");
            }
        }
    }
}

#[test]
fn prepared_filters_refuse_other_arrays() {
    let filter = Filter::new(&compiled("assert w[0] > 0; max(w)")).size(3);
    let prepared = filter.prepare(&[4], &[DType::F32], &[DType::F32]).unwrap();
    let mut output = array![0.0f32, 0.0, 0.0, 0.0];
    let mut run = |input: Input<'_>| {
        prepared.run_all_into(&[input], &mut [(&mut output).into()], &Progress::default()).unwrap_err().to_string()
    };
    assert!(run((&array![1.0f32]).into()).contains("[1] is not what was prepared for, [4]"));
    assert!(run((&array![1.0, 2.0, 3.0, 4.0]).into()).contains("f64 are not what was prepared for, f32"));
    assert!(run((&array![1.0f32, 2.0, 0.0, 4.0]).into()).contains("[2]"));
    let masked = filter.nodata(3.0).prepare(&[4], &[DType::F32], &[DType::F32]).err().unwrap();
    assert!(masked.to_string().contains("looked for in each run"));
}
