//! Numbers for axes, as arguments.

/// One number for all axes of the window, or one for each, in its order: what [`crate::Filter::origin`] and [`crate::Filter::stride`]
/// take. For [`crate::Filter::axes`] it is the numbers of the axes themselves.
///
/// ```
/// use hoodoo::{Filter, Kernel};
///
/// let filter = Filter::new(&Kernel::compile("min(w)")?).size((3, 5));
/// let _ = filter.clone().origin(1).axes([-2, -1]);
/// let _ = filter.origin(vec![0, 1]).axes((0..2).collect::<hoodoo::PerAxis>());
/// # Ok::<(), hoodoo::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PerAxis(pub(crate) Vec<isize>);

impl From<isize> for PerAxis {
    fn from(number: isize) -> PerAxis {
        PerAxis(vec![number])
    }
}

impl From<Vec<isize>> for PerAxis {
    fn from(numbers: Vec<isize>) -> PerAxis {
        PerAxis(numbers)
    }
}

impl From<&[isize]> for PerAxis {
    fn from(numbers: &[isize]) -> PerAxis {
        PerAxis(numbers.to_vec())
    }
}

impl<const N: usize> From<[isize; N]> for PerAxis {
    fn from(numbers: [isize; N]) -> PerAxis {
        PerAxis(numbers.to_vec())
    }
}

impl FromIterator<isize> for PerAxis {
    fn from_iter<I: IntoIterator<Item = isize>>(numbers: I) -> PerAxis {
        PerAxis(numbers.into_iter().collect())
    }
}
