//! The kernels that were made of a kernel, kept for the next run with the code that was made for them.

use std::sync::{Mutex, PoisonError};

use crate::lang::missing::Missing;

/// How many are kept.
const KEPT: usize = 4;

/// Which kernel it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// That for missing cells or for none, and the bits of the number that stands for no value.
    Missing(Option<Missing>, Option<u64>),
    /// That which tells of some outputs where they are NaN.
    NanOutputs(Vec<bool>),
    /// That for parts along this axis of the window.
    Placed(usize),
    /// That for steps of so many along each axis.
    Stretched(Vec<i32>),
}

/// The last few that were made, the last one first.
pub struct Kernels<K>(Mutex<Vec<(Key, K)>>);

impl<K> Default for Kernels<K> {
    fn default() -> Kernels<K> {
        Kernels(Mutex::default())
    }
}

impl<K: Clone> Kernels<K> {
    /// The one for this key, made now if it is not there.
    pub fn get(&self, key: Key, make: impl FnOnce() -> K) -> K {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kernel)) = kept().iter().find(|(other, _)| *other == key) {
            return kernel.clone();
        }
        let kernel = make();
        let mut kept = kept();
        kept.insert(0, (key, kernel.clone()));
        kept.truncate(KEPT);
        kernel
    }
}
