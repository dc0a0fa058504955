//! Which kernels can be callbacks: C functions that are given the window, and nothing of its place.

use super::diagnostic::{Code, Diagnostic};
use super::hir::{Expr, Kernel};
use super::span::Span;

/// Why `kernel` can't be a callback, if it can't.
pub fn unsupported_as_callback(kernel: &Kernel) -> Option<Diagnostic> {
    let whole = |message: String| Diagnostic::new(Code::NotInCallback, Span::default(), message);
    if kernel.inputs.len() != 1 {
        return Some(
            whole(format!("a callback has one input, and the kernel has {}", kernel.inputs.len()))
                .hint("run it with `Filter`, which takes several inputs"),
        );
    }
    if kernel.outputs.len() != 1 {
        return Some(
            whole(format!("a callback has one output, and the kernel has {}", kernel.outputs.len()))
                .hint("run it with `Filter`, which gives several outputs"),
        );
    }
    let place = kernel.live_nodes().find_map(|(_, node)| match node.expr {
        Expr::Coord(_) => Some(("coord", node.span)),
        Expr::Extent(_) => Some(("extent", node.span)),
        Expr::Inside => Some(("inside", node.span)),
        _ => None,
    });
    let (name, span) = place?;
    Some(
        Diagnostic::new(Code::NotInCallback, span, format!("a callback can't tell `{name}`"))
            .label("SciPy passes the window and not its place"),
    )
}

/// Why `kernel` needs to know its footprint, if it does.
pub fn needs_footprint(kernel: &Kernel) -> Option<Diagnostic> {
    let (what, span) = kernel.live_nodes().find_map(|(_, node)| match node.expr {
        Expr::At { .. } => Some(("a cell at a fixed offset", node.span)),
        Expr::Offset(_) => Some(("`offset`", node.span)),
        Expr::Dist => Some(("`dist`", node.span)),
        _ => None,
    })?;
    Some(
        Diagnostic::new(Code::NotInCallback, span, format!("a callback for any footprint can't tell {what}"))
            .label("which cell is where depends on the footprint")
            .hint("name the footprint: `Kernel::callback_for`, or `--size` or `--footprint` on the command line"),
    )
}

/// Why `kernel` is no function of a point, if it is none: it has a window, or needs to know the array.
pub fn needs_more_than_a_point(kernel: &Kernel) -> Option<Diagnostic> {
    let (what, span) = kernel.live_nodes().find_map(|(_, node)| match node.expr {
        Expr::Extent(_) => Some(("`extent`", node.span)),
        Expr::At { .. } | Expr::Len | Expr::Reduce { .. } | Expr::FoldValue(..) => Some(("a window", node.span)),
        _ => node.ty.is_window().then_some(("a window", node.span)),
    })?;
    Some(
        Diagnostic::new(Code::NotInCallback, span, format!("a function of a point has not {what}"))
            .label("only params and `coord` are known here"),
    )
}

/// What of `kernel` depends on which cells a window has, or on all of them being there, if anything does.
pub fn depends_on_all_cells(kernel: &Kernel) -> Option<&'static str> {
    kernel.live_nodes().find_map(|(_, node)| match node.expr {
        Expr::At { .. } => Some("a cell at a fixed offset"),
        Expr::Offset(_) => Some("`offset`"),
        Expr::Dist => Some("`dist`"),
        Expr::Weight(_) => Some("which weight belongs to which cell"),
        _ => None,
    })
}
