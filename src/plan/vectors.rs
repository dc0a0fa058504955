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

/// The vectors and the block for a kernel, for all that is known before it is lowered.
pub fn vectors(request: &Request, kernel: &Kernel, work: &Work) -> (PassVectors, usize) {
    let narrow = |why| (why, work.block(false));
    if request.vectors == Vectors::Bits128 {
        return narrow(PassVectors::Told);
    }
    if machine::vector_unit() == VectorUnit::Basic {
        return narrow(PassVectors::Processor);
    }
    if kernel.live_nodes().any(|(_, node)| reduces_by_host(&node.expr)) {
        return narrow(PassVectors::HostCalls);
    }
    let block = work.block(true);
    let long_enough = |shape: &Shape| request.row_pixels >= shape.blocks * block * tuning::WIDE_TURNS;
    let shape = match request.vectors {
        Vectors::Auto => wanted(work).into_iter().find(long_enough),
        Vectors::Bits512 if machine::vector_unit() >= VectorUnit::Avx512 => Some(Shape::AVX512),
        _ => Some(half()),
    };
    shape.map_or_else(|| narrow(PassVectors::ShortRows), |shape| (PassVectors::Wide(shape), block))
}

/// The shapes of registers that are fast for a kernel, the fastest first.
fn wanted(_work: &Work) -> Vec<Shape> {
    match machine::vector_unit() {
        VectorUnit::FastAvx512 => vec![Shape::AVX512, half()],
        _ => vec![half()],
    }
}

/// Registers of 256 bits.
fn half() -> Shape {
    if machine::vector_unit() >= VectorUnit::Avx512 { Shape::AVX512_HALF } else { Shape::AVX2 }
}

/// The vectors for what the kernel has become: functions of the host are called for one block at a time.
pub fn settled(wanted: PassVectors, bodies: [Option<&Body>; 2]) -> PassVectors {
    match bodies.into_iter().flatten().any(Body::calls_host) {
        true => PassVectors::HostCalls,
        false => wanted,
    }
}

/// Whether the host computes the operation where an argument is large.
fn reduces_by_host(expr: &Expr) -> bool {
    matches!(expr, Expr::Unary(UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Tan, _))
}
