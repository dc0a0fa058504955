//! Which minima and maxima are those of the same two numbers.

use std::collections::{HashMap, HashSet};

use cranelift_codegen::ir::{Inst, Value};

/// The extremes of the same two numbers in each block.
#[derive(Default)]
pub(super) struct Exchanges {
    /// For the earlier of two, the later one.
    pub later: HashMap<Inst, Inst>,
    /// Those later ones.
    pub moved: HashSet<Inst>,
    /// For the later of two of floats, the earlier one.
    pub of_floats: HashMap<Value, Value>,
}

/// What numbers are compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NumberKind {
    Floats,
    Signed,
    Unsigned,
}

impl Exchanges {
    /// What is selected where an instruction is, the last first: it, and another one before which it should be; or nothing, if it is such
    /// another one itself.
    pub(super) fn together(&self, inst: Inst) -> impl Iterator<Item = Inst> + use<> {
        let here = (!self.moved.contains(&inst)).then_some(inst);
        self.later.get(&inst).copied().into_iter().chain(here)
    }
}
