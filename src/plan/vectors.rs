//! How wide the vectors of a pass are, and how many pixels its blocks have.

use super::body::Body;
use super::cost::Work;
use super::pass::PassVectors;
use super::request::Request;
use crate::grid::vectors::Vectors;
use crate::lang::hir::{Expr, Kernel};
use crate::lang::ops::UnaryOp;
use crate::{machine, tuning};

/// The vectors and the block for a kernel, for all that is known before it is lowered.
pub fn vectors(request: &Request, kernel: &Kernel, work: &Work) -> (PassVectors, usize) {
    let narrow = |why| (why, work.block(false));
    if request.vectors == Vectors::Bits128 {
        return narrow(PassVectors::Told);
    }
    if machine::vector_bits() < 256 {
        return narrow(PassVectors::Processor);
    }
    if kernel.live_nodes().any(|(_, node)| reduces_by_host(&node.expr)) {
        return narrow(PassVectors::HostCalls);
    }
    let block = work.block(true);
    if request.vectors == Vectors::Auto && request.row_pixels < 2 * block * tuning::WIDE_TURNS {
        return narrow(PassVectors::ShortRows);
    }
    (PassVectors::Wide, block)
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
