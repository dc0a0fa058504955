//! The outputs of a run, by name or by position.

use std::ops::Index;

use ndarray::ArrayD;

/// What [`crate::Filter::run_outputs`] gives: an array for each output of the kernel, in order.
///
/// ```
/// use hoodoo::{Filter, Kernel};
///
/// let kernel = Kernel::compile("low: min(w), high: max(w)")?;
/// let image = ndarray::array![1u8, 2, 3];
/// let outputs = Filter::new(&kernel).size(3).run_outputs::<u8>(&[(&image).into()])?;
/// assert_eq!(outputs["high"], ndarray::array![2, 3, 3].into_dyn());
/// assert_eq!(outputs["high"], outputs[1]);
/// for (name, array) in &outputs {
///     println!("{name}: {array}");
/// }
/// let [low, high] = outputs.into_vec().try_into().expect("two outputs");
/// assert_eq!((low[0], high[0]), (1, 2));
/// # Ok::<(), hoodoo::Error>(())
/// ```
///
/// An output without a name has its position as one, such as `"0"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs<U> {
    arrays: Vec<(String, ArrayD<U>)>,
}

impl<U> Outputs<U> {
    /// Outputs and their names, in order.
    pub(super) fn new(names: impl IntoIterator<Item = String>, arrays: Vec<ArrayD<U>>) -> Outputs<U> {
        Outputs { arrays: names.into_iter().zip(arrays).collect() }
    }

    /// The output of that name, if there is one.
    pub fn get(&self, name: &str) -> Option<&ArrayD<U>> {
        self.iter().find(|(mine, _)| *mine == name).map(|(_, array)| array)
    }

    /// The names and the arrays, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &ArrayD<U>)> {
        self.arrays.iter().map(|(name, array)| (name.as_str(), array))
    }

    /// The arrays, in order, without their names.
    pub fn into_vec(self) -> Vec<ArrayD<U>> {
        self.arrays.into_iter().map(|(_, array)| array).collect()
    }

    /// The number of outputs; there is at least one.
    #[expect(clippy::len_without_is_empty, reason = "a kernel has an output")]
    pub fn len(&self) -> usize {
        self.arrays.len()
    }
}

/// By position.
///
/// # Panics
///
/// If there is no such output.
impl<U> Index<usize> for Outputs<U> {
    type Output = ArrayD<U>;

    fn index(&self, position: usize) -> &ArrayD<U> {
        &self.arrays[position].1
    }
}

/// By name.
///
/// # Panics
///
/// If there is no such output.
impl<U> Index<&str> for Outputs<U> {
    type Output = ArrayD<U>;

    fn index(&self, name: &str) -> &ArrayD<U> {
        self.get(name).unwrap_or_else(|| {
            let names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
            panic!("there is no output `{name}`; there are {}", names.join(", "))
        })
    }
}

impl<'a, U> IntoIterator for &'a Outputs<U> {
    type Item = (&'a str, &'a ArrayD<U>);
    type IntoIter =
        std::iter::Map<std::slice::Iter<'a, (String, ArrayD<U>)>, fn(&'a (String, ArrayD<U>)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.arrays.iter().map(|(name, array)| (name.as_str(), array))
    }
}

impl<U> IntoIterator for Outputs<U> {
    type Item = (String, ArrayD<U>);
    type IntoIter = std::vec::IntoIter<(String, ArrayD<U>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.arrays.into_iter()
    }
}
