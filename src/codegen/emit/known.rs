//! What networks have found, for all pixels that a function computes together.

use std::collections::HashMap;

use cranelift_codegen::ir::{Block, Value};

use crate::networks::Network;

/// What networks have found that other pixels of a tile ask for as well.
#[derive(Default)]
pub struct Known(pub(super) HashMap<Given, Vec<Value>>);

/// The block of code, the network, and what is on its wires.
pub type Given = (Option<Block>, *const Network, Vec<Value>);
