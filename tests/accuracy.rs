//! Every elementwise function against a reference of many more digits: its error is within the bound that the table of
//! built-ins states, over the whole range of exponents.

use astro_float::{BigFloat, Consts, RoundingMode};
use hoodoo::lang::builtins::{BUILTINS, builtin};
use hoodoo::lang::ops::BinaryOp;
use hoodoo::{Engine, Filter, Kernel, Mode, Precision};

/// Bits of the reference, and bits that keep tiny arguments apart from 1.
const BITS: usize = 256;
const ROUND: RoundingMode = RoundingMode::None;

/// Values of `source`, in which the arguments are `w[0]` and `w[1]`, by compiled code.
fn compiled(source: &str, arguments: &[(f64, f64)]) -> Vec<f64> {
    let kernel = Kernel::compile(source).expect(source);
    let flat: Vec<f64> = arguments.iter().flat_map(|(x, y)| [*x, *y]).collect();
    let values = Filter::new(&kernel).run(&ndarray::Array1::from(flat)).expect(source);
    values.iter().step_by(2).copied().collect()
}

/// `x` without loss. astro-float reads normal numbers only, so a subnormal one is scaled to be normal and back.
fn big(x: f64) -> BigFloat {
    if x == 0.0 || !x.is_subnormal() {
        return BigFloat::from_f64(x, BITS);
    }
    let scale = 2f64.powi(200);
    BigFloat::from_f64(x * scale, BITS).div(&BigFloat::from_f64(scale, BITS), BITS, ROUND)
}

/// The distance of `value` from `exact`, in units in the last place of `exact` as an f64.
fn ulps(value: f64, exact: &BigFloat) -> f64 {
    if value.is_nan() || exact.is_nan() {
        return if value.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if value.is_infinite() || exact.is_inf() {
        // Whatever rounds beyond the largest f64 is infinite.
        let beyond = exact.is_inf() || exact.exponent().is_some_and(|exponent| exponent > 1023);
        let sign = exact.is_negative() == (value < 0.0);
        return if beyond && sign && value.abs() >= f64::MAX { 0.0 } else { f64::INFINITY };
    }
    if exact.exponent().is_some_and(|exponent| exponent > 1024) {
        return f64::INFINITY;
    }
    let error = exact.sub_full_prec(&big(value));
    let Some((words, _, _, exponent, _)) = error.as_raw_parts().filter(|_| !error.is_zero()) else { return 0.0 };
    // A number is its words as a fraction in [1/2, 1), times 2 to its exponent.
    let last_place = if exact.is_zero() { -1074 } else { (exact.exponent().unwrap_or(0) - 53).max(-1074) };
    let fraction = *words.last().expect("a number has words") as f64 / 2f64.powi(64);
    fraction * 2f64.powi((exponent - last_place).clamp(-1000, 1000))
}

/// Arguments of every exponent and sign between the two, and of every kind near 0 and 1.
fn spread(least: f64, greatest: f64, count: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(7);
    let fits = |x: f64| (least..=greatest).contains(&x);
    let mut arguments: Vec<f64> = [
        0.0,
        f64::MIN_POSITIVE,
        5e-324,
        1e-310,
        1e-17,
        0.1,
        0.25,
        0.5,
        0.75,
        1.0 - f64::EPSILON / 2.0,
        1.0,
        1.0 + f64::EPSILON,
        1.5,
        2.0,
        3.0,
        10.0,
        100.0,
        700.0,
        709.7,
        709.8,
        745.0,
        746.0,
        1000.0,
        1023.5,
        1024.0,
        1074.0,
        1e10,
        1e100,
        f64::MAX,
    ]
    .into_iter()
    .flat_map(|x| [x, -x])
    .filter(|x| fits(*x))
    .collect();
    while arguments.len() < count {
        let x = match random.u8(0..4) {
            0 => f64::from_bits(random.u64(..)),
            1 => (random.f64() - 0.5) * 2f64.powi(random.i32(-40..12)),
            2 => 1.0 + (random.f64() - 0.5) * 2f64.powi(random.i32(-50..1)),
            _ => (random.f64() - 0.5) * 2e3,
        };
        if fits(x) {
            arguments.push(x);
        }
    }
    arguments
}

fn check(
    name: &str,
    source: &str,
    bound: f64,
    arguments: &[(f64, f64)],
    exact: impl Fn(&BigFloat, &BigFloat) -> BigFloat,
) {
    let mut worst = (0.0, 0.0, 0.0);
    for ((x, y), value) in arguments.iter().zip(compiled(source, arguments)) {
        let reference = exact(&big(*x), &big(*y));
        let error = ulps(value, &reference);
        if error > worst.0 {
            worst = (error, *x, *y);
        }
    }
    println!("{name}: at most {:.3} ulp, at {:e}, {:e}; the bound is {bound}", worst.0, worst.1, worst.2);
    // The reference itself is off by far less than a thousandth.
    assert!(worst.0 <= bound + 1e-3, "{name}: {} ulp at {:e}, {:e}", worst.0, worst.1, worst.2);
}

/// Checks a function of one argument between the two against `exact`.
fn check_unary(name: &str, least: f64, greatest: f64, exact: impl Fn(&BigFloat, &mut Consts) -> BigFloat) {
    let bound = builtin(name).and_then(|builtin| builtin.ulp).expect("the table states a bound");
    let arguments: Vec<(f64, f64)> = spread(least, greatest, 1500).into_iter().map(|x| (x, 0.0)).collect();
    let constants = std::cell::RefCell::new(Consts::new().expect("there is memory"));
    check(name, &format!("{name}(w[0])"), bound, &arguments, |x, _| exact(x, &mut constants.borrow_mut()));
}

/// `f(x)` for an argument that is not tiny, and for a tiny one `x + half x^2`, which is nearer than any f64.
fn near_zero(x: &BigFloat, half: f64, f: impl FnOnce(&BigFloat) -> BigFloat) -> BigFloat {
    if x.is_zero() || x.exponent().is_some_and(|exponent| exponent < -110) {
        let square = x.mul(x, BITS, ROUND).mul(&BigFloat::from_f64(half, BITS), BITS, ROUND);
        return x.add(&square, BITS, ROUND);
    }
    f(x)
}

const MAX: f64 = f64::MAX;

#[test]
fn roots() {
    check_unary("sqrt", 0.0, MAX, |x, _| x.sqrt(BITS, ROUND));
    check_unary("cbrt", -MAX, MAX, |x, _| x.cbrt(BITS, ROUND));
}

#[test]
fn exponentials() {
    let one = || BigFloat::from_f64(1.0, BITS);
    check_unary("exp", -760.0, 720.0, |x, c| x.exp(BITS, ROUND, c));
    check_unary("exp2", -1100.0, 1030.0, |x, c| BigFloat::from_f64(2.0, BITS).pow(x, BITS, ROUND, c));
    check_unary("expm1", -760.0, 720.0, |x, c| {
        near_zero(x, 0.5, |x| x.exp(2 * BITS, ROUND, c).sub(&one(), 2 * BITS, ROUND))
    });
}

#[test]
fn logarithms() {
    let one = || BigFloat::from_f64(1.0, 2 * BITS);
    check_unary("log", 5e-324, MAX, |x, c| x.ln(BITS, ROUND, c));
    check_unary("log2", 5e-324, MAX, |x, c| x.log2(BITS, ROUND, c));
    check_unary("log10", 5e-324, MAX, |x, c| x.log10(BITS, ROUND, c));
    check_unary("log1p", -1.0 + f64::EPSILON, MAX, |x, c| {
        near_zero(x, -0.5, |x| x.add(&one(), 2 * BITS, ROUND).ln(BITS, ROUND, c))
    });
}

/// The sine of a huge number depends on hundreds of bits of pi, which takes the reference long: there are fewer.
#[test]
fn trigonometry() {
    const HUGE: f64 = 1e30;
    check_unary("sin", -HUGE, HUGE, |x, c| near_zero(x, 0.0, |x| x.sin(2 * BITS, ROUND, c)));
    check_unary("cos", -HUGE, HUGE, |x, c| {
        if x.is_zero() { BigFloat::from_f64(1.0, BITS) } else { x.cos(2 * BITS, ROUND, c) }
    });
    check_unary("tan", -HUGE, HUGE, |x, c| near_zero(x, 0.0, |x| x.tan(2 * BITS, ROUND, c)));
    check_unary("asin", -1.0, 1.0, |x, c| near_zero(x, 0.0, |x| x.asin(BITS, ROUND, c)));
    check_unary("acos", -1.0, 1.0, |x, c| x.acos(BITS, ROUND, c));
    check_unary("atan", -MAX, MAX, |x, c| near_zero(x, 0.0, |x| x.atan(BITS, ROUND, c)));
}

#[test]
fn hyperbolics() {
    check_unary("sinh", -715.0, 715.0, |x, c| near_zero(x, 0.0, |x| x.sinh(2 * BITS, ROUND, c)));
    check_unary("cosh", -715.0, 715.0, |x, c| x.cosh(2 * BITS, ROUND, c));
    check_unary("tanh", -MAX, MAX, |x, c| {
        if x.exponent().is_some_and(|exponent| exponent > 12) {
            return BigFloat::from_f64(if x.is_negative() { -1.0 } else { 1.0 }, BITS);
        }
        near_zero(x, 0.0, |x| x.tanh(2 * BITS, ROUND, c))
    });
}

#[test]
fn functions_of_two() {
    let constants = std::cell::RefCell::new(Consts::new().expect("there is memory"));
    let pairs = |least: f64, greatest: f64| -> Vec<(f64, f64)> {
        let xs = spread(least, greatest, 1500);
        let mut ys = xs.clone();
        fastrand::Rng::with_seed(3).shuffle(&mut ys);
        xs.into_iter().zip(ys).collect()
    };
    let bound = |name: &str| builtin(name).and_then(|builtin| builtin.ulp).expect("the table states a bound");

    check("hypot", "hypot(w[0], w[1])", bound("hypot"), &pairs(-1e150, 1e150), |x, y| {
        let squares = x.mul_full_prec(x).add_full_prec(&y.mul_full_prec(y));
        if squares.is_zero() { squares } else { squares.sqrt(BITS, ROUND) }
    });
    let quadrants: Vec<(f64, f64)> = pairs(-1e100, 1e100).into_iter().filter(|(y, x)| *y != 0.0 && *x != 0.0).collect();
    check("atan2", "atan2(w[0], w[1])", bound("atan2"), &quadrants, |y, x| {
        let c = &mut constants.borrow_mut();
        let angle = near_zero(&y.div(x, 2 * BITS, ROUND), 0.0, |t| t.atan(2 * BITS, ROUND, c));
        if x.is_positive() {
            return angle;
        }
        let pi = c.pi(2 * BITS, ROUND);
        if y.is_negative() { angle.sub(&pi, 2 * BITS, ROUND) } else { angle.add(&pi, 2 * BITS, ROUND) }
    });
    let mut random = fastrand::Rng::with_seed(5);
    let powers: Vec<(f64, f64)> = (0..2000)
        .map(|_| {
            let base = 2f64.powf((random.f64() - 0.5) * 2f64.powi(random.i32(-20..11)));
            (base, (random.f64() - 0.5) * 2f64.powi(random.i32(-10..8)))
        })
        .collect();
    // Powers near the ends of the range, of bases near 1 and of any others, lose most.
    let extreme = (0..2000).map(|_| {
        let exponent = (random.f64() - 0.5) * 2f64.powi(random.i32(0..50));
        (((random.f64() - 0.5) * 1400.0 / exponent).exp(), exponent)
    });
    let powers: Vec<(f64, f64)> = powers.into_iter().chain(extreme.filter(|(x, _)| x.is_normal())).collect();
    check("**", "w[0] ** w[1]", BinaryOp::Power.row().ulp, &powers, |x, y| {
        x.pow(y, 2 * BITS, ROUND, &mut constants.borrow_mut())
    });
    let triples = pairs(-1e100, 1e100);
    check("fma", "fma(w[0], w[1], w[0])", bound("fma"), &triples, |x, y| x.mul_full_prec(y).add_full_prec(x));
}

/// A number between two elements is one, however far apart they are, and the same on every engine.
#[test]
fn between_huge_elements() {
    let mut random = fastrand::Rng::with_seed(17);
    let huge = |random: &mut fastrand::Rng, most: f64| {
        let scale = [1.0, 0.9, 1e-300, 1.0 / most][random.usize(0..4)];
        (random.f64() - 0.5) * 2.0 * most * scale
    };
    let doubles: Vec<f64> = (0..400).map(|_| huge(&mut random, f64::MAX)).collect();
    let singles: Vec<f32> = (0..400).map(|_| huge(&mut random, f64::from(f32::MAX)) as f32).collect();
    for source in ["median(w)", "percentile(w, 20)", "percentile(w, 50)", "percentile(w, 70)", "percentile(w, 99)"] {
        let kernel = Kernel::compile(source).unwrap();
        for size in [2, 3, 4, 6] {
            let filter = |engine| Filter::new(&kernel).size(size).engine(engine);
            let expected = filter(Engine::Interpreter).run(&ndarray::Array1::from(doubles.clone())).unwrap();
            assert!(expected.iter().all(|x| x.is_finite()), "{source}");
            for engine in [Engine::Rows, Engine::Callback] {
                let found = filter(engine).run(&ndarray::Array1::from(doubles.clone())).unwrap();
                assert_eq!(found, expected, "{source} {size} {engine:?}");
            }
            let image = ndarray::Array1::from(singles.clone());
            let expected = filter(Engine::Interpreter).run(&image).unwrap();
            assert_eq!(filter(Engine::Rows).run(&image).unwrap(), expected, "{source} {size}");
            let found = filter(Engine::Rows).precision(Precision::Single).run(&image).unwrap();
            let near = |x: f32, y: f32| (f64::from(x) - f64::from(y)).abs() <= 4e-7 * f64::from(f32::MAX);
            assert!(found.iter().zip(&expected).all(|(x, y)| near(*x, *y)), "{source} {size} in single precision");
        }
    }
}

/// A product of n elements is within n * eps of it, on every engine, where no partial product leaves the normal numbers.
#[test]
fn products() {
    let mut random = fastrand::Rng::with_seed(29);
    let image: Vec<f64> = (0..1500).map(|_| (0.5 + random.f64()) * if random.bool() { 1.0 } else { -1.0 }).collect();
    let input = ndarray::Array1::from(image.clone());
    let kernel = Kernel::compile("prod(w)").unwrap();
    let one = || BigFloat::from_f64(1.0, BITS);
    let product = |elements: &[f64]| elements.iter().fold(one(), |product, x| product.mul(&big(*x), 4 * BITS, ROUND));
    for size in [2, 3, 9, 25, 129, 700] {
        let exact: Vec<BigFloat> = image.windows(size).map(product).collect();
        for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
            let filter = Filter::new(&kernel).size(size).mode(Mode::Valid).engine(engine);
            let values = filter.run(&input).unwrap();
            let error = |(value, exact): (&f64, &BigFloat)| ulps(*value, exact);
            let worst = values.iter().zip(&exact).map(error).fold(0.0, f64::max);
            println!("prod of {size} on {engine:?}: at most {worst:.1} ulp");
            // A unit in the last place is at most eps of the number.
            assert_eq!(values.len(), exact.len());
            assert!(worst <= size as f64, "{size} {engine:?}: {worst} ulp");
        }
    }
}

/// The value of `w[0] ** w[1]` for each pair, on every engine, is `expected`.
fn check_powers(pairs: &[(f64, f64)], expected: impl Fn(f64, f64) -> f64) {
    let kernel = Kernel::compile("w[0] ** w[1]").unwrap();
    let flat = ndarray::Array1::from_iter(pairs.iter().flat_map(|(x, y)| [*x, *y]));
    let window = ndarray::array![false, true, true].into_dyn();
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        let values = Filter::new(&kernel).footprint(&window).engine(engine).run(&flat).expect("it runs");
        for ((x, y), value) in pairs.iter().zip(values.iter().step_by(2)) {
            let expected = expected(*x, *y);
            let same = value.to_bits() == expected.to_bits() || value.is_nan() && expected.is_nan();
            assert!(same, "{x} ** {y} is {value:e} and not {expected:e}, on {engine:?}");
        }
    }
}

/// Whole bases and exponents from 3 on whose power is less than `most`, and the power.
fn whole_powers(most: f64) -> impl Iterator<Item = (f64, f64, f64)> {
    let below = move |exponent: i32| (2..).map(f64::from).take_while(move |base: &f64| base.powi(exponent) < most);
    // The powers of numbers below 2^53 are exact in u64 arithmetic.
    let power = |base: f64, exponent: i32| (base as u64).pow(exponent as u32) as f64;
    (3..53).flat_map(move |exponent| below(exponent).map(move |base| (base, exponent.into(), power(base, exponent))))
}

/// Where a power is a number, it is that number.
#[test]
fn powers_that_are_numbers() {
    const EXACT: f64 = 9007199254740992.0;
    let mut random = fastrand::Rng::with_seed(23);
    let mut wholes: Vec<(f64, f64)> = whole_powers(EXACT).map(|(base, exponent, _)| (base, exponent)).collect();
    assert!(wholes.len() > 200_000);
    let product = |base: f64, exponent: f64| (0..exponent as u32).map(|_| base).product::<f64>();
    // All small ones, and some of the others.
    wholes.retain(|(base, exponent)| *exponent > 4.0 || random.u8(0..20) == 0 || *base < 1000.0);
    wholes.extend((0..5000).map(|_| (f64::from(random.u32(2..94_906_265)), 2.0)));
    check_powers(&wholes, product);
    let negative: Vec<(f64, f64)> = wholes.iter().map(|(base, exponent)| (-base, *exponent)).collect();
    check_powers(&negative, product);
    // With a power of two as a factor.
    let scaled: Vec<(f64, f64)> = wholes.iter().map(|(x, y)| (x * 2f64.powi(random.i32(-16..16)), *y)).collect();
    check_powers(&scaled, product);

    // Roots: of squares, and of fourth powers.
    let squares: Vec<(f64, f64)> =
        (1..5000).chain((0..5000).map(|_| random.u32(2..94_906_265))).map(|n| (f64::from(n).powi(2), 0.5)).collect();
    check_powers(&squares, |x, _| x.sqrt());
    let fourth: Vec<(f64, f64)> = (1..9741).map(|n| (f64::from(n).powi(4), 0.25)).collect();
    check_powers(&fourth, |x, _| x.sqrt().sqrt());
    let between: Vec<(f64, f64)> = (1..9741).map(|n| (f64::from(n).powi(4), 0.75)).collect();
    check_powers(&between, |x, _| x.sqrt().sqrt().powi(3));
    // Numbers themselves, the powers of two, and what rounds to one, infinity or zero.
    let any = spread(-f64::MAX, f64::MAX, 2000);
    check_powers(&any.iter().map(|x| (*x, 1.0)).collect::<Vec<_>>(), |x, _| x);
    let of_two: Vec<(f64, f64)> = (-1080..1030).map(|n| (2.0, f64::from(n))).collect();
    check_powers(&of_two, |_, y| if y < -1074.0 { 0.0 } else { 2f64.powf(y) });
}

/// In single precision, with numbers below 2^24.
#[test]
fn powers_that_are_singles() {
    let pairs: Vec<(f64, f64, f64)> = whole_powers(16_777_216.0).collect();
    let flat = ndarray::Array1::from_iter(pairs.iter().flat_map(|(x, y, _)| [*x as f32, *y as f32]));
    let roots = ndarray::Array1::from_iter((0..4096u16).flat_map(|n| [f32::from(n) * f32::from(n), 0.5]));
    let kernel = Kernel::compile("w[0] ** w[1]").unwrap();
    let filter = Filter::new(&kernel).precision(Precision::Single);
    let values = filter.run(&flat).unwrap();
    for ((base, exponent, power), value) in pairs.iter().zip(values.iter().step_by(2)) {
        assert_eq!(f64::from(*value), *power, "{base} ** {exponent}");
    }
    for (n, root) in filter.run(&roots).unwrap().iter().step_by(2).enumerate() {
        assert_eq!(*root, n as f32);
    }
}

/// A negative number has the powers of C's `pow`, also where the exponent is computed.
#[test]
fn powers_of_negative_numbers() {
    let bases = [-0.0, -0.5, -1.0, -2.0, -3.5, -1e300, f64::NEG_INFINITY];
    let infinite = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let exponents: Vec<f64> = (-60..60).map(|n| f64::from(n) * 0.5).chain([2e15 + 0.5, 1e16]).chain(infinite).collect();
    let special = |x: f64, y: f64| x == 0.0 || x.is_infinite() || !y.is_finite() || y.fract() != 0.0 || x == -1.0;
    let pairs: Vec<(f64, f64)> = bases
        .iter()
        .flat_map(|x| exponents.iter().map(|y| (*x, *y)))
        .filter(|(x, y)| special(*x, *y) || [-0.5, -2.0].contains(x))
        .collect();
    check_powers(&pairs, BinaryOp::Power.row().apply);
    let image = ndarray::array![1.0, 2.0, 3.0, 4.0];
    for (source, expected) in [
        ("param p = 3; (-w[0]) ** (w[0] ** p)", ndarray::array![-1.0, 256.0, -7625597484987.0, 2f64.powi(128)]),
        ("param q = 2; (-w[0]) ** sqrt(w[0] ** q)", ndarray::array![-1.0, 4.0, -27.0, 256.0]),
        ("param p = 3; (-w[0]) ** cbrt(w[0] ** p)", ndarray::array![-1.0, 4.0, -27.0, 256.0]),
    ] {
        let kernel = Kernel::compile(source).unwrap();
        for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
            let found = Filter::new(&kernel).size(1).engine(engine).run(&image).unwrap();
            assert_eq!(found, expected, "{source} on {engine:?}");
        }
    }
}

/// Every function that has a bound is checked above; the others are exact.
#[test]
fn no_function_is_forgotten() {
    let text = include_str!("accuracy.rs");
    for builtin in BUILTINS.iter().filter(|builtin| builtin.ulp.is_some()) {
        assert!(text.contains(&format!("(\"{}\", ", builtin.name)), "{} is not checked", builtin.name);
    }
}

#[test]
fn values_at_the_edges_of_the_domains() {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    for (source, x, expected) in [
        ("sqrt(w[0])", -1.0, NAN),
        ("sqrt(w[0])", -0.0, -0.0),
        ("sqrt(w[0])", INF, INF),
        ("cbrt(w[0])", -INF, -INF),
        ("exp(w[0])", -INF, 0.0),
        ("exp(w[0])", 710.0, INF),
        ("exp2(w[0])", -1080.0, 0.0),
        ("expm1(w[0])", -INF, -1.0),
        ("log(w[0])", 0.0, -INF),
        ("log(w[0])", -1.0, NAN),
        ("log2(w[0])", INF, INF),
        ("log10(w[0])", 1000.0, 3.0),
        ("log1p(w[0])", -1.0, -INF),
        ("log1p(w[0])", -2.0, NAN),
        ("sin(w[0])", INF, NAN),
        ("cos(w[0])", 0.0, 1.0),
        ("tan(w[0])", -INF, NAN),
        ("asin(w[0])", 1.5, NAN),
        ("acos(w[0])", 1.0, 0.0),
        ("atan(w[0])", INF, std::f64::consts::FRAC_PI_2),
        ("sinh(w[0])", -INF, -INF),
        ("cosh(w[0])", -INF, INF),
        ("tanh(w[0])", -INF, -1.0),
        ("atan2(w[0], -1)", 0.0, std::f64::consts::PI),
        ("hypot(w[0], nan)", INF, INF),
        ("w[0] ** 0", NAN, 1.0),
        ("w[0] ** 0.5", -4.0, NAN),
        ("w[0] ** -1", 0.0, INF),
        ("w[0] ** 100.5", 1e10, INF),
        ("floor(w[0])", -0.5, -1.0),
        ("ceil(w[0])", 1.2, 2.0),
        ("round(w[0])", 2.5, 2.0),
        ("round(w[0])", -3.5, -4.0),
        ("trunc(w[0])", -7.9, -7.0),
        ("sign(w[0])", -INF, -1.0),
        ("sign(w[0])", NAN, NAN),
        ("abs(w[0])", -INF, INF),
    ] {
        let value = compiled(source, &[(x, 0.0)])[0];
        let same = value == expected && value.is_sign_negative() == expected.is_sign_negative();
        assert!(same || (value.is_nan() && expected.is_nan()), "{source} of {x}: {value}, not {expected}");
    }
    for builtin in BUILTINS.iter().filter(|b| b.ulp.is_some() && b.arity() == Some((1, 1))) {
        assert!(compiled(&format!("{}(w[0])", builtin.name), &[(NAN, 0.0)])[0].is_nan(), "{}", builtin.name);
    }
}

/// A param's value becomes known in large images, and the number of cells in most: a power by such a number is what it is by any.
#[test]
fn powers_are_the_same_wherever_an_exponent_becomes_known() {
    let image = ndarray::Array2::from_shape_fn((300, 300), |(y, x)| 0.9 + ((y * 300 + x) % 977) as f64 * 2e-4);
    let same = |source: &str, size: usize, exponent: f64| {
        let kernel = Kernel::compile(source).expect(source);
        let filter = Filter::new(&kernel).size(size);
        let filter = if source.contains("param") { filter.param("p", exponent) } else { filter };
        for (engine, mode) in
            [(Engine::Auto, Mode::Reflect), (Engine::Callback, Mode::Reflect), (Engine::Auto, Mode::Shrink)]
        {
            let filter = filter.clone().mode(mode);
            let values = filter.clone().engine(engine).run(&image).expect(source);
            let expected = filter.engine(Engine::Interpreter).run(&image).expect(source);
            for (value, expected) in values.iter().zip(&expected) {
                let apart = value.to_bits().abs_diff(expected.to_bits());
                assert!(apart <= 2, "{source} with {exponent}, {engine:?}, {mode}: {value} and {expected}");
            }
        }
    };
    for exponent in [-31.0, -1.0, 0.0, 2.0, 3.0, 7.0, 45.0, 63.0] {
        same("param p = 3; rank(w, 2) * 0 + w[0, 0] ** p", 3, exponent);
    }
    same("w[0, 0] ** len(w)", 7, 0.0);
}
