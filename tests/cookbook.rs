//! The kernels of `examples/`: on every engine against the same written as loops in plain Rust, and against what is
//! known of them.

#[path = "cookbook/reference.rs"]
mod reference;

use std::fs;
use std::path::PathBuf;

use fastrand::Rng;
use hoodoo::lang::diagnostic::Code;
use hoodoo::{DType, Engine, Error, Filter, Input, Kernel, Listing, Vectors, Window};
use ndarray::{Array2, array, s};
use reference::{KERNELS, Seen, Setting};

/// The kernels that a callback can't be: they have several inputs or outputs, or ask where the pixel is.
const NO_CALLBACK: [&str; 4] = ["joint-bilateral", "focal-statistics", "ordered-dither", "vignette"];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn source(name: &str) -> String {
    let path = path(&format!("examples/{name}.hood"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the files, sorted.
fn names() -> Vec<String> {
    let files = fs::read_dir(path("examples")).unwrap().map(|entry| entry.unwrap().path());
    let kernels = files.filter(|path| path.extension().is_some_and(|extension| extension == "hood"));
    let mut names: Vec<String> = kernels.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
    names.sort();
    names
}

/// What stands behind `# key: ` in a kernel's header.
fn setting<'t>(source: &'t str, key: &str) -> Option<&'t str> {
    source.lines().take_while(|line| line.starts_with('#')).find_map(|line| line.strip_prefix(&format!("# {key}: ")))
}

/// The filter that a kernel's header says.
fn filter(name: &str) -> Filter {
    let source = source(name);
    let mut filter = Filter::new(&Kernel::compile_from(&source, name).unwrap_or_else(|error| panic!("{error}")));
    let words: Vec<&str> = setting(&source, "options").unwrap_or_default().split_whitespace().collect();
    for pair in words.chunks(2) {
        filter = match pair {
            ["--size", side] => filter.size(side.parse::<usize>().unwrap()),
            ["--footprint", shape] => filter.window(shape.parse::<Window>().unwrap()),
            ["--mode", mode] => filter.mode(mode.parse().unwrap()),
            ["--dtype", _] => filter,
            other => panic!("{name}: {other:?}"),
        };
    }
    filter
}

/// A picture such as the one that the header names, with many different values or with few.
fn picture(like: &str, few: bool, random: &mut Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn((13, 18), || match like {
        "soup" => f64::from(random.u8(..3)),
        "sand" => f64::from(random.u8(..8)),
        "holes" if random.u8(..10) < 4 => f64::NAN,
        _ if few => f64::from(32 * random.u8(..5)),
        _ => 255.0 * random.f64(),
    })
}

/// What a kernel is to give, with the window and the mode of its header.
fn expected(inputs: &[Array2<f64>], setting: &Setting, value: impl Fn(&Seen<'_>) -> f64) -> Array2<f64> {
    Array2::from_shape_fn(inputs[0].dim(), |pixel| value(&Seen { inputs, setting, pixel }))
}

fn check(name: &str, what: &str, actual: &Array2<f64>, expected: &Array2<f64>) {
    assert_eq!(actual.dim(), expected.dim(), "{name}, {what}");
    for ((place, actual), expected) in actual.indexed_iter().zip(expected) {
        // Only sums in another order and elementary functions may differ.
        let same = (actual - expected).abs() <= 1e-9 * expected.abs().max(1.0);
        assert!(same || actual.is_nan() && expected.is_nan(), "{name}, {what}, at {place:?}: {actual}, not {expected}");
    }
}

#[test]
fn every_kernel_has_its_loops() {
    let mut known: Vec<&str> = KERNELS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(names(), known);
}

/// People learn the language from these files, and `hoodoo gallery` reads what is in front of the code.
#[test]
fn every_header_has_its_form() {
    for name in names() {
        let source = source(&name);
        let (header, code) = source.split_once("\n\n").unwrap_or_else(|| panic!("{name} has no code"));
        let summary = header.lines().next().unwrap();
        assert!(summary.starts_with("# ") && summary.ends_with('.') && summary.len() <= 92, "{name}: {summary}");
        assert_eq!(header.lines().nth(1), Some("#"), "{name}");
        assert!(header.lines().all(|line| line.starts_with('#')), "{name}");
        assert!(header.lines().last().unwrap().starts_with("# picture: "), "{name}");
        assert!(!code.starts_with(['\n', '#']) && code.ends_with('\n'), "{name}");
        assert!(source.lines().all(|line| line.len() <= 120 && line == line.trim_end()), "{name}");
    }
}

/// Every kernel, on every engine, over f64, f32 and u8.
#[test]
fn kernels_are_the_loops() {
    let mut random = Rng::with_seed(1);
    for (name, value) in KERNELS {
        let (filter, source) = (filter(name), source(name));
        let like = setting(&source, "picture").unwrap_or_else(|| panic!("{name} names no picture"));
        let window = Setting::of(setting(&source, "options").unwrap_or_default());
        for few in [false, true] {
            // Which of two quarters with equal variances is the calmer one depends on rounding.
            if few && *name == "kuwahara" {
                continue;
            }
            let wide: Vec<Array2<f64>> = like.split(' ').map(|like| picture(like, few, &mut random)).collect();
            let single: Vec<Array2<f32>> = wide.iter().map(|picture| picture.mapv(|value| value as f32)).collect();
            let bytes: Vec<Array2<u8>> = wide.iter().map(|picture| picture.mapv(|value| value as u8)).collect();
            for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
                let compare = |what: &str, inputs: &[Input<'_>], values: &[Array2<f64>]| {
                    let what = format!("{what}, {engine:?}");
                    let outputs = match filter.clone().engine(engine).run_all::<f64>(inputs) {
                        Err(Error::Kernel(error)) if engine == Engine::Callback && NO_CALLBACK.contains(name) => {
                            return assert_eq!(error.code(), Code::NotInCallback, "{name}");
                        }
                        outputs => outputs.unwrap_or_else(|error| panic!("{name}, {what}: {error}")),
                    };
                    let mut outputs = outputs.into_iter().map(|output| output.into_dimensionality().unwrap());
                    check(name, &what, &outputs.next().unwrap(), &expected(values, &window, value));
                    for (place, output) in outputs.enumerate() {
                        let value = |seen: &Seen<'_>| reference::spread_and_number(seen)[place];
                        check(name, &what, &output, &expected(values, &window, value));
                    }
                };
                let inputs: Vec<Input<'_>> = wide.iter().map(Input::from).collect();
                compare("f64", &inputs, &wide);
                let inputs: Vec<Input<'_>> = single.iter().map(Input::from).collect();
                compare("f32", &inputs, &single.iter().map(|picture| picture.mapv(f64::from)).collect::<Vec<_>>());
                let inputs: Vec<Input<'_>> = bytes.iter().map(Input::from).collect();
                compare("u8", &inputs, &bytes.iter().map(|picture| picture.mapv(f64::from)).collect::<Vec<_>>());
            }
        }
    }
}

/// What a kernel gives on the usual engine.
fn run(name: &str, picture: &Array2<f64>) -> Array2<f64> {
    filter(name).run(picture).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A picture whose value is a function of the place: y down, x to the right, from the middle.
fn drawn(value: impl Fn(f64, f64) -> f64) -> Array2<f64> {
    Array2::from_shape_fn((11, 11), |(y, x)| value(y as f64 - 5.0, x as f64 - 5.0))
}

/// The value in the middle of what a kernel gives.
fn middle(name: &str, picture: &Array2<f64>) -> f64 {
    run(name, picture)[[5, 5]]
}

/// One bright pixel.
fn speck() -> Array2<f64> {
    hill(200.0)
}

/// One pixel of this value, and 10 around it.
fn hill(top: f64) -> Array2<f64> {
    drawn(|y, x| if (y, x) == (0.0, 0.0) { top } else { 10.0 })
}

fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{actual}, not {expected}");
}

#[test]
fn morphology() {
    let mut random = Rng::with_seed(2);
    let picture = Array2::from_shape_simple_fn((20, 30), || f64::from(random.u8(..)));
    // Two passes, beyond whose ends the mode does what it says to the one in between.
    let pass = |source: &str, picture: &Array2<f64>| {
        Filter::new(&Kernel::compile(source).unwrap()).window(Window::Cross(1)).run(picture).unwrap()
    };
    let opened = run("opening", &picture);
    assert_eq!(opened, pass("max(w)", &pass("min(w)", &picture)));
    assert_eq!(run("opening", &opened), opened);
    assert_eq!(run("dilation", &picture), -run("erosion", &-picture));
    assert_eq!(run("opening", &speck()), drawn(|_, _| 10.0));
    assert_eq!(run("local-maxima", &speck()).sum(), 1.0);
    assert_eq!(middle("local-maxima", &speck()), 1.0);
    // A rise of 40 is enough, by default, and less is not.
    assert_eq!((middle("local-maxima", &hill(50.0)), middle("local-maxima", &hill(49.0))), (1.0, 0.0));
    // Two equal ones beside each other are a plateau.
    let pair = drawn(|y, x| if y == 0.0 && (0.0..=1.0).contains(&x) { 200.0 } else { 10.0 });
    assert_eq!(run("local-maxima", &pair).sum(), 0.0);
}

#[test]
fn robust_statistics_ignore_a_speck() {
    let flat = drawn(|_, _| 10.0);
    for name in ["median", "trimmed-mean", "winsorised-mean", "hampel", "percentile"] {
        assert_eq!(run(name, &speck()), flat, "{name}");
    }
    assert_eq!(run("median-absolute-deviation", &speck()), drawn(|_, _| 0.0));
    // What is no outlier stays to the bit.
    let ramp = drawn(|y, x| 3.0 * y + 0.1 * x);
    assert_eq!(run("hampel", &ramp)[[5, 5]], ramp[[5, 5]]);
    let step = drawn(|_, x| if x < 0.0 { 10.0 } else { 90.0 });
    assert_eq!(run("median", &step), step);
}

/// A plane's gradient is known, whatever the method.
#[test]
fn edges() {
    let plane = drawn(|y, x| 3.0 * y + 4.0 * x + 100.0);
    for name in ["sobel", "scharr", "prewitt"] {
        close(middle(name, &plane), 5.0);
    }
    close(middle("laplacian", &plane), 0.0);
    close(middle("laplacian", &drawn(|y, x| y * y + 3.0 * x * x)), 8.0);
    close(middle("laplacian-of-gaussian", &drawn(|_, _| 77.0)), 0.0);
    let spot = |inside: f64| drawn(move |y, x| if y.hypot(x) <= 2.1 { inside } else { 100.0 });
    let (dark, bright) = (run("laplacian-of-gaussian", &spot(0.0)), run("laplacian-of-gaussian", &spot(200.0)));
    assert!(dark.iter().all(|value| *value <= dark[[5, 5]]) && dark[[5, 5]] > 0.0);
    assert!(bright.iter().all(|value| *value >= bright[[5, 5]]) && bright[[5, 5]] < 0.0);
}

#[test]
fn corners() {
    let square = drawn(|y, x| if y >= 0.0 && x >= 0.0 { 100.0 } else { 0.0 });
    for name in ["harris", "susan"] {
        let answer = run(name, &square);
        assert!(answer[[5, 5]] > 0.0, "{name} finds the corner");
        assert_eq!(answer[[1, 1]], 0.0, "{name} finds nothing where all is equal");
    }
    assert!(run("harris", &square)[[5, 9]] < 0.0, "an edge is no corner");
    assert_eq!(run("susan", &square)[[5, 9]], 0.0, "an edge is no corner");
}

#[test]
fn smoothing_keeps_what_it_should() {
    let flat = drawn(|_, _| 42.0);
    let step = drawn(|_, x| if x < 0.0 { 10.0 } else { 210.0 });
    for name in
        ["gaussian", "bilateral", "kuwahara", "sigma-filter", "non-local-means", "lee", "perona-malik", "unsharp-mask"]
    {
        run(name, &flat).iter().for_each(|value| close(*value, 42.0));
        let smoothed = run(name, &step);
        let blurred = smoothed.iter().zip(&step).any(|(smoothed, step)| (smoothed - step).abs() > 1.0);
        assert_eq!(blurred, ["gaussian", "lee", "unsharp-mask"].contains(&name), "{name} and a step");
    }
    // One look of speckle on flat ground: the standard deviation is the mean, and nothing is the scene's own.
    let grains = drawn(|y, x| if (y + x) % 2.0 == 0.0 { 150.0 } else { 50.0 });
    let even = drawn(|_, _| 100.0);
    assert!(run("lee", &grains).iter().zip(&even).all(|(value, even)| (value - even).abs() < 3.0));
    let guided = filter("joint-bilateral").run_all::<f64>(&[(&step).into(), (&grains).into()]).unwrap();
    assert!(guided[0].iter().all(|value| (value - 100.0).abs() < 12.0));
}

#[test]
fn contrast_and_tone() {
    let flat = drawn(|_, _| 64.0);
    assert_eq!(run("local-contrast", &flat).sum(), 0.0);
    assert_eq!(run("adaptive-threshold", &flat).sum(), 121.0, "paper is light");
    assert_eq!(run("sauvola", &flat).sum(), 121.0, "paper is light");
    // A quarter of the greatest value is a quarter of the pixels.
    let dots = run("ordered-dither", &Array2::from_elem((16, 16), 64.0));
    assert_eq!(dots.sum(), 64.0);
    let brightened = run("vignette", &flat);
    assert_eq!(brightened[[5, 5]], 64.0);
    assert!(brightened.iter().all(|value| (64.0..64.0 / 0.75f64.powi(2)).contains(value)));
}

#[test]
fn textures() {
    let flat = drawn(|_, _| 42.0);
    assert_eq!(run("local-variance", &flat).sum(), 0.0);
    assert_eq!(run("coefficient-of-variation", &flat).sum(), 0.0);
    assert_eq!(run("entropy", &flat).sum(), 0.0);
    assert_eq!(middle("homogeneity", &flat), 1.0);
    // Neighbours along rows are equal, or differ by what counts a half.
    assert_eq!(middle("homogeneity", &drawn(|y, _| 50.0 * y)), 1.0);
    assert_eq!(middle("homogeneity", &drawn(|_, x| 16.0 * x)), 0.5);
    // Five values, each five times.
    close(middle("entropy", &drawn(|y, _| 16.0 * (y + 5.0))), 5f64.log2());
    let example = array![[6.0, 5.0, 2.0], [7.0, 6.0, 1.0], [9.0, 8.0, 7.0]];
    let code = |picture: &Array2<f64>| run("local-binary-pattern", picture)[[1, 1]];
    assert_eq!(code(&example), f64::from(0b1111_0001));
    assert_eq!(code(&(2.0 * &example + 30.0)), code(&example));
}

#[test]
fn missing_data() {
    let holed = drawn(|y, x| if y.hypot(x) < 1.5 { f64::NAN } else { 20.0 });
    assert_eq!(run("focal-mean", &holed), drawn(|_, _| 20.0));
    assert_eq!(run("focal-median", &holed), drawn(|_, _| 20.0));
    run("fill-holes", &holed).iter().for_each(|value| close(*value, 20.0));
    let nothing = drawn(|_, _| f64::NAN);
    for name in ["focal-mean", "focal-median", "fill-holes"] {
        assert!(run(name, &nothing).iter().all(|value| value.is_nan()), "{name}");
    }
    let statistics = filter("focal-statistics").run_all::<f64>(&[(&holed).into()]).unwrap();
    assert_eq!(statistics[1][[5, 5]], 0.0);
    // Of 25 cells 9 are missing; in a corner, 9 are inside.
    assert_eq!((statistics[2][[5, 5]], statistics[2][[0, 0]]), (16.0, 9.0));
}

/// Where a plane's ground falls, how steeply, and how the sun shines on it.
#[test]
fn planes() {
    let plane = |y: f64, x: f64| drawn(move |down, right| y * down + x * right);
    let level = plane(0.0, 0.0);
    close(middle("slope", &plane(2.0, 3.0)), 13f64.sqrt().atan().to_degrees());
    close(filter("slope").param("cell", 10.0).run(&plane(0.0, 10.0)).unwrap()[[5, 5]], 45.0);
    assert!(filter("slope").param("cell", 0.0).run(&level).is_err());
    assert!(middle("aspect", &level).is_nan());
    close(middle("hillshade", &level), 255.0 / 2f64.sqrt());
    // The names of ways down, as a step down and a step right, with their bearings and codes.
    for (down, right, bearing, code) in [
        (-1.0, 0.0, 0.0, 64.0),
        (-1.0, 1.0, 45.0, 128.0),
        (0.0, 1.0, 90.0, 1.0),
        (1.0, 1.0, 135.0, 2.0),
        (1.0, 0.0, 180.0, 4.0),
        (1.0, -1.0, 225.0, 8.0),
        (0.0, -1.0, 270.0, 16.0),
        (-1.0, -1.0, 315.0, 32.0),
    ] {
        let ground = plane(-down, -right);
        close(middle("aspect", &ground), bearing);
        assert_eq!(middle("flow-direction", &ground), code);
        // The sun is in the north-west.
        let lit = middle("hillshade", &ground);
        let facing = f64::cos((bearing - 315f64).to_radians());
        assert_eq!(lit > middle("hillshade", &level) * 0.8, facing > 0.1, "{bearing}: {lit}");
    }
    assert_eq!(middle("flow-direction", &drawn(|y, x| y * y + x * x)), 0.0, "a pit");
    assert_eq!(middle("flow-direction", &level), 0.0);
    close(middle("curvature", &plane(2.0, 3.0)), 0.0);
    close(middle("curvature", &drawn(|y, x| -y * y - 2.0 * x * x)), 600.0);
    close(middle("topographic-position", &plane(2.0, 3.0)), 0.0);
    assert!(middle("topographic-position", &drawn(|y, x| -y.hypot(x))) > 0.0);
    // Three neighbours are one up, three one down.
    close(middle("ruggedness", &plane(1.0, 0.0)), 6f64.sqrt());
}

/// The picture after so many steps.
fn steps(name: &str, picture: &Array2<f64>, steps: usize) -> Array2<f64> {
    (0..steps).fold(picture.clone(), |picture, _| run(name, &picture))
}

#[test]
fn automata() {
    let mut life = Array2::zeros((11, 11));
    // A glider is one to the right and one down after four generations; here, it comes back after 44.
    life.slice_mut(s![1..4, 1..4]).assign(&array![[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]);
    let mut moved = Array2::zeros((11, 11));
    moved.slice_mut(s![2..5, 2..5]).assign(&life.slice(s![1..4, 1..4]));
    assert_eq!(steps("life", &life, 4), moved);
    assert_eq!(steps("life", &life, 44), life);
    let blinker = drawn(|y, x| f64::from(u8::from(y == 0.0 && x.abs() <= 1.0)));
    assert_eq!(run("life", &blinker), blinker.t());
    assert_eq!(steps("life", &blinker, 2), blinker);

    let firing = drawn(|y, x| f64::from(u8::from(y == 0.0 && (0.0..=1.0).contains(&x))));
    let next = run("brians-brain", &firing);
    // The two recover; four cells, two above and two below, see both.
    assert_eq!(next, 2.0 * &firing + drawn(|y, x| f64::from(u8::from(y.abs() == 1.0 && (0.0..=1.0).contains(&x)))));

    let stripe = drawn(|_, x| if x < 0.0 { 1.0 } else { 7.0 });
    assert_eq!(run("majority-vote", &stripe), stripe);
    assert_eq!(run("majority-vote", &speck()), drawn(|_, _| 10.0));

    // Far from the edge no grain is lost, and in the end none falls.
    let pile = drawn(|y, x| if (y, x) == (0.0, 0.0) { 30.0 } else { 0.0 });
    let rest = steps("sandpile", &pile, 60);
    assert_eq!(rest.sum(), 30.0);
    assert!(rest.iter().all(|grains| *grains < 4.0));
    assert_eq!(rest, rest.t());
}

/// The kernels of which some code has vectors of 128 bits: they make integers of a param.
const NARROW: [&str; 2] = ["sigma-filter", "susan"];

/// Where the processor has wide vectors, nearly all kernels are computed with them.
#[test]
fn nearly_all_kernels_have_wide_vectors() {
    for vectors in [Vectors::Bits256, Vectors::Bits512] {
        assert_eq!(narrow_kernels(vectors), NARROW);
    }
}

/// The kernels of which some code has vectors of 128 bits although wider ones are wanted; where there are none, those that are known.
fn narrow_kernels(vectors: Vectors) -> Vec<String> {
    let plan = |name: &str, dtype: DType| {
        let kernel = Kernel::compile_from(&source(name), name).unwrap();
        let (inputs, outputs) = (vec![dtype; kernel.inputs().len()], vec![dtype; kernel.outputs().len()]);
        filter(name).vectors(vectors).listing(Listing::Plan, &[1024, 1024], &inputs, &outputs).unwrap()
    };
    if plan("erosion", DType::U8).contains("vectors: 128 bits: the processor") {
        return NARROW.map(str::to_string).to_vec();
    }
    let is_narrow = |name: &String| {
        let plans = [DType::U8, DType::I16, DType::I32, DType::F32, DType::F64].map(|dtype| plan(name, dtype));
        plans.iter().any(|plan| plan.contains("vectors: 128 bits"))
    };
    names().into_iter().filter(is_narrow).collect()
}
