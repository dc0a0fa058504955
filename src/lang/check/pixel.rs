//! What an expression of windows would be for the pixel alone, so that an error can say how to write it.

use crate::lang::ast::{Argument, Expr, ExprKind, Name};
use crate::lang::builtins::{Meaning, builtin};

/// Longer expressions are not printed.
const LONGEST: usize = 80;

/// What a name stands for.
pub(super) enum Named {
    /// An input's window, of which the pixel has a value.
    Input,
    /// Another window.
    Window,
    Scalar,
}

/// The expression with each input that stands for its window read at the pixel, in two dimensions; none where it has other
/// windows, such as distances, or is long.
pub(super) fn at_pixel(expr: &Expr, named: &dyn Fn(&str) -> Named) -> Option<String> {
    let mut inner = expr.clone();
    read_at_pixel(&mut inner, named)?;
    Some(inner.to_string()).filter(|text| text.len() <= LONGEST)
}

fn read_at_pixel(expr: &mut Expr, named: &dyn Fn(&str) -> Named) -> Option<()> {
    let span = expr.span;
    match &mut expr.kind {
        ExprKind::Name(name) => match named(name) {
            Named::Input => {
                let zero = || Expr { kind: ExprKind::Number(0.0), span };
                let input = Name { text: std::mem::take(name), span };
                expr.kind = ExprKind::Index { input, offsets: vec![zero(), zero()] };
                Some(())
            }
            Named::Window => None,
            Named::Scalar => Some(()),
        },
        ExprKind::Number(_) | ExprKind::Index { .. } => Some(()),
        ExprKind::Call { function, arguments } => match builtin(&function.text)?.meaning {
            Meaning::Unary(_) | Meaning::Binary(_) | Meaning::Derived(_) => arguments_at_pixel(arguments, named),
            Meaning::Extreme(..) if arguments.len() > 1 => arguments_at_pixel(arguments, named),
            // What is reduced already stays so.
            Meaning::Extreme(..) | Meaning::Reduction(_) | Meaning::Statistic(_) => Some(()),
            Meaning::Constant(_) | Meaning::Truth(_) | Meaning::Place(_) => None,
        },
        ExprKind::Prefix(_, operand) => read_at_pixel(operand, named),
        ExprKind::Chain { first, rest } => {
            read_at_pixel(first, named)?;
            rest.iter_mut().try_for_each(|(_, operand)| read_at_pixel(operand, named))
        }
        ExprKind::Compare { first, rest } => {
            read_at_pixel(first, named)?;
            rest.iter_mut().try_for_each(|(_, operand)| read_at_pixel(operand, named))
        }
        ExprKind::Power { base, exponent } => {
            read_at_pixel(base, named)?;
            read_at_pixel(exponent, named)
        }
        ExprKind::Conditional { arms, otherwise } => {
            for (condition, value) in arms {
                read_at_pixel(condition, named)?;
                read_at_pixel(value, named)?;
            }
            read_at_pixel(otherwise, named)
        }
        ExprKind::Fold(_) => None,
    }
}

fn arguments_at_pixel(arguments: &mut [Argument], named: &dyn Fn(&str) -> Named) -> Option<()> {
    arguments.iter_mut().try_for_each(|argument| read_at_pixel(&mut argument.value, named))
}
