//! What people type who come from NumPy, Python, C, MATLAB, R, SQL and GIS: each gets a hint that says how it is written here.

use hoodoo::Kernel;
use hoodoo::lang::diagnostic::Code;

/// What is typed, and what the hint must say.
const TYPED: &[(&str, &str)] = &[
    // A window where one value is needed.
    ("w * 2", "`w[0, 0] * 2`"),
    ("w > 128", "`w[0, 0] > 128`"),
    ("if w > 128 then 1 else 0", "`if w[0, 0] > 128 then 1 else 0`"),
    ("sqrt(abs(w) + 1)", "`sqrt(abs(w[0, 0]) + 1)`"),
    ("w - mean(w)", "`w[0, 0] - mean(w)`"),
    ("input a, b; a - b", "`a[0, 0] - b[0, 0]`"),
    ("dist() * w", "reduce it with `mean`"),
    ("w", "`w[0, 0]`"),
    // Choices.
    ("where(w > 3, 1, 0)", "`if condition then a else b`"),
    ("np.where(w > 3, 1, 0)", "`if condition then a else b`"),
    ("ifelse(w[0, 0] > 3, 1, 0)", "`if condition then a else b`"),
    ("if(w[0, 0] > 3, 1, 0)", "`if condition then a else b`"),
    ("w[0, 0] > 3 ? 1 : 0", "`if condition then a else b`"),
    ("1 if w[0, 0] > 3 else 0", "`if condition then a else b`"),
    ("if (w[0, 0] > 3) { 1 } else { 0 }", "`if condition then a else b`"),
    ("(w[0, 0] > 3) * 5", "`if ... then 1 else 0`"),
    ("A > 0", "`input A, B;`"),
    // Methods and modules.
    ("w.min()", "`min(w)`"),
    ("np.min(w)", "`min(w)`"),
    ("numpy.median(w)", "`median(w)`"),
    ("w.mean()", "`min(w)`"),
    // Cells.
    ("w[1][0]", "`w[1, 0]`"),
    ("w[y,x]", "`w[0, 1]`"),
    ("w(0,0)", "`w[0, 0]`"),
    ("w(-1, 0)", "`w[-1, 0]`"),
    ("i(1,0)", "`w[0, 1]`"),
    ("sort(w)[3]", "`rank(w, 3)`"),
    ("sorted(w)", "`rank(w, k)`"),
    // Reductions under other names.
    ("quantile(w, .5)", "`percentile(w, q)`"),
    ("stddev(w)", "`std`"),
    ("avg(w)", "`mean`"),
    ("average(w)", "`mean`"),
    ("nanmean(w)", "`mean(w where not isnan(w))`"),
    ("np.nanmean(w)", "`mean(w where not isnan(w))`"),
    ("nanmedian(w)", "`median(w where not isnan(w))`"),
    ("size(w)", "`len(w)`"),
    ("numel(w)", "`len(w)`"),
    ("unique(w)", "`variety(w)`"),
    ("mean(w) where w > 0", "`mean(w where w > 0)`"),
    ("mean(w if w > 0)", "`mean(w where w > 0)`"),
    // Functions of numbers.
    ("clip(w[0, 0], 0, 1)", "`clamp`"),
    ("lerp(1, 2, 3)", "`a + (b - a) * x`"),
    ("conv(w, 3)", "`sum(w * k)`"),
    ("float(w[0, 0])", "all numbers are floats already"),
    ("int(w[0, 0])", "`trunc(x)`"),
    ("null", "`nan`"),
    ("None", "`nan`"),
    ("NULL", "`nan`"),
    ("nodata", "`nan`"),
    // Signs.
    ("w[0, 0] > 1 && w[0, 0] < 2", "`and`"),
    ("if w[0, 0] > 1 && w[0, 0] < 2 then 1 else 0", "`and`"),
    ("w[0, 0] > 1 || w[0, 0] < 2", "`or`"),
    ("!(w[0, 0] > 1)", "`not`"),
    ("~(w[0, 0] > 1)", "`not`"),
    ("w[0, 0] <> 3", "`!=`"),
    ("w[0, 0] ^ 2", "`**`"),
    ("w[0, 0] & 1", "no operations on bits"),
    ("w[0, 0] | 1", "no operations on bits"),
    ("w[0, 0] << 1", "no operations on bits"),
    ("w[0, 0]++", "`fold n = 0 for v in w: n + 1`"),
    // Numbers.
    ("0x10", "decimal"),
    ("1e-3f", "decimal"),
    ("1_000", "`1000`"),
    (".5.", "decimal"),
    // Comments.
    ("min(w) // the least", "`#`"),
    ("min(w) /* the least */", "`#`"),
    ("min(w) -- the least", "`#`"),
    ("% the least\nmin(w)", "`#`"),
    // Loops and functions.
    ("for v in w: v", "`fold acc = 0 for v in w: acc + v`"),
    ("for i in range(9)", "`fold acc = 0 for v in w: acc + v`"),
    ("while true", "`fold acc = 0 for v in w: acc + v`"),
    ("lambda v: v + 1", "`fn f(v) = v + 1;`"),
    // MATLAB, VapourSynth, NumPy.
    ("w[0, 0] .* 2", "without a dot"),
    ("sum(w.^2)", "without a dot"),
    ("mean(w(:))", "`mean(w)`"),
    ("w[i, j]", "offsets are numbers"),
    ("sum(w) + w[-i, n + 1]", "offsets are numbers"),
    ("let dx = 1; w[dz, 0]", "`dx`"),
    ("w[x, y]", "`w[0, 1]`"),
    ("x 2 *", "stand between values"),
    ("x y +", "stand between values"),
    ("w.shape[0]", "`extent(0)`"),
    ("w * np.pi", "`pi`"),
    ("np.exp(w)", "functions stand alone"),
    ("and(1,2)", "between two conditions"),
    ("or(w[0, 0] > 1, true)", "between two conditions"),
    ("medfilt2(w)", "`median`"),
    ("imerode(w)", "`min`"),
    ("imdilate(w)", "`max`"),
    ("ordfilt2(w, 5, ones(3))", "`rank(w, k)`"),
    ("ceiling(2.5)", "`ceil`"),
    ("gaussian(w, 2)", "`weights k;`"),
    ("sobel(w)", "`weights k;`"),
    // Named arguments.
    ("min(w, axis=0)", "arguments have no names"),
    ("mean(w, where=w > 0)", "`mean(w where w > 0)`"),
    // Mathematics.
    ("2 * π", "`pi`"),
    ("w[0, 0]²", "`**`"),
    ("3 w", "`*`"),
    ("mean w", "`mean(w)`"),
    ("[1,2,3]", "`weights k;`"),
];

#[test]
fn every_spelling_has_its_hint() {
    for (typed, expected) in TYPED {
        let error = match Kernel::compile(typed) {
            Err(hoodoo::Error::Kernel(error)) => error,
            other => panic!("{typed}: {other:?}"),
        };
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains(expected), "{typed}: {}: {hint}", error.message());
    }
}

/// What compiles, and is hardly meant.
#[test]
fn doubtful_kernels_have_warnings() {
    for (typed, code, expected) in [
        ("if w[0, 0] == nan then 0 else 1", Code::ComparedWithNan, "`isnan(x)`"),
        ("mean(w where w != nan)", Code::ComparedWithNan, "`isnan(x)`"),
        ("w[0, 0] * 1,5", Code::DecimalComma, "`.`"),
    ] {
        let kernel = Kernel::compile(typed).unwrap();
        let warnings = kernel.warnings();
        assert_eq!(warnings.len(), 1, "{typed}");
        assert_eq!(warnings[0].code(), code);
        assert!(warnings[0].hint().unwrap().contains(expected) && code.is_warning(), "{typed}");
        assert!(warnings[0].to_string().starts_with("warning[H04"), "{}", warnings[0]);
    }
    assert!(Kernel::compile("let e = 3; let pi = 2; e * pi").unwrap().warnings().is_empty());
}
