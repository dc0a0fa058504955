//! 64-bit integers beyond 2^53: what is only chosen keeps every bit, on every engine but the callback; arithmetic is in f64.

use std::slice::from_ref;

use hoodoo::{AnyElement, Cast, Cut, Engine, Filter, Kernel, Mode, Progress};
use ndarray::{Array1, Array2, ArrayD, Dimension};

const BIG: i64 = 1 << 53;

/// Engines that keep every bit.
const ENGINES: [Engine; 2] = [Engine::Rows, Engine::Interpreter];

fn run<T: AnyElement, U: AnyElement + Default>(
    kernel: &str,
    inputs: &[ArrayD<T>],
    engine: Engine,
    mode: Mode,
) -> Vec<U> {
    run_cast(kernel, inputs, engine, mode, Cast::Saturate)
}

fn run_cast<T: AnyElement, U: AnyElement + Default>(
    kernel: &str,
    inputs: &[ArrayD<T>],
    engine: Engine,
    mode: Mode,
    cast: Cast,
) -> Vec<U> {
    let kernel = Kernel::compile(kernel).expect(kernel);
    let filter = Filter::new(&kernel).size(3).mode(mode).engine(engine).cast(cast);
    let mut output = ArrayD::<U>::default(inputs[0].shape());
    let inputs: Vec<_> = inputs.iter().map(|input| T::input(input.view())).collect();
    filter
        .run_all_into(&inputs, &mut [U::output(output.view_mut())], &Progress::default())
        .unwrap_or_else(|error| panic!("{error}"));
    output.into_raw_vec_and_offset().0
}

/// A row of numbers.
fn row<T: Clone>(values: &[T]) -> ArrayD<T> {
    Array1::from(values.to_vec()).into_dyn()
}

#[test]
fn what_is_chosen_keeps_every_bit() {
    let image = [BIG + 1, BIG + 3, (1 << 62) + 5];
    let expected: [(&str, [i64; 3]); 12] = [
        ("w[0]", image),
        ("min(w)", [BIG + 1, BIG + 1, BIG + 3]),
        ("max(w)", [BIG + 3, (1 << 62) + 5, (1 << 62) + 5]),
        ("median(w)", [BIG + 1, BIG + 3, (1 << 62) + 5]),
        ("rank(w, 1)", [BIG + 1, BIG + 3, (1 << 62) + 5]),
        ("nth(w, 2)", [BIG + 3, (1 << 62) + 5, (1 << 62) + 5]),
        ("nth(w, argmin(w))", [BIG + 1, BIG + 1, BIG + 3]),
        ("mode(w)", [BIG + 1, BIG + 1, (1 << 62) + 5]),
        ("if w[1] > w[0] then w[1] else w[0]", [BIG + 3, (1 << 62) + 5, (1 << 62) + 5]),
        ("clamp(w[0], min(w), 9007199254740994)", [BIG + 1, BIG + 2, BIG + 2]),
        (
            "let lo, hi = fold a = w[0], b = w[0] for v in w: min(a, v), max(b, v); hi",
            [BIG + 3, (1 << 62) + 5, (1 << 62) + 5],
        ),
        ("min(w where w > 9007199254740994)", [BIG + 3, BIG + 3, BIG + 3]),
    ];
    for engine in ENGINES {
        for (kernel, values) in expected {
            assert_eq!(run::<i64, i64>(kernel, &[row(&image)], engine, Mode::Reflect), values, "{kernel} {engine:?}");
            let unsigned: Vec<u64> = image.iter().map(|x| *x as u64).collect();
            let values: Vec<u64> = values.iter().map(|x| *x as u64).collect();
            assert_eq!(
                run::<u64, u64>(kernel, &[row(&unsigned)], engine, Mode::Reflect),
                values,
                "{kernel} {engine:?}"
            );
        }
    }
}

#[test]
fn the_ends_of_the_types_stay_what_they_are() {
    let signed = [i64::MAX, i64::MAX - 1, i64::MIN, i64::MIN + 1, 0];
    let unsigned = [u64::MAX, u64::MAX - 1, 0, 1, 1 << 63];
    for engine in ENGINES {
        let least: Vec<i64> = run("min(w)", &[row(&signed)], engine, Mode::Nearest);
        assert_eq!(least, [i64::MAX - 1, i64::MIN, i64::MIN, i64::MIN, i64::MIN + 1]);
        let greatest: Vec<u64> = run("max(w)", &[row(&unsigned)], engine, Mode::Nearest);
        assert_eq!(greatest, [u64::MAX, u64::MAX, u64::MAX - 1, 1 << 63, 1 << 63]);
        let selected: Vec<i64> = run("min(w where w > 1e18)", &[row(&signed)], engine, Mode::Nearest);
        assert_eq!(
            selected,
            [i64::MAX - 1, i64::MAX - 1, i64::MAX - 1, 0, 0],
            "nothing is selected, and NaN becomes 0"
        );
        // Between the types.
        let to_unsigned: Vec<u64> = run("w[0]", &[row(&signed)], engine, Mode::Nearest);
        assert_eq!(to_unsigned, [i64::MAX as u64, i64::MAX as u64 - 1, 0, 0, 0]);
        let to_signed: Vec<i64> = run("w[0]", &[row(&unsigned)], engine, Mode::Nearest);
        assert_eq!(to_signed, [i64::MAX, i64::MAX, 0, 1, i64::MAX]);
        let wrapped: Vec<i64> = run_cast("w[0]", &[row(&unsigned)], engine, Mode::Nearest, Cast::Wrap);
        assert_eq!(wrapped, [-1, -2, 0, 1, i64::MIN]);
        let low_bits: Vec<u8> = run_cast("w[0]", &[row(&unsigned)], engine, Mode::Nearest, Cast::Wrap);
        assert_eq!(low_bits, [255, 254, 0, 1, 0]);
        // Those that an f64 has, too.
        let even = [(1u64 << 63) + (1 << 20), (1 << 63) + (5 << 32) + (1 << 11), 1 << 40u64];
        for text in ["w[0]", "max(w where w == w[0])", "rank(w, 1)"] {
            let wrapped: Vec<i64> = run_cast(text, &[row(&even)], engine, Mode::Nearest, Cast::Wrap);
            let low_bits: Vec<i32> = run_cast(text, &[row(&even)], engine, Mode::Nearest, Cast::Wrap);
            let same: Vec<u64> = run_cast(text, &[row(&even)], engine, Mode::Nearest, Cast::Wrap);
            assert_eq!(wrapped, same.iter().map(|value| *value as i64).collect::<Vec<_>>(), "{text} {engine:?}");
            assert_eq!(low_bits, same.iter().map(|value| *value as i32).collect::<Vec<_>>(), "{text} {engine:?}");
        }
        let narrow: Vec<i16> = run("w[0]", &[row(&signed)], engine, Mode::Nearest);
        assert_eq!(narrow, [i16::MAX, i16::MAX, i16::MIN, i16::MIN, 0]);
    }
}

#[test]
fn comparisons_see_every_bit() {
    let image = row(&[BIG, BIG + 1, BIG, BIG - 1, -BIG - 1, -BIG]);
    for engine in ENGINES {
        let counts: Vec<i64> = run("count(w == w[0])", from_ref(&image), engine, Mode::Wrap);
        assert_eq!(counts, [1, 1, 1, 1, 1, 1], "{engine:?}");
        let distinct: Vec<f64> = run("variety(w)", from_ref(&image), engine, Mode::Wrap);
        assert_eq!(distinct, [3.0, 2.0, 3.0, 3.0, 3.0, 3.0], "{engine:?}");
        let above: Vec<u8> = run("w[0] > 9007199254740992", from_ref(&image), engine, Mode::Wrap);
        assert_eq!(above, [0, 1, 0, 0, 0, 0], "{engine:?}");
        let far: Vec<u8> = run("w[0] < 1e300 and w[0] > -inf and w[0] != nan", from_ref(&image), engine, Mode::Wrap);
        assert_eq!(far, [1; 6], "{engine:?}");
        let place: Vec<u8> = run("argmax(w)", from_ref(&image), engine, Mode::Nearest);
        assert_eq!(place, [2, 1, 0, 0, 0, 1], "{engine:?}");
    }
}

#[test]
fn arithmetic_is_that_of_f64() {
    let image = row(&[BIG + 1, BIG + 3, -BIG - 1, 7]);
    for engine in ENGINES {
        let more: Vec<i64> = run("w[0] + 0.5", from_ref(&image), engine, Mode::Wrap);
        assert_eq!(more, [BIG, BIG + 4, -BIG, 8], "{engine:?}");
        let doubles: Vec<f64> = run("max(w[0], w[0])", from_ref(&image), engine, Mode::Wrap);
        assert_eq!(doubles, [BIG as f64, (BIG + 4) as f64, -BIG as f64, 7.0], "{engine:?}");
        // What need not be an integer of the type is none.
        let mixed: Vec<i64> = run("min(w[0], 1e300)", from_ref(&image), engine, Mode::Wrap);
        assert_eq!(mixed, [BIG, BIG + 4, -BIG, 7], "{engine:?}");
    }
}

/// What the passes of large windows make of elements whose last bits no f64 has is what the interpreter makes of them.
fn passes_agree<T: AnyElement + Default + PartialEq + std::fmt::Debug>(kernel: &str, image: &ArrayD<T>, mode: Mode) {
    let kernel = Kernel::compile(kernel).expect(kernel);
    let filter = Filter::new(&kernel).size(9).mode(mode).cut(Cut::Always);
    let [rows, interpreter] = ENGINES.map(|engine| {
        let mut output = ArrayD::<T>::default(image.shape());
        filter.clone().engine(engine).run_into(image, &mut output).unwrap_or_else(|error| panic!("{error}"));
        output
    });
    assert_eq!(rows, interpreter, "{} {mode:?}", kernel.source());
}

#[test]
fn passes_keep_every_bit() {
    // 1024 of these are one f64.
    let low = |at: &[usize]| (at[0] * 7919 + at[1] * 104_729 + at[0] * at[1]) % 4093;
    let signed = ArrayD::from_shape_fn(vec![24, 40], |at| (1_i64 << 62) + low(at.slice()) as i64);
    let unsigned = ArrayD::from_shape_fn(vec![24, 40], |at| (1_u64 << 63) + low(at.slice()) as u64);
    for mode in [Mode::Reflect, Mode::Constant, Mode::Shrink] {
        for kernel in [
            "min(w)",
            "max(w)",
            "argmin(w)",
            "argmax(w)",
            "median(w)",
            "rank(w, 3)",
            "mode(w)",
            "variety(w)",
            "percentile(w, 30)",
            "param k = 2; trimmed_mean(w, k)",
            "entropy(w)",
            "rank(w where w != w[0, 0], 1)",
            "rank(w where dist() > 1, -2)",
            "mode(w where w > 4611686018427389000)",
            "median(w) - rank(w, 0)",
            "if median(w) == mode(w) then rank(w, 1) else max(w)",
            "count(w > w[0, 0])",
            "count(w > 9223372036854775808)",
            "min(w where w > 4611686018427387904)",
            "max(w where dist() > 1)",
            "nth(w, argmin(w))",
        ] {
            passes_agree(kernel, &signed, mode);
            passes_agree(kernel, &unsigned, mode);
        }
    }
}

/// The same on both engines, and in lanes of 64 bits.
fn same_on_both<T: AnyElement + Default + PartialEq + std::fmt::Debug, U>(kernel: &str, inputs: &[ArrayD<T>])
where
    U: AnyElement + Default + PartialEq + std::fmt::Debug,
{
    for mode in [Mode::Reflect, Mode::Constant, Mode::Shrink, Mode::Wrap] {
        for cast in [Cast::Saturate, Cast::Wrap] {
            let [rows, interpreted] = ENGINES.map(|engine| run_cast::<T, U>(kernel, inputs, engine, mode, cast));
            // NaN is not what it is.
            let shown = |values: &[U]| format!("{values:?}");
            assert_eq!(shown(&rows), shown(&interpreted), "{kernel} {mode:?} {cast:?} {} to {}", T::DTYPE, U::DTYPE);
        }
    }
}

#[test]
fn rows_and_interpreter_agree_on_large_integers() {
    let kernels = [
        "w[0, 0]",
        "min(w)",
        "max(w)",
        "max(w) - min(w)",
        "median(w)",
        "rank(w, -2)",
        "nth(w, 3)",
        "mode(w)",
        "median(w where w != w[0, 0])",
        "max(w where w < w[0, 0])",
        "argmin(w)",
        "variety(w)",
        "entropy(w)",
        "percentile(w, 30)",
        "count(w <= w[0, 1])",
        "w[0, 1] - w[0, -1]",
        "if isnan(min(w where w > w[0, 0])) then w[0, 0] else min(w where w > w[0, 0])",
        "mode(w where w != w[1, 1])",
        "rank(w where w >= w[0, 0], 0)",
        "nth(w where w <= w[0, 0], 0)",
        "clamp(w[0, 1], w[0, 0], w[1, 0])",
        "let a = max(w where w < w[0, 0]); let b = min(w where w > w[0, 0]); if a == b then 1 else max(a, b)",
        "fold m = w[0, 0] for v in w where v > m: v",
        "fold m = inf for v in w: if v < m then v else m",
        "floor(w[0, 0])",
        "min(w[0, 0], -3)",
        "not (w[0, 0] == w[0, 1])",
    ];
    let values = [
        BIG + 1,
        BIG + 3,
        i64::MAX,
        i64::MIN,
        0,
        -1,
        BIG + 1,
        5,
        -BIG - 3,
        1 << 62,
        (1 << 62) + 1,
        BIG + 2,
        i64::MAX - 1,
    ];
    let image = Array2::from_shape_fn((7, 19), |(y, x)| values[(y * 19 + x) * (x + 3) % values.len()]).into_dyn();
    let unsigned = image.mapv(|x: i64| x as u64);
    for kernel in kernels {
        same_on_both::<i64, i64>(kernel, from_ref(&image));
        same_on_both::<i64, u64>(kernel, from_ref(&image));
        same_on_both::<i64, u8>(kernel, from_ref(&image));
        same_on_both::<i64, i32>(kernel, from_ref(&image));
        same_on_both::<u64, u64>(kernel, from_ref(&unsigned));
        same_on_both::<u64, i64>(kernel, from_ref(&unsigned));
        same_on_both::<u64, i16>(kernel, from_ref(&unsigned));
        same_on_both::<u64, bool>(kernel, from_ref(&unsigned));
    }
}

#[test]
fn numbers_of_any_size_become_64_bit_integers() {
    const HALF: f64 = 4_294_967_296.0; // 2^32
    const LONG: f64 = HALF * HALF; // 2^64
    let ends = [0.0, 0.5, 1.5, 2.5, HALF - 0.5, HALF, HALF + 1.0, LONG / 8192.0 + 0.5, LONG / 2048.0 + 2.0, 1.5e18]
        .into_iter()
        .chain([LONG / 2.0 - 1024.0, LONG / 2.0, LONG / 2.0 + 2048.0, LONG - 2048.0, LONG, 1e300, f64::INFINITY])
        .flat_map(|x| [x, -x])
        .chain([f64::NAN]);
    let mut random = fastrand::Rng::with_seed(64);
    let others = std::iter::repeat_with(|| {
        let scale = 2f64.powi(random.i32(0..70));
        (random.f64() - 0.5) * scale
    });
    let image = Array1::from_iter(ends.chain(others).take(1000)).into_dyn();
    let signed: Vec<i64> = image.iter().map(|x| x.round_ties_even() as i64).collect();
    let unsigned: Vec<u64> = image.iter().map(|x| x.round_ties_even() as u64).collect();
    for engine in ENGINES {
        assert_eq!(run::<f64, i64>("w[0] * 1", from_ref(&image), engine, Mode::Reflect), signed, "{engine:?}");
        assert_eq!(run::<f64, u64>("w[0] * 1", from_ref(&image), engine, Mode::Reflect), unsigned, "{engine:?}");
    }
}

/// A narrower integer that is none, as nothing was selected, beside one of 64 bits: a comparison with it is false.
#[test]
fn nothing_of_a_narrower_type_is_less_than_nothing() {
    let (narrow, wide) = (ndarray::arr1(&[5i16, 6]), ndarray::arr1(&[3i64, (1 << 53) + 1]));
    for (compared, expected) in [("<", 0.0), (">", 0.0), ("==", 0.0), ("!=", 1.0)] {
        for extreme in ["min(a where a < 1)", "max(a where a < 1)", "max(min(a where a < 1), 2)"] {
            let source = format!("input a, b; b[0] {compared} {extreme}");
            let kernel = Kernel::compile(&source).unwrap();
            for engine in [Engine::Rows, Engine::Interpreter] {
                let filter = Filter::new(&kernel).size(1).engine(engine);
                let output = filter.run_all::<f64>(&[(&narrow).into(), (&wide).into()]).unwrap();
                assert_eq!(output[0].as_slice().unwrap(), [expected; 2], "{source} {engine}");
            }
        }
    }
}

/// Other numbers that may be none, beside a 64-bit integer that may be none, are still rounded, and whatever else is done to them.
#[test]
fn numbers_that_may_be_none_are_not_taken_for_integers() {
    let image = ndarray::arr2(&[[14i64, -47, 83]]);
    let operations =
        [("round", 0.0), ("ceil", 1.0), ("floor", 0.0), ("-", -0.25), ("sqrt", 0.5), ("exp2", 0.25f64.exp2())];
    for (operation, expected) in operations {
        let source = format!("input a; weights k; {operation}(mode(k where a < 100)), min(a)");
        let kernel = Kernel::compile(&source).unwrap();
        for engine in [Engine::Rows, Engine::Interpreter] {
            let filter = Filter::new(&kernel).size(3).weights("k", [0.25; 9]).mode(Mode::Shrink).engine(engine);
            let output = filter.run_all::<f64>(&[(&image).into()]).unwrap();
            assert_eq!(output[0].iter().copied().collect::<Vec<_>>(), [expected; 3], "{source} {engine}");
        }
    }
}

/// An element that is a 64-bit integer, or else a number of a narrower type, which may be none, is that or none.
#[test]
fn elements_that_may_be_numbers_of_a_narrower_type_or_none() {
    let (long, narrow) = (ndarray::arr2(&[[5u64, 7, 9]]), ndarray::arr2(&[[1u16, 2, 3]]));
    let none = ["min(b where b > 100)", "mode(b where offset(1) > 1)", "max(b where b < 0)", "mode(b where a < 5)"];
    for (chosen, reduction) in
        none.iter().flat_map(|chosen| ["variety", "mode", "median", "min"].map(|op| (chosen, op)))
    {
        let source = format!("input a, b; {reduction}(if a[0, 0] > a + 9 then a else {chosen})");
        let kernel = Kernel::compile(&source).unwrap();
        for (size, mode) in [(1, Mode::Reflect), (3, Mode::Reflect), (3, Mode::Shrink)] {
            for (engine, cut) in
                [(Engine::Rows, Cut::Always), (Engine::Rows, Cut::Never), (Engine::Interpreter, Cut::Auto)]
            {
                let filter = Filter::new(&kernel).size(size).mode(mode).engine(engine).cut(cut);
                let output = filter.run_all::<f64>(&[(&long).into(), (&narrow).into()]).unwrap();
                let is_right = |value: &f64| if reduction == "variety" { *value == 0.0 } else { value.is_nan() };
                assert!(output[0].iter().all(is_right), "{source}, {size}, {mode}, {engine}: {}", output[0]);
            }
        }
    }
}

/// A choice between 64-bit integers and a fraction is one of f64s, also where a footprint, the ends of an array or a param of a large image decide it.
#[test]
fn choices_round_whatever_is_known_of_them() {
    fn rounds<T: AnyElement + Default + PartialEq + std::fmt::Debug>(
        source: &str,
        side: usize,
        element: T,
        expected: T,
    ) {
        let kernel = Kernel::compile(source).expect(source);
        let image = Array2::from_elem((side, side), element);
        for mode in [Mode::Reflect, Mode::Shrink] {
            let filter = Filter::new(&kernel).size(3).mode(mode).cast(Cast::Wrap);
            let filter = if source.contains("param") { filter.param("p", 1) } else { filter };
            // The interpreter takes its time.
            let engines = if side < 100 { &ENGINES[..] } else { &ENGINES[..1] };
            for engine in engines {
                let values: Array2<T> = filter.clone().engine(*engine).run_as(&image).expect(source);
                assert!(
                    values.iter().all(|value| *value == expected),
                    "{source}, {side}, {mode}, {engine:?}: {values:?}"
                );
            }
        }
    }
    for choice in ["max(w)", "rank(w, 1)", "w[0, 0]"] {
        rounds(&format!("if len(w) > 2 then {choice} else 0.5"), 10, BIG + 1, BIG);
    }
    rounds("if count(inside()) > 2 then max(w) else 0.5", 10, BIG + 1, BIG);
    for side in [10, 300, 400] {
        rounds("param p = 0; if p >= 0 then rank(w, p) else 0.5", side, BIG + 1, BIG);
    }
    // What keeps every bit goes on doing so.
    rounds("if len(w) > 2 then max(w) else 3", 10, BIG + 1, BIG + 1);
}
