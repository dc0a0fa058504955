//! How wide the vectors of a pass are.

use super::body::Body;
use super::pass::PassVectors;
use super::request::Request;
use crate::grid::vectors::Vectors;
use crate::lang::hir::{Expr, Kernel};
use crate::lang::ops::UnaryOp;
use crate::{machine, tuning};

/// The vectors for blocks of so many pixels.
pub fn vectors<'b>(
    request: &Request,
    kernel: &Kernel,
    mut bodies: impl Iterator<Item = &'b Body>,
    block: usize,
) -> PassVectors {
    if request.vectors == Vectors::Bits128 {
        return PassVectors::Told;
    }
    if machine::vector_bits() < 256 {
        return PassVectors::Processor;
    }
    if bodies.any(Body::calls_host) || kernel.live_nodes().any(|(_, node)| reduces_by_host(&node.expr)) {
        return PassVectors::HostCalls;
    }
    if request.vectors == Vectors::Auto && request.row_pixels < 2 * block * tuning::WIDE_TURNS {
        return PassVectors::ShortRows;
    }
    PassVectors::Wide
}

/// Whether the host computes the operation where an argument is large.
fn reduces_by_host(expr: &Expr) -> bool {
    matches!(expr, Expr::Unary(UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Tan, _))
}
