//! Kernels drawn from a tape of numbers, with a bound on how far two engines may be apart.

use std::fmt::Write as _;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Where choices come from: proptest shrinks the tape, and a smaller number is a simpler choice.
pub struct Tape {
    numbers: Vec<u32>,
    at: usize,
}

impl Tape {
    /// The choices of `numbers`, and the simplest one for ever after.
    pub fn new(numbers: Vec<u32>) -> Tape {
        Tape { numbers, at: 0 }
    }

    fn next(&mut self) -> u32 {
        self.at += 1;
        self.numbers.get(self.at - 1).copied().unwrap_or(0)
    }

    /// One of `0..count`.
    pub fn below(&mut self, count: usize) -> usize {
        self.next() as usize % count
    }

    /// One of some values.
    pub fn one<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// A stream of numbers that does not use up the tape.
    pub fn seed(&mut self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.next().into())
    }
}

/// Runs `test` on random tapes, or on the one that the variable `HOODOO_TAPE` has: numbers with commas between, as a failure prints it.
pub fn for_each_tape(cases: u32, test: impl Fn(&mut Tape) -> Result<(), String>) {
    if let Ok(tape) = std::env::var("HOODOO_TAPE") {
        let numbers = tape.split(',').map(|number| number.trim().parse().expect("a number of 32 bits")).collect();
        return test(&mut Tape::new(numbers)).unwrap_or_else(|failure| panic!("{failure}"));
    }
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 3000, ..Config::default() };
    let tapes = proptest::collection::vec(proptest::num::u32::ANY, 40..160);
    let result =
        TestRunner::new(config).run(&tapes, |numbers| test(&mut Tape::new(numbers)).map_err(TestCaseError::fail));
    if let Err(failure) = result {
        let text = match &failure {
            proptest::test_runner::TestError::Fail(reason, numbers) => {
                format!("{}\ntape {numbers:?}", reason.message())
            }
            other => other.to_string(),
        };
        panic!("{}", text.chars().take(4000).collect::<String>());
    }
}

/// What is known of all finite values of an expression.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// No magnitude is greater.
    pub most: f64,
    /// All are whole multiples of this power of two; 0 if none is known.
    pub grain: f64,
    /// How far two engines may be apart.
    pub error: f64,
    /// Whether the sign of a zero is not specified.
    pub unsigned_zero: bool,
}

impl Facts {
    /// What is known of multiples of `grain`.
    pub fn multiples(most: f64, grain: f64) -> Facts {
        Facts { most, grain, error: 0.0, unsigned_zero: false }
    }

    fn unknown() -> Facts {
        Facts::multiples(f64::INFINITY, 0.0)
    }

    /// Whether two engines have the same value.
    pub fn exact(self) -> bool {
        self.error == 0.0
    }

    /// Forgets a grain that f64s may be too coarse for.
    fn settled(mut self) -> Facts {
        // An unknown bound is infinite, and an unknown grain 0.
        if self.most >= self.grain * 9e15 {
            self.grain = 0.0;
        }
        if self.most > 1e30 {
            self.most = f64::INFINITY;
        }
        self
    }
}

#[derive(Clone, Debug)]
pub struct Number {
    pub text: String,
    pub facts: Facts,
}

/// What a kernel may refer to.
pub struct Scope<'a> {
    pub tape: &'a mut Tape,
    /// The inputs' elements.
    pub inputs: Vec<Facts>,
    /// The elements of the weights vector `k`, and the param `t`.
    pub weights: Facts,
    pub param: Facts,
    /// The number of cells and of axes.
    pub cells: usize,
    pub axes: usize,
    /// Whether to use functions and sums that engines round differently.
    pub rounding: bool,
    /// Whether there are statistics whose argument may be wrong.
    pub demands: bool,
    /// Names and facts of a fold's variables.
    pub locals: Vec<(String, Facts)>,
    /// The items before the outputs.
    pub lets: Vec<String>,
    /// How many names there are in them.
    pub names: usize,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

impl Scope<'_> {
    fn number(text: impl Into<String>, facts: Facts) -> Number {
        Number { text: text.into(), facts: facts.settled() }
    }

    fn literal(&mut self) -> Number {
        let values = [
            ("1", 1.0, 1.0),
            ("0", 0.0, 1.0),
            ("2", 2.0, 1.0),
            ("0.5", 0.5, 0.5),
            ("(-1)", 1.0, 1.0),
            ("(-0.0)", 0.0, 1.0),
            ("7", 7.0, 1.0),
            ("100.25", 100.25, 0.25),
            ("255", 255.0, 1.0),
            ("(-128)", 128.0, 1.0),
            ("300", 300.0, 1.0),
            ("65535", 65535.0, 1.0),
            ("40000", 40000.0, 1.0),
            ("(-3000000000)", 3e9, 1.0),
            ("0.1", 0.1, 0.0),
            ("1e300", 1e300, 0.0),
        ];
        let (text, most, grain) = self.tape.one(&values);
        Scope::number(text, Facts::multiples(most, grain))
    }

    /// An input, and its number.
    fn input(&mut self) -> usize {
        self.tape.below(self.inputs.len())
    }

    /// A value that is the same at every cell.
    pub fn scalar(&mut self, depth: usize) -> Number {
        if depth == 0 {
            return self.scalar_leaf();
        }
        match self.tape.below(14) {
            0 => self.scalar_leaf(),
            1..=5 => self.reduction(depth),
            6 | 7 => self.order_statistic(depth),
            8 => self.fold(depth),
            _ => self.elementwise(depth, false),
        }
    }

    fn scalar_leaf(&mut self) -> Number {
        match self.tape.below(8) {
            0 | 1 => {
                let input = self.input();
                let offset: Vec<String> = (0..self.axes)
                    .map(|_| self.tape.one(&["0", "0", "0", "1", "-1", "-2", "5", "-17"]).to_string())
                    .collect();
                if self.axes == 0 {
                    return self.literal();
                }
                Scope::number(format!("{}[{}]", NAMES[input], offset.join(", ")), self.inputs[input])
            }
            2 => Scope::number("t", self.param),
            3 if self.axes > 0 => {
                let axis = self.tape.below(self.axes);
                let name = self.tape.one(&["coord", "extent"]);
                Scope::number(format!("{name}({axis})"), Facts::multiples(1e5, 1.0))
            }
            4 if !self.locals.is_empty() => {
                let (name, facts) = self.locals[self.tape.below(self.locals.len())].clone();
                Number { text: name, facts }
            }
            5 => Scope::number("len(a)", Facts::multiples(self.cells as f64, 1.0)),
            _ => self.literal(),
        }
    }

    /// A value for each cell.
    pub fn window(&mut self, depth: usize) -> Number {
        let leaf = depth == 0 || self.tape.below(3) == 0;
        if !leaf {
            return self.elementwise(depth, true);
        }
        match self.tape.below(12) {
            5 => Scope::number("k", self.weights),
            6 if self.axes > 0 => {
                let axis = self.tape.below(self.axes);
                Scope::number(format!("offset({axis})"), Facts::multiples(1e3, 1.0))
            }
            7 => Scope::number("dist()", Facts::multiples(1e3, 0.0)),
            _ => {
                let input = self.input();
                Scope::number(NAMES[input], self.inputs[input])
            }
        }
    }

    fn operand(&mut self, depth: usize, window: bool) -> Number {
        if window && self.tape.below(3) > 0 { self.window(depth) } else { self.scalar(depth.min(1)) }
    }

    fn elementwise(&mut self, depth: usize, window: bool) -> Number {
        let below = depth - 1;
        let x = if window { self.window(below) } else { self.scalar(below) };
        let f = x.facts;
        match self.tape.below(16) {
            0..=2 => {
                let y = self.operand(below, window);
                let op = self.tape.one(&["-", "+"]);
                Scope::number(format!("({} {op} {})", x.text, y.text), added(f, y.facts))
            }
            3 => {
                let y = self.operand(below, window);
                Scope::number(format!("({} * {})", x.text, y.text), multiplied(f, y.facts))
            }
            4 => {
                // A value in several places: the square of a difference, which may have a sign that is known.
                let y = match self.tape.below(3) {
                    0 if window => {
                        Number { text: format!("max({})", x.text), facts: Facts { unsigned_zero: true, ..f } }
                    }
                    1 if window => {
                        Number { text: format!("min({})", x.text), facts: Facts { unsigned_zero: true, ..f } }
                    }
                    _ => self.operand(below, window),
                };
                let (first, second) = if self.tape.once_in(2) { (&x, &y) } else { (&y, &x) };
                let difference = format!("({} - {})", first.text, second.text);
                let facts = added(f, y.facts);
                match self.tape.below(2) {
                    0 => Scope::number(format!("({difference} ** 2)"), multiplied(facts, facts)),
                    _ => Scope::number(format!("({difference} * {difference})"), multiplied(facts, facts)),
                }
            }
            5 => Scope::number(format!("abs({})", x.text), Facts { unsigned_zero: false, ..f }),
            6 => match self.tape.below(4) {
                // What tells a zero from another.
                0 if f.exact() && !f.unsigned_zero => Scope::number(format!("(1 / {})", x.text), Facts::unknown()),
                1 => Scope::number(
                    format!("({} * 0)", x.text),
                    Facts { error: 0.0, ..multiplied(f, Facts::multiples(0.0, f64::from(u8::from(f.exact())))) },
                ),
                _ => Scope::number(format!("(-{})", x.text), f),
            },
            7 => {
                let y = self.operand(below, window);
                let op = self.tape.one(&["min", "max"]);
                let facts = Facts { unsigned_zero: true, ..joined(f, y.facts) };
                Scope::number(format!("{op}({}, {})", x.text, y.text), facts)
            }
            8 => {
                let limits = [("0, 255", 255.0, 1.0), ("-1, 1", 1.0, 1.0), ("-100.5, 0", 100.5, 0.5)];
                let (text, most, grain) = self.tape.one(&limits);
                let facts = Facts { unsigned_zero: true, ..joined(f, Facts::multiples(most, grain)) };
                Scope::number(format!("clamp({}, {text})", x.text), Facts { most, ..facts })
            }
            9 | 10 => {
                let c = self.condition(below, window);
                let y = self.operand(below, window);
                Scope::number(format!("(if {c} then {} else {})", x.text, y.text), joined(f, y.facts))
            }
            // What follows tells apart what differs by little.
            _ if !f.exact() => x,
            11 => {
                let op = self.tape.one(&["round", "floor", "ceil", "trunc"]);
                Scope::number(format!("{op}({})", x.text), Facts { most: f.most + 1.0, grain: 1.0, ..f })
            }
            12 => Scope::number(format!("sign({})", x.text), Facts { most: 1.0, grain: 1.0, ..f }),
            13 => {
                let y = self.operand(below, window);
                if !y.facts.exact() || y.facts.unsigned_zero || f.unsigned_zero {
                    return x;
                }
                let op = self.tape.one(&["/", "%"]);
                Scope::number(format!("({} {op} {})", x.text, y.text), Facts::unknown())
            }
            14 => match self.tape.below(3) {
                0 if self.tape.once_in(2) => Scope::number(
                    format!("({} ** 3)", x.text),
                    Facts { unsigned_zero: f.unsigned_zero, ..Facts::unknown() },
                ),
                0 => Scope::number(format!("({}) ** 2", x.text), multiplied(f, f)),
                1 => Scope::number(format!("sqrt(abs({}))", x.text), Facts::multiples(f.most.max(1.0), 0.0)),
                _ => Scope::number(
                    format!("fma({}, 2, 1)", x.text),
                    Facts { most: 2.0 * f.most + 1.0, grain: f.grain.min(1.0), ..f },
                ),
            },
            _ if self.rounding => {
                let (function, error) = self.tape.one(&[
                    ("sin", 1e-15),
                    ("exp(-abs", 1e-15),
                    ("atan", 1e-15),
                    ("tanh", 1e-15),
                    ("cos", 1e-15),
                    ("log1p(abs", 1e-12),
                ]);
                let close = if function.contains('(') { "))" } else { ")" };
                let facts = Facts { most: 800.0, grain: 0.0, error, unsigned_zero: f.unsigned_zero };
                Scope::number(format!("{function}({}{close}", x.text), facts)
            }
            _ => {
                let c = self.condition(below, window);
                Scope::number(format!("(if {c} then 1 else {})", x.text), joined(f, Facts::multiples(1.0, 1.0)))
            }
        }
    }

    /// A condition that engines agree on.
    pub fn condition(&mut self, depth: usize, window: bool) -> String {
        let mut x = if window { self.window(depth) } else { self.scalar(depth) };
        if !x.facts.exact() {
            x = if window { Scope::number("a", self.inputs[0]) } else { self.scalar_leaf() };
        }
        match self.tape.below(10) {
            0..=5 => {
                let mut y = match self.tape.below(3) {
                    0 => self.literal(),
                    _ => self.operand(depth.min(1), window),
                };
                if !y.facts.exact() {
                    y = self.literal();
                }
                let op = self.tape.one(&["<", "<=", ">", ">=", "==", "!="]);
                if self.tape.once_in(4) {
                    return format!("({} {op} {})", y.text, x.text);
                }
                format!("({} {op} {})", x.text, y.text)
            }
            6 => format!("{}({})", self.tape.one(&["isnan", "isfinite", "isinf"]), x.text),
            7 if window && self.tape.once_in(2) => "inside()".to_string(),
            7 => format!("(not isnan({}))", x.text),
            8 if depth > 0 => {
                let op = self.tape.one(&["and", "or"]);
                let (left, right) = (self.condition(depth - 1, window), self.condition(depth - 1, window));
                format!("({left} {op} {right})")
            }
            9 if depth > 0 && !window => {
                let inner = self.condition(depth - 1, true);
                format!("{}({inner})", self.tape.one(&["any", "all"]))
            }
            _ => format!("({} > 3)", x.text),
        }
    }

    fn filter(&mut self, depth: usize) -> String {
        if self.tape.below(3) < 2 { String::new() } else { format!(" where {}", self.condition(depth, true)) }
    }

    fn reduction(&mut self, depth: usize) -> Number {
        let x = self.window(depth - 1);
        let f = x.facts;
        let n = self.cells as f64;
        let filter = self.filter(depth - 1);
        let text = |name: &str| format!("{name}({}{filter})", x.text);
        let zero = Facts { unsigned_zero: true, ..f };
        match self.tape.below(12) {
            0..=2 => {
                let name = self.tape.one(&["min", "max"]);
                Scope::number(text(name), zero)
            }
            3 | 4 if self.summable(f) => Scope::number(text("sum"), summed(f, n)),
            5 if self.summable(f) => {
                let sum = summed(f, n).settled();
                let exact = sum.exact() && sum.grain > 0.0;
                let error = if exact { 0.0 } else { sum.error + 1e-15 * f.most };
                Scope::number(text("mean"), Facts { most: f.most, grain: 0.0, error, unsigned_zero: false })
            }
            6 if self.rounding && f.exact() && f.most < 1e6 => {
                let error = 1e-14 * (n + 4.0) * (n + 4.0) * f.most * f.most;
                Scope::number(
                    text("var"),
                    Facts { most: 4.0 * f.most * f.most, grain: 0.0, error, unsigned_zero: false },
                )
            }
            7 => Scope::number(format!("count({})", self.condition(depth - 1, true)), Facts::multiples(n, 1.0)),
            8 if f.exact() => {
                let name = self.tape.one(&["argmin", "argmax"]);
                Scope::number(text(name), Facts::multiples(n, 1.0))
            }
            9 if f.exact() => Scope::number(text("variety"), Facts::multiples(n, 1.0)),
            10 if f.exact() => Scope::number(text("mode"), zero),
            11 if f.exact() && f.grain > 0.0 && product_is_exact(f, n) => {
                Scope::number(text("prod"), Facts { most: f.most.max(1.0).powf(n), grain: 0.0, ..f })
            }
            _ => Scope::number(text("min"), zero),
        }
    }

    /// Whether sums of such elements are the same, or nearly so, in any order.
    fn summable(&self, f: Facts) -> bool {
        let n = self.cells as f64;
        let exact = f.exact() && f.grain > 0.0 && f.most * n < f.grain * 4e15;
        exact || self.rounding && f.most * n < 1e12
    }

    fn order_statistic(&mut self, depth: usize) -> Number {
        let x = self.window(depth - 1);
        let f = x.facts;
        let filter = self.filter(depth - 1);
        let zero = Facts { unsigned_zero: true, ..f };
        let unknown = Facts { grain: 0.0, unsigned_zero: true, ..f };
        let median = Scope::number(
            format!("median({}{filter})", x.text),
            Facts { grain: f.grain / 2.0, unsigned_zero: true, ..f },
        );
        if self.cells == 0 || !f.exact() {
            return median;
        }
        // A condition may leave too few elements.
        let filter = if self.demands { filter } else { String::new() };
        let count = self.cells;
        match self.tape.below(7) {
            0 => median,
            1 => {
                let rank = self.tape.below(2 * count) as isize - count as isize;
                Scope::number(format!("rank({}{filter}, {rank})", x.text), zero)
            }
            2 if self.demands => {
                let k = self.tape.one(&["t", "argmin(a)", "count(a > 2)", "abs(t)"]);
                let name = self.tape.one(&["rank", "nth"]);
                Scope::number(format!("{name}({}{filter}, {k})", x.text), zero)
            }
            3 => {
                let q = self.tape.one(&["37.5", "50", "0", "100", "12", "99.9"]);
                Scope::number(format!("percentile({}{filter}, {q})", x.text), unknown)
            }
            4 if self.demands => {
                let q = self.tape.one(&["t", "abs(t) * 10", "min(max(a[0], 0), 100)"]);
                let q = if self.axes == 1 { q } else { "abs(t) * 10" };
                Scope::number(format!("percentile({}{filter}, {q})", x.text), unknown)
            }
            5 if self.summable(f) => {
                let k = if self.demands && self.tape.once_in(3) {
                    "abs(t)".to_string()
                } else {
                    self.tape.below(count.div_ceil(2)).to_string()
                };
                let sum = summed(f, count as f64).settled();
                let exact = sum.exact() && sum.grain > 0.0;
                let error = if exact { 0.0 } else { sum.error + 1e-15 * f.most };
                let facts = Facts { error, grain: 0.0, unsigned_zero: true, ..f };
                Scope::number(format!("trimmed_mean({}{filter}, {k})", x.text), facts)
            }
            _ => Scope::number(format!("nth({}, argmax(a))", x.text), f),
        }
    }

    fn fold(&mut self, depth: usize) -> Number {
        let x = self.window(depth - 1);
        let first = self.literal();
        if !x.facts.exact() {
            return first;
        }
        let outer = std::mem::replace(&mut self.locals, vec![("v".into(), x.facts)]);
        let filter = match self.tape.below(3) {
            2 => format!(" where {}", self.condition(1, false)),
            _ => String::new(),
        };
        self.locals = outer;
        let n = self.cells as f64;
        let grain = x.facts.grain.min(first.facts.grain);
        let facts = Facts { unsigned_zero: x.facts.unsigned_zero, ..Facts::unknown() };
        if self.tape.once_in(4) {
            return self.other_fold(&x, &filter);
        }
        let (next, facts) = match self.tape.below(6) {
            0 => ("s + v", Facts { most: first.facts.most + n * x.facts.most, grain, ..facts }),
            1 => ("max(s, v)", Facts { unsigned_zero: true, ..joined(first.facts, x.facts) }),
            2 => ("if v > s then v else s", joined(first.facts, x.facts)),
            3 => ("s * 2 - v", facts),
            4 => ("v - s", Facts { most: first.facts.most + n * x.facts.most, grain, ..facts }),
            _ => {
                let outer = std::mem::take(&mut self.locals);
                self.locals = vec![("s".into(), facts), ("v".into(), x.facts)];
                let next = self.elementwise(1, false);
                self.locals = outer;
                if !next.facts.exact() {
                    return first;
                }
                let text = format!("(fold s = {} for v in {}{filter}: {})", first.text, x.text, next.text);
                return Scope::number(text, Facts { unsigned_zero: true, ..Facts::unknown() });
            }
        };
        Scope::number(format!("(fold s = {} for v in {}{filter}: {next})", first.text, x.text), facts)
    }

    /// A fold of booleans, of several accumulators, or with reductions inside.
    fn other_fold(&mut self, x: &Number, filter: &str) -> Number {
        let (n, f, x) = (self.cells as f64, x.facts, &x.text);
        let zero = Facts { unsigned_zero: true, ..joined(f, Facts::multiples(0.0, 1.0)) };
        match self.tape.below(5) {
            0 => Scope::number(
                format!("(if (fold s = false for v in {x}{filter}: s or v > 3) then 1 else 0)"),
                Facts::multiples(1.0, 1.0),
            ),
            1 => Scope::number(
                format!("(fold s = 0 for v in {x}{filter}: s + count({x} < v))"),
                Facts::multiples(n * n, 1.0),
            ),
            2 => Scope::number(format!("(fold s = 0 for v in {x}, u in a{filter}: if u > s then v else s)"), zero),
            3 => {
                self.names += 1;
                let (name, first) = (self.names, self.literal().text);
                self.lets.push(format!(
                    "let p{name}, q{name} = fold p = 1, q = {first} for v in {x}{filter}: max(p, v), min(q, v - p);\n"
                ));
                Scope::number(format!("(p{name} * 2 + q{name})"), Facts { unsigned_zero: true, ..Facts::unknown() })
            }
            _ => Scope::number(
                format!("(fold s = 0 for v in {x}{filter}: max(s, fold r = v for u in a: if u > r then u else v))"),
                Facts { unsigned_zero: true, ..Facts::unknown() },
            ),
        }
    }

    /// The items and outputs of a whole program, and what is known of each output.
    pub fn program(&mut self, outputs: usize) -> (String, Vec<Facts>) {
        let mut text = format!("input {}; param t; weights k;\n", NAMES[..self.inputs.len()].join(", "));
        if self.tape.once_in(6) {
            let condition = self.condition(1, false);
            self.lets.drain(..).for_each(|item| text.push_str(&item));
            writeln!(text, "assert {condition};").expect("a string takes text");
        }
        let mut facts = Vec::new();
        let mut values = Vec::new();
        for output in 0..outputs {
            let depth = 1 + self.tape.below(4);
            let value = match self.tape.once_in(10) {
                true => Number { text: self.condition(depth - 1, false), facts: Facts::multiples(1.0, 1.0) },
                false => self.scalar(depth),
            };
            values.push(format!("o{output}: {}", value.text));
            facts.push(value.facts);
        }
        self.lets.drain(..).for_each(|item| text.push_str(&item));
        text.push_str(&values.join(",\n"));
        (text, facts)
    }
}

fn joined(x: Facts, y: Facts) -> Facts {
    Facts {
        most: x.most.max(y.most),
        grain: x.grain.min(y.grain),
        error: x.error.max(y.error),
        unsigned_zero: x.unsigned_zero || y.unsigned_zero,
    }
}

fn added(x: Facts, y: Facts) -> Facts {
    let most = x.most + y.most;
    let error = x.error + y.error;
    let error = if error > 0.0 { error + 1e-15 * most } else { 0.0 };
    Facts { most, error, ..joined(x, y) }
}

fn multiplied(x: Facts, y: Facts) -> Facts {
    let most = x.most * y.most;
    let part = |error: f64, most: f64| if error == 0.0 { 0.0 } else { error * most };
    let error = part(x.error, y.most) + part(y.error, x.most) + x.error * y.error;
    let error = if error > 0.0 { error + 1e-15 * most } else { 0.0 };
    Facts { most, grain: x.grain * y.grain, error, unsigned_zero: x.unsigned_zero || y.unsigned_zero }
}

fn summed(f: Facts, n: f64) -> Facts {
    let most = f.most * n;
    let exact = f.exact() && f.grain > 0.0 && most < f.grain * 4e15;
    let error = if exact { 0.0 } else { n * f.error + 1e-15 * (n + 1.0) * most };
    Facts { most, error, unsigned_zero: false, ..f }
}

fn product_is_exact(f: Facts, n: f64) -> bool {
    f.grain >= 1.0 && f.most.max(1.0).powf(n) < 4e15
}
