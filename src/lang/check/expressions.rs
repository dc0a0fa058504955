//! The value of each form of expression, with its type.

use super::names::named_offset;
use super::pixel::{Named, at_pixel};
use super::{Binding, Checked, Checker, MAX_AXES, STEPS_PER_NODE, Value, Values};
use crate::lang::ast::{self, ExprKind, Name, PrefixOp};
use crate::lang::builtins::{Meaning, builtin};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::Expr;
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::span::Span;
use crate::lang::types::{Elem, Type};
use crate::lang::words::counted;

impl<'a> Checker<'a> {
    /// The value of an expression that must have one.
    pub(super) fn value(&mut self, expr: &'a ast::Expr) -> Checked<Value> {
        match self.values(expr)? {
            Values::One(value) => Ok(value),
            Values::Many(values) => Err(Diagnostic::new(
                Code::FoldArity,
                expr.span,
                match expr.kind {
                    ExprKind::Fold(_) => format!("the fold has {} values and one is needed", values.len()),
                    _ => format!("the function gives {} values and one is needed", values.len()),
                },
            )
            .label(counted(values.len(), if matches!(expr.kind, ExprKind::Fold(_)) { "accumulator" } else { "value" }))
            .hint(match &expr.kind {
                ExprKind::Call { function, .. } => format!("name them in front: `let a, b = {}(...);`", function.text),
                _ => "name them in front: `let a, b = fold ...;`".to_string(),
            })),
        }
    }

    pub(super) fn values(&mut self, expr: &'a ast::Expr) -> Checked<Values> {
        self.steps += 1;
        self.check_size(expr.span)?;
        let depth = self.limits.inlined_nesting;
        if self.depth >= depth {
            return Err(Diagnostic::new(
                Code::NestedTooDeeply,
                expr.span,
                format!(
                    "the kernel is nested too deeply after its functions are inlined: the limit `inlined_nesting` is \
                     {depth} levels"
                ),
            )
            .label("the limit is passed here"));
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.builder.span, expr.span);
        let values = match &expr.kind {
            ExprKind::Fold(fold) => self.fold(fold, expr.span),
            ExprKind::Call { function, arguments } => self.call(function, arguments, expr.span),
            _ => self.single(expr).map(Values::One),
        };
        self.builder.span = outer;
        self.depth -= 1;
        values
    }

    /// Checks that what there is of the kernel, up to `span`, is not too large.
    pub(super) fn check_size(&self, span: Span) -> Checked<()> {
        let nodes = self.limits.nodes;
        if self.steps <= nodes.saturating_mul(STEPS_PER_NODE) && self.builder.node_count() <= nodes {
            return Ok(());
        }
        let message =
            format!("the kernel is too large after its functions are inlined: the limit `nodes` is {nodes} operations");
        Err(Diagnostic::new(Code::KernelTooLarge, span, message).label("the limit is passed here"))
    }

    fn single(&mut self, expr: &'a ast::Expr) -> Checked<Value> {
        match &expr.kind {
            ExprKind::Number(value) => Ok(Value::new(self.builder.number(*value), Type::NUMBER)),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Index { input, offsets } => self.index(input, offsets),
            ExprKind::Prefix(PrefixOp::Negate, operand) => {
                let value = self.number(operand, "`-`")?;
                Ok(Value::new(self.builder.unary(UnaryOp::Negate, value.id), value.ty))
            }
            ExprKind::Prefix(PrefixOp::Not, operand) => {
                let value = self.boolean(operand, "`not`")?;
                Ok(Value::new(self.builder.not(value.id), value.ty))
            }
            ExprKind::Chain { first, rest } => self.chain(first, rest),
            ExprKind::Power { base, exponent } => {
                let base = self.number(base, "`**`")?;
                let exponent = self.number(exponent, "`**`")?;
                Ok(Value::new(self.builder.power(base.id, exponent.id), base.ty.broadcast(exponent.ty)))
            }
            ExprKind::Compare { first, rest } => self.comparison(first, rest),
            ExprKind::Conditional { arms, otherwise } => self.conditional(arms, otherwise),
            ExprKind::Fold(_) | ExprKind::Call { .. } => unreachable!("these may have several values"),
        }
    }

    pub(super) fn name(&mut self, name: &str, span: Span) -> Checked<Value> {
        match self.lookup(name) {
            Some(Binding::Value(value)) => Ok(value),
            Some(Binding::Input(input, boolean)) => {
                let element = self.builder.leaf(Expr::Tap(input), Type::NUMBERS);
                let value = Value::new(element, Type::NUMBERS);
                Ok(Value { input: Some(input), ..if boolean { self.is_true(value) } else { value } })
            }
            Some(Binding::Param(param)) => {
                Ok(Value::new(self.builder.leaf(Expr::Param(param), Type::NUMBER), Type::NUMBER))
            }
            Some(Binding::Weights(weights)) => {
                Ok(Value::new(self.builder.leaf(Expr::Weight(weights), Type::NUMBERS), Type::NUMBERS))
            }
            Some(Binding::Function(_)) => {
                Err(Diagnostic::new(Code::TypeClash, span, format!("`{name}` is a function and not a value"))
                    .hint(format!("call it: `{name}(...)`")))
            }
            None => match builtin(name).map(|builtin| (builtin.meaning, builtin.signature)) {
                Some((Meaning::Constant(value), _)) => Ok(Value::new(self.builder.number(value), Type::NUMBER)),
                Some((Meaning::Truth(value), _)) => Ok(Value::new(self.builder.boolean(value), Type::BOOLEAN)),
                Some((_, signature)) => {
                    Err(Diagnostic::new(Code::TypeClash, span, format!("`{name}` is a function and not a value"))
                        .hint(format!("call it: `{signature}`")))
                }
                None => Err(self.unknown_name(name, span, &[])),
            },
        }
    }

    /// The value of `expr` if its elements are numbers; `user` needs them.
    pub(super) fn number(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
        let value = self.value(expr)?;
        match value.ty.elem {
            Elem::Number => Ok(value),
            Elem::Boolean => Err(Diagnostic::new(
                Code::TypeClash,
                expr.span,
                format!("{user} needs a number, and this is {}", value.ty),
            )
            .label(format!("{}", value.ty))
            .hint(if value.ty.is_window() {
                "count the true elements with `count(...)`, or choose numbers with `if ... then 1 else 0`"
            } else {
                "choose numbers with `if ... then 1 else 0`"
            })),
        }
    }

    pub(super) fn boolean(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
        let value = self.value(expr)?;
        match value.ty.elem {
            Elem::Boolean => Ok(value),
            Elem::Number => Err(Diagnostic::new(
                Code::TypeClash,
                expr.span,
                format!("{user} needs a boolean, and this is {}", value.ty),
            )
            .label(format!("{}", value.ty))
            .hint("compare it with something, as in `x > 0`")),
        }
    }

    pub(super) fn number_scalar(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
        let value = self.number(expr, user)?;
        self.scalar(expr, value, user)
    }

    pub(super) fn boolean_scalar(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
        let value = self.boolean(expr, user)?;
        self.scalar(expr, value, user)
    }

    pub(super) fn scalar(&self, expr: &ast::Expr, value: Value, user: &str) -> Checked<Value> {
        if value.ty.is_window() { Err(self.not_scalar(expr, value.ty, user)) } else { Ok(value) }
    }

    /// The error for a window where one value is asked for.
    pub(super) fn not_scalar(&self, expr: &ast::Expr, ty: Type, user: &str) -> Diagnostic {
        let diagnostic = Diagnostic::new(Code::NotScalar, expr.span, format!("{user} is one value, and this is {ty}"))
            .label(format!("{ty}"));
        match (&expr.kind, ty.elem) {
            (ExprKind::Name(name), Elem::Number) if matches!(self.named(name), Named::Input) => diagnostic.hint(format!(
                "reduce it, as in `mean({name})` or `min({name})`; the centre of a two-dimensional window is `{name}[0, 0]`"
            )),
            (_, elem) => {
                let reductions = match elem {
                    Elem::Number => "`mean`, `min`, `max`, `sum`, `median`, ...",
                    Elem::Boolean => "`any`, `all` or `count`",
                };
                diagnostic.hint(match at_pixel(expr, &|name| self.named(name)) {
                    Some(pixel) => {
                        format!("for the pixel alone write `{pixel}`, in two dimensions; reduce a window with {reductions}")
                    }
                    None => format!("reduce it with {reductions}"),
                })
            }
        }
    }

    /// What a name stands for, if for anything.
    fn named(&self, name: &str) -> Named {
        match self.lookup(name) {
            Some(Binding::Input(..)) => Named::Input,
            Some(Binding::Weights(_)) => Named::Window,
            Some(Binding::Value(value)) if value.ty.is_window() => Named::Window,
            _ => Named::Scalar,
        }
    }

    /// The value of a constant expression; `what` says which place needs it.
    pub(super) fn constant(&mut self, expr: &'a ast::Expr, what: &str) -> Checked<f64> {
        let value = self.number_scalar(expr, what)?;
        self.builder.as_number(value.id).ok_or_else(|| {
            Diagnostic::new(Code::NotConstant, expr.span, format!("{what} must be a constant"))
                .label("this depends on the data or on a param")
        })
    }

    /// A constant whole number between `least` and `greatest`.
    pub(super) fn whole(&mut self, expr: &'a ast::Expr, what: &str, least: i32, greatest: i32) -> Checked<i32> {
        let value = self.constant(expr, what)?;
        if value.fract() == 0.0 && value >= f64::from(least) && value <= f64::from(greatest) {
            return Ok(value as i32);
        }
        Err(Diagnostic::new(
            Code::OutOfRange,
            expr.span,
            format!("{what} must be a whole number from {least} to {greatest}"),
        )
        .label(format!("this is {value}")))
    }

    pub(super) fn binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Value {
        let id = self.builder.binary(op, a.id, b.id);
        let elem = if op.is_boolean() { Elem::Boolean } else { Elem::Number };
        Value::new(id, Type { elem, ..a.ty.broadcast(b.ty) })
    }

    pub(super) fn chain(&mut self, first: &'a ast::Expr, rest: &'a [(ast::BinaryOp, ast::Expr)]) -> Checked<Value> {
        let op = rest[0].0;
        if matches!(op, ast::BinaryOp::And | ast::BinaryOp::Or) {
            return self.logic(op, first, rest);
        }
        let mut left = self.number(first, &format!("`{}`", op.symbol()))?;
        for (op, operand) in rest {
            let right = self.number(operand, &format!("`{}`", op.symbol()))?;
            left = match op {
                ast::BinaryOp::Add => self.binary(BinaryOp::Add, left, right),
                ast::BinaryOp::Subtract => self.binary(BinaryOp::Subtract, left, right),
                ast::BinaryOp::Multiply => self.binary(BinaryOp::Multiply, left, right),
                ast::BinaryOp::Divide => self.binary(BinaryOp::Divide, left, right),
                ast::BinaryOp::Remainder => {
                    let quotient = self.binary(BinaryOp::Divide, left, right);
                    let whole = Value::new(self.builder.unary(UnaryOp::Floor, quotient.id), quotient.ty);
                    let multiple = self.binary(BinaryOp::Multiply, whole, right);
                    self.binary(BinaryOp::Subtract, left, multiple)
                }
                ast::BinaryOp::And | ast::BinaryOp::Or => unreachable!("logic has a level of its own"),
            };
        }
        Ok(left)
    }

    fn logic(
        &mut self,
        op: ast::BinaryOp,
        first: &'a ast::Expr,
        rest: &'a [(ast::BinaryOp, ast::Expr)],
    ) -> Checked<Value> {
        let user = format!("`{}`", op.symbol());
        let outer = self.path;
        let mut left = self.boolean(first, &user)?;
        for (_, operand) in rest {
            // The right side matters only where the left does not decide.
            let open = if op == ast::BinaryOp::And { left.id } else { self.builder.not(left.id) };
            self.path = self.builder.binary(BinaryOp::And, outer, open);
            let right = self.boolean(operand, &user)?;
            self.path = outer;
            let op = if op == ast::BinaryOp::And { BinaryOp::And } else { BinaryOp::Or };
            left = self.binary(op, left, right);
        }
        Ok(left)
    }

    fn comparison(&mut self, first: &'a ast::Expr, rest: &'a [(ast::CompareOp, ast::Expr)]) -> Checked<Value> {
        use ast::CompareOp;
        let mut left = self.value(first)?;
        let mut left_expr = first;
        let mut all: Option<Value> = None;
        for (op, right_expr) in rest {
            let right = self.value(right_expr)?;
            if left.ty.elem != right.ty.elem {
                return Err(clash(
                    &format!("`{}` compares two numbers or two booleans", op.symbol()),
                    (left_expr.span, left.ty),
                    (right_expr.span, right.ty),
                ));
            }
            if left.ty.elem == Elem::Boolean && !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
                return Err(Diagnostic::new(
                    Code::TypeClash,
                    left_expr.span,
                    format!("`{}` needs numbers, and these are booleans", op.symbol()),
                )
                .label(format!("{}", left.ty))
                .note(right_expr.span, format!("{}", right.ty))
                .hint("booleans are compared with `==` and `!=`"));
            }
            let pair = match op {
                CompareOp::Less => self.binary(BinaryOp::Less, left, right),
                CompareOp::LessEqual => self.binary(BinaryOp::LessEqual, left, right),
                CompareOp::Greater => self.binary(BinaryOp::Less, right, left),
                CompareOp::GreaterEqual => self.binary(BinaryOp::LessEqual, right, left),
                CompareOp::Equal => self.binary(BinaryOp::Equal, left, right),
                CompareOp::NotEqual => self.binary(BinaryOp::NotEqual, left, right),
            };
            all = Some(match all {
                None => pair,
                Some(all) => self.binary(BinaryOp::And, all, pair),
            });
            (left, left_expr) = (right, right_expr);
        }
        Ok(all.expect("a comparison has an operator"))
    }

    fn conditional(&mut self, arms: &'a [(ast::Expr, ast::Expr)], otherwise: &'a ast::Expr) -> Checked<Value> {
        let outer = self.path;
        let mut checked = Vec::new();
        for (condition, value) in arms {
            let condition = self.boolean(condition, "a condition")?;
            let before = self.path;
            self.path = self.builder.binary(BinaryOp::And, before, condition.id);
            checked.push((condition, self.value(value)?, value.span));
            let not = self.builder.not(condition.id);
            self.path = self.builder.binary(BinaryOp::And, before, not);
        }
        let mut value = self.value(otherwise)?;
        let mut span = otherwise.span;
        self.path = outer;
        for (condition, yes, yes_span) in checked.into_iter().rev() {
            if yes.ty.elem != value.ty.elem {
                return Err(clash("both sides of an `if` have the same type", (span, value.ty), (yes_span, yes.ty)));
            }
            let ty = value.ty.broadcast(yes.ty).broadcast(condition.ty);
            value = Value::new(self.builder.select(condition.id, yes.id, value.id), ty);
            span = yes_span;
        }
        Ok(value)
    }

    pub(super) fn index(&mut self, input: &Name, offsets: &'a [ast::Expr]) -> Checked<Value> {
        let value = self.name(&input.text, input.span)?;
        let Some(index) = value.input else {
            return Err(Diagnostic::new(
                Code::TypeClash,
                input.span,
                format!("only an input can be read at an offset, and `{}` is {}", input.text, value.ty),
            )
            .label(format!("{}", value.ty))
            .hint(format!("the inputs are: {}", self.inputs.join(", "))));
        };
        if offsets.is_empty() || offsets.len() > MAX_AXES {
            return Err(Diagnostic::new(
                Code::WrongAxes,
                input.span,
                format!("an offset has one number for each axis, and this has {}", offsets.len()),
            )
            .hint(format!("the centre of a two-dimensional window is `{}[0, 0]`", input.text)));
        }
        const FARTHEST: i32 = 1 << 20;
        let offset = offsets
            .iter()
            .map(|offset| self.whole(offset, "an offset", -FARTHEST, FARTHEST).map_err(named_offset))
            .collect::<Checked<Box<[i32]>>>()?;
        let element = Value::new(self.builder.leaf(Expr::At { input: index, offset }, Type::NUMBER), Type::NUMBER);
        Ok(if value.ty.elem == Elem::Boolean { self.is_true(element) } else { element })
    }

    /// What an element of a boolean input says: true unless it is 0.
    fn is_true(&mut self, element: Value) -> Value {
        let zero = self.builder.number(0.0);
        self.binary(BinaryOp::NotEqual, element, Value::new(zero, Type::NUMBER))
    }
}

pub(super) fn clash(message: &str, (span, ty): (Span, Type), (other, other_ty): (Span, Type)) -> Diagnostic {
    Diagnostic::new(Code::TypeClash, span, format!("{message}, and here are {ty} and {other_ty}"))
        .label(format!("{ty}"))
        .note(other, format!("{other_ty}"))
}
