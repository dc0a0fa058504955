//! Memory for machine code: pages of many kernels in a few maps.
//!
//! A process may have some ten thousands of maps only. So the pages of kernels are neighbours in large maps, where those with equal
//! protection are one to the system. Memory of a kernel is writable while it is made, and never both writable and executable.

#![allow(unsafe_code, reason = "pages are taken from maps that outlive the kernels, and their protection is changed")]

use std::io;
use std::sync::{Mutex, PoisonError};

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider};
use cranelift_module::{ModuleError, ModuleResult};
use memmap2::{MmapMut, MmapRaw};
use region::Protection;

/// The size of a map, but for a kernel that needs more.
const MAP_BYTES: usize = 1 << 20;

/// Maps for pages of one protection.
struct Pool {
    protection: Protection,
    maps: Mutex<Vec<Map>>,
}

/// A map, and which of its pages are taken.
struct Map {
    /// An address and a length, and no reference: other threads write and run the pages of their kernels meanwhile.
    memory: MmapRaw,
    taken: Vec<bool>,
    free: usize,
}

/// Pages with the code of functions.
static CODE: Pool = Pool { protection: Protection::READ_EXECUTE, maps: Mutex::new(Vec::new()) };

/// Pages with constant tables.
static TABLES: Pool = Pool { protection: Protection::READ, maps: Mutex::new(Vec::new()) };

/// Some pages of a pool that belong to one kernel.
struct Pages {
    first: *mut u8,
    bytes: usize,
}

impl Pool {
    /// Writable pages for so many bytes.
    fn take(&self, bytes: usize) -> io::Result<Pages> {
        let page = region::page::size();
        let pages = bytes.div_ceil(page).max(1);
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        let found = maps.iter_mut().rev().find_map(|map| Some((map.run_of_free(pages)?, map)));
        let (first, map) = match found {
            Some(found) => found,
            None => {
                let count = pages.max(MAP_BYTES / page);
                let memory = MmapRaw::from(MmapMut::map_anon(count * page)?);
                maps.push(Map { memory, taken: vec![false; count], free: count });
                (0, maps.last_mut().expect("just pushed"))
            }
        };
        // SAFETY: the run of pages is inside the map.
        let pages_taken = Pages { first: unsafe { map.memory.as_mut_ptr().add(first * page) }, bytes: pages * page };
        // They may have been another kernel's.
        pages_taken.protect(Protection::READ_WRITE)?;
        map.taken[first..first + pages].fill(true);
        map.free -= pages;
        Ok(pages_taken)
    }

    /// Gives pages back, and the last map that nobody uses to the system.
    fn give_back(&self, pages: &Pages) {
        let page = region::page::size();
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        let distance = |map: &Map| {
            let distance = pages.first.addr().checked_sub(map.memory.as_ptr().addr());
            distance.filter(|distance| *distance < map.memory.len())
        };
        let place = maps.iter().enumerate().find_map(|(place, map)| Some((place, distance(map)?)));
        let (place, distance) = place.expect("pages are of one of the maps");
        let map = &mut maps[place];
        let first = distance / page;
        map.taken[first..first + pages.bytes / page].fill(false);
        map.free += pages.bytes / page;
        if map.free == map.taken.len() && maps.len() > 1 {
            maps.swap_remove(place);
        }
    }
}

impl Map {
    /// The first of so many free pages that follow each other.
    fn run_of_free(&self, pages: usize) -> Option<usize> {
        if self.free < pages {
            return None;
        }
        let mut start = 0;
        for (index, taken) in self.taken.iter().enumerate() {
            if *taken {
                start = index + 1;
            } else if index + 1 - start == pages {
                return Some(start);
            }
        }
        None
    }
}

impl Pages {
    fn protect(&self, protection: Protection) -> io::Result<()> {
        // SAFETY: the pages are this kernel's alone, which does not run while it is made.
        unsafe { region::protect(self.first, self.bytes, protection) }.map_err(io::Error::other)
    }
}

/// The memory of one kernel.
#[derive(Default)]
pub struct KernelMemory {
    code: Taken,
    tables: Taken,
}

/// What a kernel has of a pool.
#[derive(Default)]
struct Taken {
    pages: Vec<Pages>,
    /// How many bytes of the last pages are in use.
    used: usize,
}

// SAFETY: the pages are this kernel's alone, whatever thread makes it.
unsafe impl Send for KernelMemory {}

impl Taken {
    fn allocate(&mut self, pool: &Pool, size: usize, align: u64) -> io::Result<*mut u8> {
        let align = usize::try_from(align).map_err(io::Error::other)?;
        let start = self.used.next_multiple_of(align);
        let fits = self.pages.last().is_some_and(|pages| start + size <= pages.bytes);
        let start = if fits { start } else { 0 };
        if !fits {
            self.pages.push(pool.take(size)?);
        }
        self.used = start + size;
        // SAFETY: the last pages have so many bytes from there on.
        Ok(unsafe { self.pages.last().expect("just pushed").first.add(start) })
    }

    /// Makes the pages what they are for.
    fn finish(&mut self, pool: &Pool) -> io::Result<()> {
        self.pages.iter().try_for_each(|pages| pages.protect(pool.protection))
    }

    fn free(&mut self, pool: &Pool) {
        self.pages.drain(..).for_each(|pages| pool.give_back(&pages));
    }
}

impl JITMemoryProvider for KernelMemory {
    fn allocate(&mut self, size: usize, align: u64, kind: JITMemoryKind) -> io::Result<*mut u8> {
        match kind {
            JITMemoryKind::Executable => self.code.allocate(&CODE, size, align),
            JITMemoryKind::ReadOnly => self.tables.allocate(&TABLES, size, align),
            JITMemoryKind::Writable => Err(io::Error::other("kernels have no variables")),
        }
    }

    unsafe fn free_memory(&mut self) {
        self.code.free(&CODE);
        self.tables.free(&TABLES);
    }

    fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
        let finished = self.tables.finish(&TABLES).and_then(|()| self.code.finish(&CODE));
        finished.map_err(|error| ModuleError::Backend(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::{CODE, JITMemoryKind, JITMemoryProvider, KernelMemory};

    /// More than there is is an error, and the pages of other kernels stay as they are.
    #[test]
    fn pages_that_the_system_has_not() {
        let mut memory = KernelMemory::default();
        assert!(memory.allocate(1 << 60, 16, JITMemoryKind::Executable).is_err());
        assert!(memory.allocate(100, 16, JITMemoryKind::Executable).is_ok());
        assert!(memory.allocate(1 << 60, 16, JITMemoryKind::ReadOnly).is_err());
        assert!(memory.allocate(100, 16, JITMemoryKind::Writable).is_err());
        memory.finalize(cranelift_jit::BranchProtection::None).expect("pages can be protected");
        memory.code.free(&CODE);
    }
}
