//! The kernels of `examples/`, built in, for the command line and the Python package.

#![deny(missing_docs)]

/// A kernel of the cookbook.
///
/// The first line of its text says what it does; the other comments in front of the code say more, and end with lines
/// such as `# options: --size 3`, with the options that `hoodoo run` takes where its user gives none, `# shown: 0,8`, with the
/// values that are black and white in a picture, and `# picture: scene`, with a built-in picture that shows what it does.
pub struct Recipe {
    /// The name of its file, without the extension.
    pub name: &'static str,
    /// The whole file.
    pub text: &'static str,
}

impl Recipe {
    /// What it does, in one line.
    pub fn summary(&self) -> &'static str {
        header(self.text).next().unwrap_or_default()
    }

    /// The options for `hoodoo run` that it looks best with.
    pub fn options(&self) -> impl Iterator<Item = &'static str> {
        self.words("options: ")
    }

    /// The names of the built-in pictures that it is shown on, one for each input.
    pub fn pictures(&self) -> impl Iterator<Item = &'static str> {
        self.words("picture: ")
    }

    /// The words of a setting.
    fn words(&self, key: &str) -> impl Iterator<Item = &'static str> {
        setting(self.text, key).unwrap_or_default().split_whitespace()
    }
}

/// The comments in front of a kernel's code.
fn header(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim)
}

/// What the last line of the comments in front of a kernel's code says that begins with `key`, such as `options: `.
pub fn setting<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    header(text).filter_map(|line| line.strip_prefix(key)).last()
}

/// The recipes with these names.
macro_rules! recipes {
    ($($name:literal)*) => {
        &[$(Recipe { name: $name, text: include_str!(concat!("../../../examples/", $name, ".hood")) }),*]
    };
}

/// Every recipe, in groups with a heading, in the order in which they are best read.
pub static COOKBOOK: &[(&str, &[Recipe])] = &[
    ("Morphology", recipes!["erosion" "dilation" "morphological-gradient" "opening" "local-maxima"]),
    (
        "Ranks and robust statistics",
        recipes![
            "median" "percentile" "trimmed-mean" "winsorised-mean" "median-absolute-deviation" "hampel"
        ],
    ),
    (
        "Edges, corners and blobs",
        recipes!["sobel" "scharr" "prewitt" "laplacian" "laplacian-of-gaussian" "harris" "susan"],
    ),
    (
        "Smoothing and denoising",
        recipes![
            "gaussian" "bilateral" "joint-bilateral" "kuwahara" "sigma-filter" "non-local-means" "lee" "perona-malik"
        ],
    ),
    (
        "Contrast and tone",
        recipes!["unsharp-mask" "local-contrast" "adaptive-threshold" "sauvola" "ordered-dither" "vignette"],
    ),
    ("Texture", recipes!["local-variance" "coefficient-of-variation" "entropy" "homogeneity" "local-binary-pattern"]),
    ("Missing data", recipes!["focal-mean" "focal-median" "focal-statistics" "fill-holes"]),
    (
        "Terrain",
        recipes![
            "slope" "aspect" "hillshade" "curvature" "topographic-position" "ruggedness" "flow-direction"
        ],
    ),
    ("Cellular automata", recipes!["life" "brians-brain" "majority-vote" "sandpile"]),
];

/// Every recipe.
pub fn recipes() -> impl Iterator<Item = &'static Recipe> {
    COOKBOOK.iter().flat_map(|(_, recipes)| recipes.iter())
}
