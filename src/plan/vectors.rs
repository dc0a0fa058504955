//! How wide the vectors of a pass are, and how many pixels its blocks have.

use super::body::Body;
use super::cost::Work;
use super::pass::PassVectors;
use super::request::Request;
use super::width::Shape;
use crate::grid::vectors::Vectors;
use crate::lang::hir::{Expr, Kernel};
use crate::lang::ops::UnaryOp;
use crate::machine::{self, VectorUnit};
use crate::tuning;

/// The vectors for a kernel, its block, and how many copies of the code the loop has, for all that is known before it is lowered.
pub fn vectors(request: &Request, kernel: &Kernel, work: &Work) -> (PassVectors, usize, usize) {
    let narrow = |why| (why, work.block() * work.registers(), 1);
    if request.vectors == Vectors::Bits128 {
        return narrow(PassVectors::Requested);
    }
    if machine::vector_unit() == VectorUnit::Basic {
        return narrow(PassVectors::Processor);
    }
    if kernel.live_nodes().any(|(_, node)| reduces_by_host(&node.expr)) {
        return narrow(PassVectors::HostCalls);
    }
    // One register has several blocks, which are next to each other in memory if they fill it. So what would be a longer block is
    // another copy of the code.
    let block = work.block();
    let copies = |shape: Shape| (work.registers() / shape.blocks).max(1);
    let usual = |shape: Shape| (shape, copies(shape));
    let long_enough =
        |(shape, copies): &(Shape, usize)| request.row_pixels >= shape.blocks * block * copies * tuning::WIDE_TURNS;
    let chosen = match request.vectors {
        // In short rows without copies, if that is enough.
        Vectors::Auto => wanted(work).into_iter().flat_map(|shape| [usual(shape), (shape, 1)]).find(long_enough),
        Vectors::Bits512 if machine::vector_unit() >= VectorUnit::Avx512 => Some(usual(Shape::AVX512)),
        _ => Some(usual(half())),
    };
    let wide = |(shape, copies)| (PassVectors::Wide(shape), block, copies);
    chosen.map_or_else(|| narrow(PassVectors::ShortRows), wide)
}

/// The shapes of registers that are fast for a kernel, the fastest first.
fn wanted(work: &Work) -> Vec<Shape> {
    match machine::vector_unit() {
        VectorUnit::FastAvx512 if work.total() > tuning::LITTLE_FOR_512 => vec![Shape::AVX512, half()],
        _ => vec![half()],
    }
}

/// Registers of 256 bits.
fn half() -> Shape {
    if machine::vector_unit() >= VectorUnit::Avx512 { Shape::AVX512_HALF } else { Shape::AVX2 }
}

/// The vectors for what the kernel has become: functions of the host are called for one block at a time.
pub fn settled(wanted: (PassVectors, usize), bodies: [Option<&Body>; 2]) -> (PassVectors, usize) {
    match bodies.into_iter().flatten().any(Body::calls_host) {
        true => (PassVectors::HostCalls, 1),
        false => wanted,
    }
}

/// Whether the host computes the operation where an argument is large.
fn reduces_by_host(expr: &Expr) -> bool {
    matches!(expr, Expr::Unary(UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Tan, _))
}
