//! Texts of other languages, known by where the parser stops.

use super::spelling::{Spelling, text};

const ALL: &str = "several";
const C: &str = "C";
const PYTHON: &str = "Python";
const NUMPY: &str = "NumPy";
const MATLAB: &str = "MATLAB, Julia";
const SQL: &str = "SQL";
const GIS: &str = "GIS";
const VAPOURSYNTH: &str = "VapourSynth";
const RUST: &str = "Rust";
const MATHEMATICS: &str = "mathematics";

const CHOICE: &str = "write `if condition then a else b`";
const COMMENT: &str = "a comment starts with `#`";
const NO_ELSE: &str = "every `if` needs its `else`: both sides have a value";
const LOOP: &str = "a loop over the cells is `fold acc = 0 for v in w: acc + v`; most reductions are there: `sum(w)`";
const TIMES: &str = "multiplication is written with `*`";
const NAMED: &str = "a value is named by `let name = value;` in front";
const INSIDE: &str = "the condition stands inside: `mean(w where w > 0)`";
const DECIMAL: &str = "numbers are decimal: `16`, `0.5`, `1e-3`";

/// The spellings; special ones come before general ones.
pub(super) const TEXTS: &[Spelling] = &[
    // Comments.
    text(
        C,
        &["min(w) // the least", "min(w) /* the least */", "// the least\nmin(w)"],
        |stop| stop.is(&["/", "*"]) && stop.follows(&["/"]) || stop.is(&["/"]) && stop.goes_on(&["//", "/*"]),
        "a comment starts with `#`; the floor of a quotient is `floor(a / b)`",
    ),
    text(
        SQL,
        &["-- the least\nmin(w)", "min(w) -- the least"],
        |stop| stop.line_before().starts_with("--") || stop.line_before().contains(" -- "),
        COMMENT,
    ),
    text(MATLAB, &["% the least\nmin(w)"], |stop| stop.is(&["%"]) && stop.line_before().is_empty(), COMMENT),
    text(
        ALL,
        &["let in = 3; in", "param if = 3; if", "fold for = 0 for v in w: for + v"],
        |stop| stop.is_reserved() && stop.wants_name(),
        "the word is reserved: choose another name",
    ),
    // Choices.
    text(C, &["w[0, 0] > 3 ? 1 : 0"], |stop| stop.is(&["?"]), CHOICE),
    text(
        NUMPY,
        &["where(w > 3, 1, 0)", "np.where(w > 3, 1, 0)"],
        |stop| stop.is(&["where"]) && stop.goes_on(&["where("]) || stop.goes_on(&[".where("]),
        CHOICE,
    ),
    text(
        ALL,
        &["if(w[0, 0] > 3, 1, 0)", "if (w[0, 0] > 3) 1 else 0", "if w[0, 0] > 3: 1", "if w[0, 0] > 3 { 1 } else { 0 }"],
        |stop| {
            let in_brackets = stop.open_bracket().is_some_and(|front| front.ends_with("if"));
            let after_condition = stop.is(&[":", "{"]) || stop.follows(&[")"]) && stop.begins(char::is_alphanumeric);
            stop.is(&[","]) && in_brackets || after_condition && stop.lacks_then()
        },
        CHOICE,
    ),
    text(
        PYTHON,
        &["1 if w[0, 0] > 3 else 0", "max(1 if w[0, 0] > 3 else 0, 2)"],
        |stop| stop.is(&["if"]) && stop.follows_value() && stop.has_else_only(),
        CHOICE,
    ),
    text(
        PYTHON,
        &["if w[0, 0] > 3 then 1 elif w[0, 0] > 2 then 2 else 0"],
        |stop| stop.is(&["elif", "elsif", "elseif"]),
        "write `else if`",
    ),
    text(
        ALL,
        &["if w[0, 0] > 3 then 2", "(if w[0, 0] > 3 then 2) + 1"],
        |stop| stop.is(&["", ")", ",", ";", "end"]) && stop.lacks_else(),
        NO_ELSE,
    ),
    // Conditions of reductions.
    text(
        SQL,
        &["mean(w) where w > 0", "mean(w if w > 0)", "mean(w, where=w > 0)", "mean(w | w > 0)", "mean(w) if w > 0"],
        |stop| {
            stop.is(&["where"]) && stop.follows(&[")", ","])
                || stop.is(&["if"]) && stop.follows_value()
                || stop.is(&["|"])
                    && stop.is_in_call()
                    && stop.follows_value()
                    && !stop.goes_on(&["||"])
                    && stop.rest.contains(['<', '>', '='])
                    && !stop.before.contains(['<', '>', '='])
        },
        INSIDE,
    ),
    text(
        NUMPY,
        &["min(w, axis=0)", "std(w, ddof=1)"],
        |stop| stop.is(&["="]) && stop.is_in_call() && !stop.follows(&["=", "<", ">", "!"]),
        "arguments have no names; what a window is, and along which axes, is said where the kernel is run: `--size`, `--axes`",
    ),
    // Cells and lists.
    text(
        C,
        &["w[1][0]"],
        |stop| stop.is(&["["]) && stop.follows(&["]"]),
        "a cell is named by its offsets from the pixel, for all axes at once: `w[1, 0]`",
    ),
    text(
        PYTHON,
        &["median(w)[3]"],
        |stop| stop.is(&["["]) && stop.follows(&[")"]),
        "the k-th smallest element is `rank(w, 3)`, and the one at an offset from the pixel `w[0, 1]`",
    ),
    text(
        PYTHON,
        &["[1, 2, 3]", "sum(w * [1, 2, 1])", "max([1, 2])"],
        |stop| stop.is(&["["]) && !stop.follows_value(),
        "there are no lists: `weights k;` declares one number for each cell, and `max(a, b)` takes several arguments",
    ),
    text(
        MATLAB,
        &["mean(w(:))", "mean(w[:])"],
        |stop| stop.is(&[":"]) && stop.follows(&["(", "["]) && stop.goes_on(&[":)", ":]"]),
        "the window with all its cells is `w`: `mean(w)`",
    ),
    text(
        PYTHON,
        &["w[:, 0]", "w[0:2]"],
        |stop| stop.is(&[":"]) && stop.open_bracket().is_some(),
        "there are no ranges: a window is made smaller by a condition, as in `mean(w where offset(0) < 0)`",
    ),
    // Methods and modules.
    text(
        NUMPY,
        &["w * np.pi", "math.e", "np.inf", "numpy.nan"],
        |stop| stop.is(&["."]) && ["pi", "e", "tau", "inf", "nan"].contains(&stop.word_after()),
        "constants stand alone, without a module in front: `pi`, `e`, `tau`, `inf`, `nan`",
    ),
    text(
        NUMPY,
        &["np.nanmean(w)", "np.nanmax(w)"],
        |stop| stop.goes_on(&[".nan"]),
        "write `mean(w where not isnan(w))`, and so for the others",
    ),
    text(
        MATLAB,
        &["w[0, 0] .* 2", "sum(w .^ 2)", "2 ./ w[0, 0]"],
        |stop| stop.is(&["."]) && stop.goes_on(&[".*", "./", ".^"]),
        "operators are for each cell without a dot: `sum(w * w)`, `sum(w ** 2)`, `w[0, 0] / 2`",
    ),
    text(PYTHON, &[".5.", "1.5.2"], |stop| stop.is(&["."]) && stop.follows_number(), DECIMAL),
    text(
        NUMPY,
        &["w.shape[0]", "w.size", "img.shape[1]"],
        |stop| stop.is(&["."]) && ["shape", "size", "ndim"].contains(&stop.word_after()),
        "how long the array is along an axis is `extent(0)`; how many cells the window has is `len(w)`",
    ),
    text(
        NUMPY,
        &["w.min()", "np.min(w)", "numpy.median(w)", "w.mean()"],
        |stop| stop.is(&["."]) && stop.follows_value(),
        "functions stand alone, without a module or an object in front: `min(w)`, `median(w)`",
    ),
    // Numbers.
    text(
        C,
        &["0x10", "1e-3f * 2", "10L", "1.5f"],
        |stop| {
            let number = stop.begins(char::is_numeric);
            let word = stop.rest.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '+' | '_'));
            let word =
                word.map(|word| word.trim_end_matches(['f', 'F', 'l', 'L', 'u', 'U'])).next().unwrap_or_default();
            let suffix = stop.rest[word.len()..].starts_with(|c: char| c.is_ascii_alphabetic());
            number && (stop.goes_on(&["0x", "0X", "0b", "0o"]) || suffix && word.parse::<f64>().is_ok())
        },
        DECIMAL,
    ),
    text(
        RUST,
        &["1_000", "1_000.5"],
        |stop| stop.begins(char::is_numeric) && stop.token.contains('_'),
        "numbers are written without `_`: `1000`",
    ),
    // Signs.
    text(MATHEMATICS, &["2 * π"], |stop| stop.goes_on(&["π"]), "write `pi`"),
    text(MATHEMATICS, &["w[0, 0]²", "w[0, 0]³"], |stop| stop.goes_on(&["²", "³"]), "power is `**`: `w[0, 0] ** 2`"),
    text(MATHEMATICS, &["√2"], |stop| stop.goes_on(&["√"]), "write `sqrt(x)`"),
    text(MATHEMATICS, &["w[0, 0] ≤ 3"], |stop| stop.goes_on(&["≤"]), "write `<=`"),
    text(MATHEMATICS, &["w[0, 0] ≥ 3"], |stop| stop.goes_on(&["≥"]), "write `>=`"),
    text(MATHEMATICS, &["w[0, 0] ≠ 3"], |stop| stop.goes_on(&["≠"]), "write `!=`"),
    text(MATHEMATICS, &["2 × 3", "2 · 3"], |stop| stop.goes_on(&["×", "·", "⋅", "∗"]), TIMES),
    text(MATHEMATICS, &["2 ÷ 3"], |stop| stop.goes_on(&["÷"]), "division is `/`"),
    text(
        MATHEMATICS,
        &["2 − 3", "2 – 3"],
        |stop| stop.goes_on(&["−", "–", "—"]),
        "the minus sign is `-`, as on the keyboard",
    ),
    text(MATHEMATICS, &["∞"], |stop| stop.goes_on(&["∞"]), "infinity is `inf`"),
    text(ALL, &["größe"], |stop| !stop.token.is_ascii(), "only ASCII letters, digits and signs have a meaning here"),
    text(
        C,
        &["w[0, 0] >> 1", "w[0, 0] << 1"],
        |stop| stop.is(&["<"]) && stop.follows(&["<"]) || stop.is(&[">"]) && stop.follows(&[">"]),
        "there are no operations on bits: `w[0, 0] * 2 ** 3` and `floor(w[0, 0] / 2 ** 3)` shift by 3",
    ),
    text(SQL, &["w[0, 0] <> 3"], |stop| stop.is(&["<>"]) || stop.is(&[">"]) && stop.follows(&["<"]), "write `!=`"),
    text(MATLAB, &["w[0, 0] ^ 2"], |stop| stop.is(&["^"]), "`^` is not an operator: power is `**`"),
    text(
        C,
        &["w[0, 0] > 1 && w[0, 0] < 2", "w[0, 0] > 1 & w[0, 0] < 2"],
        |stop| stop.is(&["&&", "&"]),
        "write `and`; there are no operations on bits",
    ),
    text(
        C,
        &["w[0, 0] > 1 || true", "true | false"],
        |stop| stop.is(&["||", "|"]),
        "write `or`; there are no operations on bits",
    ),
    text(C, &["!true", "~true", "w[0, 0] ~= 3"], |stop| stop.is(&["!", "~"]), "write `not`; a comparison is `!=`"),
    text(
        C,
        &["w[0, 0]++", "w[0, 0]--", "let x = 1; x += 2"],
        |stop| {
            stop.is(&["+"]) && stop.follows(&["+"])
                || stop.is(&[""]) && stop.follows(&["--"])
                || stop.is(&["="]) && stop.follows(&["+", "-", "*", "/", "%"])
        },
        "nothing is counted up or assigned: a loop over the cells is `fold n = 0 for v in w: n + 1`",
    ),
    text(PYTHON, &["let k = 1; w @ k"], |stop| stop.is(&["@"]), "declare `weights k;` and write `sum(w * k)`"),
    text(
        C,
        &["let x = 3 { x }", "}"],
        |stop| stop.is(&["{", "}"]),
        "there are no blocks: group with `( )`, and end each `let` with `;`",
    ),
    text(ALL, &["\"mean\"", "'mean'", "`mean`"], |stop| stop.is(&["\"", "'", "`"]), "there are no strings in a kernel"),
    text(
        PYTHON,
        &["w[0, 0] + \\\n1", "$w"],
        |stop| stop.is(&["\\", "$"]),
        "this sign has no meaning; lines go on by themselves, and names have no sign in front",
    ),
    // Operators in other places.
    text(
        GIS,
        &["and(true, false)", "or(w[0, 0] > 1, true)", "max(and(true, false), 1)"],
        |stop| stop.is(&["and", "or"]) && !stop.follows_value(),
        "it stands between two conditions: `w[0, 0] > 1 and w[0, 0] < 5`",
    ),
    text(
        VAPOURSYNTH,
        &["x 2 *", "x y +", "x 255 y - max", "x[0] 128 > x y ?"],
        |stop| stop.is_after_operands() && stop.ends_with_operator(),
        "operators stand between values, and functions in front: `w[0, 0] * 2`, `max(w[0, 0], 5)`",
    ),
    // Comparisons and names of values.
    text(C, &["== 3"], |stop| stop.is(&["=="]), "a comparison needs a value on both sides"),
    text(
        C,
        &["1 === 1", "1 => 2", "1 =< 2"],
        |stop| {
            stop.is(&["="]) && stop.follows(&["=", "<", ">", "!"])
                || stop.is(&["=>"])
                || stop.is(&["="]) && stop.goes_on(&["=<"])
        },
        "comparisons are `<`, `<=`, `>`, `>=`, `==` and `!=`",
    ),
    text(
        PYTHON,
        &["x := 3", "let x := 3; x"],
        |stop| stop.is(&["="]) && stop.follows(&[":"]) || stop.goes_on(&[":="]),
        NAMED,
    ),
    text(
        ALL,
        &["w[0, 0] = 3", "x = 3; x"],
        |stop| stop.is(&["="]),
        "comparison is `==`; to name a value write `let name = value;` in front",
    ),
    text(SQL, &["w[0, 0] is nan"], |stop| stop.is(&["is"]), "compare with `==`; whether a value is none is `isnan(x)`"),
    text(PYTHON, &["w[0, 0] in (1, 2)"], |stop| stop.is(&["in"]), "write `x == 1 or x == 2`"),
    text(MATLAB, &["w[0, 0] mod 2"], |stop| stop.is(&["mod", "rem"]), "the remainder is `x % y`"),
    text(MATLAB, &["w[0, 0] div 2"], |stop| stop.is(&["div"]), "write `floor(x / y)`"),
    text(MATLAB, &["true xor false"], |stop| stop.is(&["xor"]), "write `a != b`"),
    // Statements.
    text(
        PYTHON,
        &["for v in w: v", "for i in range(9)", "while true", "max(v for v in w)"],
        |stop| stop.is(&["for"]) || stop.word_before() == "while",
        LOOP,
    ),
    text(
        PYTHON,
        &["lambda v: v + 1", "def f(v): v", "function f(v) v"],
        |stop| ["lambda", "def", "function", "func"].contains(&stop.word_before()),
        "a function is declared in front: `fn f(v) = v + 1;`",
    ),
    text(
        C,
        &["return min(w)"],
        |stop| stop.word_before() == "return",
        "the value stands alone, at the end, without `return`",
    ),
    text(
        C,
        &["float x = 3; x", "var x = 3; x", "const x = 3; x"],
        |stop| {
            let types = ["float", "double", "int", "var", "const", "auto", "bool", "uint8_t"];
            types.contains(&stop.word_before()) && stop.begins(char::is_alphabetic)
        },
        NAMED,
    ),
    text(
        PYTHON,
        &["import numpy"],
        |stop| ["import", "from", "using"].contains(&stop.word_before()),
        "nothing is imported: all functions are there",
    ),
    text(
        MATHEMATICS,
        &["2w[0, 0]", "3 w", "(2 + 1)(w[0, 0])", "2(w[0, 0])"],
        |stop| {
            let digit = stop.begins(char::is_numeric);
            let letters = stop.token.ends_with(|c: char| c.is_ascii_alphabetic());
            digit && letters
                || stop.is(&["("]) && (stop.follows(&[")"]) || stop.follows_number())
                || stop.follows_number()
                    && stop.begins(char::is_alphabetic)
                    && !stop.is_reserved()
                    && !stop.is_in_declaration()
        },
        TIMES,
    ),
    text(
        MATHEMATICS,
        &["mean w", "sqrt 2"],
        |stop| stop.follows_function() && stop.begins(char::is_alphanumeric),
        "a function has its arguments in parentheses: `mean(w)`",
    ),
    text(
        ALL,
        &["1 + if w[0, 0] > 1 then 2 else 3"],
        |stop| stop.is(&["if", "fold"]),
        "put it in parentheses: `1 + (if a then b else c)`",
    ),
    text(
        ALL,
        &["1 + let x = 3; x"],
        |stop| stop.is(&["let", "param", "input", "fn", "weights", "assert"]) && !stop.is_in_declaration(),
        "declarations come before the outputs",
    ),
    text(
        ALL,
        &["let x = 1;"],
        |stop| stop.is(&[""]) && stop.follows(&[";"]),
        "after the declarations comes the value of the kernel",
    ),
    text(ALL, &["max(w) -", "max(w"], |stop| stop.is(&[""]), "is a bracket or a value missing at the end?"),
    text(ALL, &["min(w); max(w)"], |stop| stop.follows(&[";"]), "several outputs are separated by `,`"),
    text(
        ALL,
        &["let x = 1 x"],
        |stop| stop.begins(char::is_alphanumeric),
        "is an operator or a `;` missing in front of it?",
    ),
];
