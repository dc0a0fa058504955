//! The kernels that were made of a kernel, kept for the next run with the code that was made for them.

use std::convert::Infallible;

use super::recent::Recent;
use crate::lang::missing::{Missing, Told};

/// How many are kept: those for arrays of colours, of which each number of channels has its own, and those for missing values.
const KEPT: usize = 16;

/// Which kernel it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// That for missing cells.
    Missing(Missing),
    /// That where none is missing, with the bits of the number that stands for no value.
    Present(Option<u64>),
    /// That which tells something of some outputs.
    Telling(Vec<bool>, Told),
    /// That for parts along this axis of the window.
    Placed(usize),
    /// That for steps of so many along each axis.
    Stretched(Vec<i32>),
}

/// The last few that were used.
pub struct Kernels<K>(Recent<(Key, K)>);

impl<K> Default for Kernels<K> {
    fn default() -> Kernels<K> {
        Kernels(Recent::new(KEPT))
    }
}

impl<K: Clone> Kernels<K> {
    /// The one for this key, made now if it is not there.
    pub fn get(&self, key: Key, make: impl FnOnce() -> K) -> K {
        let find = |(other, kernel): &(Key, K)| (*other == key).then(|| kernel.clone());
        let Ok(kernel) = self.0.get(find, || Ok::<K, Infallible>(make()), |kernel| (key.clone(), kernel));
        kernel
    }
}
