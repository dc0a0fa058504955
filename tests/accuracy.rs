//! Every elementwise function against a reference of many more digits: its error is within the bound that the table of
//! built-ins states, over the whole range of exponents.

use astro_float::{BigFloat, Consts, RoundingMode};
use hoodoo::lang::builtins::{BUILTINS, builtin};
use hoodoo::lang::ops::BinaryOp;
use hoodoo::{Filter, Kernel};

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
    check("**", "w[0] ** w[1]", BinaryOp::Power.row().ulp, &powers, |x, y| {
        x.pow(y, 2 * BITS, ROUND, &mut constants.borrow_mut())
    });
    let triples = pairs(-1e100, 1e100);
    check("fma", "fma(w[0], w[1], w[0])", bound("fma"), &triples, |x, y| x.mul_full_prec(y).add_full_prec(x));
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
