//! What was made lately, kept for who needs it again.

use std::sync::{Mutex, PoisonError};

/// The last few things that were used, the last one first.
pub struct Recent<T> {
    kept: Mutex<Vec<T>>,
    most: usize,
}

impl<T> Recent<T> {
    /// None yet, and later at most so many.
    pub const fn new(most: usize) -> Recent<T> {
        Recent { kept: Mutex::new(Vec::new()), most }
    }

    /// What `find` finds in one of those that are kept; or else what `make` makes, which is kept.
    pub fn get<V: Clone, E>(
        &self,
        find: impl Fn(&T) -> Option<V>,
        make: impl FnOnce() -> Result<V, E>,
        keep: impl FnOnce(V) -> T,
    ) -> Result<V, E> {
        // A panic in another thread can't leave the list half changed.
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |kept: &mut Vec<T>| {
            let (index, found) = kept.iter().enumerate().find_map(|(index, one)| Some((index, find(one)?)))?;
            kept[..=index].rotate_right(1);
            Some(found)
        };
        if let Some(found) = known(&mut kept()) {
            return Ok(found);
        }
        // Meanwhile other threads use others, or make this one as well; the first is kept.
        let made = make()?;
        let mut kept = kept();
        if let Some(found) = known(&mut kept) {
            return Ok(found);
        }
        kept.truncate(self.most - 1);
        kept.insert(0, keep(made.clone()));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn those_that_were_used_last_are_kept() {
        let recent = Recent::new(3);
        let made = std::cell::Cell::new(0);
        let get = |key: u32| {
            let make = || {
                made.set(made.get() + 1);
                Ok::<_, ()>(10 * key)
            };
            recent.get(|(mine, value)| (*mine == key).then_some(*value), make, |value| (key, value)).unwrap()
        };
        assert_eq!([1, 2, 3, 1, 4, 1, 3].map(get), [10, 20, 30, 10, 40, 10, 30]);
        // The second, which was not used for longest, is made again.
        assert_eq!((made.get(), get(2), made.get()), (4, 20, 5));
        // What can't be made is not kept.
        assert_eq!(recent.get(|_| None::<u32>, || Err("no"), |value| (9, value)), Err("no"));
    }

    #[test]
    fn what_another_thread_has_made_meanwhile_is_kept_once() {
        let recent: Recent<u32> = Recent::new(3);
        let find = |one: &u32| Some(*one);
        let inner = || recent.get(find, || Ok::<_, ()>(1), |value| value);
        assert_eq!(recent.get(find, || inner().map(|_| 2), |value| value), Ok(1));
        assert_eq!(recent.kept.lock().unwrap().len(), 1);
    }
}
