//! Calls: functions of the program are inlined, built-ins become nodes.

use super::names::recursion;
use super::{Binding, Checked, Checker, MAX_AXES, Value, Values};
use crate::lang::ast::{Argument, ExprKind, Function, Name, PrefixOp};
use crate::lang::builtins::{Builtin, Derived, Meaning, Place, Statistic, builtin};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expr, ExprId, Reduction};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::span::Span;
use crate::lang::types::{Elem, Type};
use crate::lang::words::counted;

impl<'a> Checker<'a> {
    pub(super) fn call(&mut self, name: &'a Name, arguments: &'a [Argument], span: Span) -> Checked<Values> {
        match self.lookup(&name.text) {
            Some(Binding::Function(function)) => self.inline(function, name, arguments, span),
            Some(binding) => Err(Diagnostic::new(
                Code::UnknownFunction,
                name.span,
                format!("`{}` is a value and not a function", name.text),
            )
            .hint(match binding {
                Binding::Input(..) => format!(
                    "a cell is read in `[ ]`, at constant offsets from the pixel: `{}`; multiplication is `*`",
                    cell(name, arguments)
                ),
                _ => "multiplication is written with `*`".to_string(),
            })),
            None => match builtin(&name.text) {
                Some(builtin) => self.call_builtin(builtin, name, arguments, span).map(Values::One),
                None => Err(self.unknown_function(&name.text, name.span)),
            },
        }
    }

    fn inline(&mut self, index: usize, name: &Name, arguments: &'a [Argument], span: Span) -> Checked<Values> {
        let function = self.functions[index].ast;
        if self.calls.contains(&index) {
            return Err(recursion(&name.text, name.span, function.name.span));
        }
        if arguments.len() != function.parameters.len() {
            let expected = function.parameters.len();
            return Err(arity(name, expected, expected, arguments.len()).note(function.name.span, "defined here"));
        }
        let mut values = Vec::new();
        for argument in arguments {
            no_condition(argument, &name.text)?;
            values.push(self.value(&argument.value)?);
        }
        let fold = self.folds.last().map_or(0, |_| self.fold_scope);
        let key = (index, values.clone(), self.path, fold);
        if let Some(values) = self.inlined.get(&key) {
            return Ok(values.clone());
        }
        // The body sees its parameters and the globals that its definition saw.
        let locals = function.parameters.iter().map(|name| name.text.clone()).zip(values).collect();
        let outer_locals = std::mem::replace(&mut self.locals, locals);
        let outer_visible = std::mem::replace(&mut self.visible, self.functions[index].visible);
        self.calls.push(index);
        let body = function.body_span();
        let values = self.body(function).map_err(|diagnostic| {
            let inside = |span: Span| span.start >= body.start && span.end <= body.end;
            if inside(diagnostic.span) && !diagnostic.notes.iter().any(|(note, _)| *note == span) {
                diagnostic.note(span, format!("in this call of `{}`", function.name.text))
            } else {
                diagnostic
            }
        });
        self.calls.pop();
        self.locals = outer_locals;
        self.visible = outer_visible;
        let values = values?;
        self.inlined.insert(key, values.clone());
        Ok(values)
    }

    /// The values of a function whose parameters are bound.
    fn body(&mut self, function: &'a Function) -> Checked<Values> {
        for binding in &function.lets {
            let values = self.bound_values(binding)?;
            self.locals.extend(binding.names.iter().map(|name| name.text.clone()).zip(values));
        }
        match function.values.as_slice() {
            // A fold may give several.
            [one] => self.values(one),
            several => several.iter().map(|value| self.value(value)).collect::<Checked<_>>().map(Values::Many),
        }
    }

    fn call_builtin(
        &mut self,
        builtin: &'static Builtin,
        name: &'a Name,
        arguments: &'a [Argument],
        span: Span,
    ) -> Checked<Value> {
        let Some((least, most)) = builtin.arity() else {
            return Err(Diagnostic::new(
                Code::UnknownFunction,
                name.span,
                format!("`{}` is a constant and not a function", name.text),
            )
            .hint("multiplication is written with `*`"));
        };
        if arguments.len() < least || arguments.len() > most {
            let diagnostic = arity(name, least, most, arguments.len());
            return Err(diagnostic.hint(format!("`{}`: {}", builtin.signature, builtin.doc)));
        }
        let reduces = match builtin.meaning {
            Meaning::Extreme(..) => arguments.len() == 1,
            Meaning::Reduction(..) | Meaning::Statistic(_) => true,
            _ => false,
        };
        for argument in &arguments[usize::from(reduces)..] {
            no_condition(argument, &name.text)?;
        }
        let user = format!("`{}`", name.text);
        match builtin.meaning {
            Meaning::Constant(_) | Meaning::Truth(_) => unreachable!("constants have no arity"),
            Meaning::Unary(op) => {
                let value = self.number(&arguments[0].value, &user)?;
                Ok(Value::new(self.builder.unary(op, value.id), value.ty))
            }
            Meaning::Binary(op) => {
                let a = self.number(&arguments[0].value, &user)?;
                let b = self.number(&arguments[1].value, &user)?;
                Ok(self.binary(op, a, b))
            }
            Meaning::Extreme(reduction, _) if reduces => self.reduce(reduction, builtin, arguments),
            Meaning::Extreme(_, op) => {
                let mut value = self.number(&arguments[0].value, &user)?;
                for argument in &arguments[1..] {
                    let next = self.number(&argument.value, &user)?;
                    value = self.binary(op, value, next);
                }
                Ok(value)
            }
            Meaning::Reduction(reduction) => self.reduce(reduction, builtin, arguments),
            Meaning::Statistic(statistic) => self.statistic(statistic, &arguments[0], builtin),
            Meaning::Derived(derived) => self.derived(derived, arguments, &user),
            Meaning::Place(place) => self.place(place, arguments, span),
        }
    }

    /// A call of a reduction that engines implement.
    fn reduce(&mut self, op: Reduction, builtin: &Builtin, arguments: &'a [Argument]) -> Checked<Value> {
        let (window, filter) = self.window(&arguments[0], builtin, Some(Elem::Number))?;
        let argument = match op.row().argument {
            None => None,
            Some(kind) => {
                let argument = &arguments[1].value;
                let value = self.number_scalar(argument, &format!("the second argument of `{}`", builtin.name))?;
                self.demand_valid(kind, filter, value.id, argument.span)?;
                Some(value.id)
            }
        };
        Ok(Value::new(self.builder.reduce(op, window, filter, argument), Type::NUMBER))
    }

    /// The window and the condition of the argument of `reduction`, with elements of type `elem` if that matters.
    pub(super) fn window(
        &mut self,
        argument: &'a Argument,
        reduction: &Builtin,
        elem: Option<Elem>,
    ) -> Checked<(ExprId, Option<ExprId>)> {
        let user = &format!("`{}`", reduction.name);
        // What the value demands counts for the elements that take part.
        let filter = argument.condition.as_ref().map(|condition| self.boolean(condition, "`where`")).transpose();
        let path = self.path;
        if let Ok(Some(filter)) = &filter {
            self.path = self.builder.binary(BinaryOp::And, path, filter.id);
        }
        let value = match elem {
            Some(Elem::Number) => self.number(&argument.value, user),
            Some(Elem::Boolean) => self.boolean(&argument.value, user),
            None => self.value(&argument.value),
        };
        self.path = path;
        let value = value?;
        if !value.ty.is_window() {
            let diagnostic = Diagnostic::new(
                Code::NotWindow,
                argument.value.span,
                format!("{user} reduces a window, and this is {}", value.ty),
            )
            .label(format!("{}", value.ty));
            return Err(if matches!(reduction.meaning, Meaning::Extreme(..)) {
                diagnostic.hint("the least or greatest of scalars needs two or more of them: `min(a, b)`")
            } else {
                diagnostic.hint(format!("a window is an input such as `{}`, or made from one", self.inputs[0]))
            });
        }
        Ok((value.id, filter?.map(|filter| filter.id)))
    }

    /// How many elements take part where `filter` is true.
    pub(super) fn selected(&mut self, filter: Option<ExprId>) -> ExprId {
        match filter {
            Some(filter) => self.builder.count(filter),
            None => self.builder.window_len(),
        }
    }

    pub(super) fn mean(&mut self, window: ExprId, filter: Option<ExprId>) -> ExprId {
        let sum = self.builder.reduce(Reduction::Sum, window, filter, None);
        let count = self.selected(filter);
        self.builder.binary(BinaryOp::Divide, sum, count)
    }

    fn statistic(&mut self, statistic: Statistic, argument: &'a Argument, builtin: &Builtin) -> Checked<Value> {
        let number = |id| Value::new(id, Type::NUMBER);
        let boolean = |id| Value::new(id, Type::BOOLEAN);
        match statistic {
            Statistic::Mean => {
                let (window, filter) = self.window(argument, builtin, Some(Elem::Number))?;
                Ok(number(self.mean(window, filter)))
            }
            Statistic::Var | Statistic::Std => {
                let (window, filter) = self.window(argument, builtin, Some(Elem::Number))?;
                let mean = self.mean(window, filter);
                let deviation = self.builder.binary(BinaryOp::Subtract, window, mean);
                let square = self.builder.binary(BinaryOp::Multiply, deviation, deviation);
                let var = self.mean(square, filter);
                Ok(number(if statistic == Statistic::Std { self.builder.unary(UnaryOp::Sqrt, var) } else { var }))
            }
            Statistic::Count | Statistic::Any | Statistic::All => {
                let (window, filter) = self.window(argument, builtin, Some(Elem::Boolean))?;
                // Every element that takes part is true if none is false.
                let window = if statistic == Statistic::All { self.builder.not(window) } else { window };
                let window = match filter {
                    Some(filter) => self.builder.binary(BinaryOp::And, window, filter),
                    None => window,
                };
                let count = self.builder.count(window);
                let zero = self.builder.number(0.0);
                Ok(match statistic {
                    Statistic::Any => boolean(self.builder.binary(BinaryOp::NotEqual, count, zero)),
                    Statistic::All => boolean(self.builder.binary(BinaryOp::Equal, count, zero)),
                    _ => number(count),
                })
            }
            Statistic::Len => {
                let (_, filter) = self.window(argument, builtin, None)?;
                Ok(number(self.selected(filter)))
            }
        }
    }

    fn derived(&mut self, derived: Derived, arguments: &'a [Argument], user: &str) -> Checked<Value> {
        let values = arguments.iter().map(|a| self.number(&a.value, user)).collect::<Checked<Vec<Value>>>()?;
        let x = values[0];
        let builder = &mut self.builder;
        let boolean = |id| Value::new(id, Type { elem: Elem::Boolean, ..x.ty });
        Ok(match derived {
            Derived::Sign => {
                let [zero, one, minus] = [0.0, 1.0, -1.0].map(|constant| builder.number(constant));
                let negative = builder.binary(BinaryOp::Less, x.id, zero);
                let positive = builder.binary(BinaryOp::Less, zero, x.id);
                let rest = builder.select(negative, minus, x.id);
                Value::new(builder.select(positive, one, rest), x.ty)
            }
            Derived::Clamp => {
                let low = builder.binary(BinaryOp::Max, x.id, values[1].id);
                let id = builder.binary(BinaryOp::Min, low, values[2].id);
                Value::new(id, x.ty.broadcast(values[1].ty).broadcast(values[2].ty))
            }
            Derived::Fma => {
                let id = builder.fma(x.id, values[1].id, values[2].id);
                Value::new(id, x.ty.broadcast(values[1].ty).broadcast(values[2].ty))
            }
            Derived::IsNan => boolean(builder.binary(BinaryOp::NotEqual, x.id, x.id)),
            Derived::IsFinite => {
                let (magnitude, inf) = (builder.unary(UnaryOp::Abs, x.id), builder.number(f64::INFINITY));
                boolean(builder.binary(BinaryOp::Less, magnitude, inf))
            }
            Derived::IsInf => {
                let (magnitude, inf) = (builder.unary(UnaryOp::Abs, x.id), builder.number(f64::INFINITY));
                boolean(builder.binary(BinaryOp::Equal, magnitude, inf))
            }
        })
    }

    pub(super) fn place(&mut self, place: Place, arguments: &'a [Argument], span: Span) -> Checked<Value> {
        self.builder.span = span;
        match place {
            Place::Dist => return Ok(Value::new(self.builder.leaf(Expr::Dist, Type::NUMBERS), Type::NUMBERS)),
            Place::Inside => return Ok(Value::new(self.builder.leaf(Expr::Inside, Type::BOOLEANS), Type::BOOLEANS)),
            Place::Offset | Place::Coord | Place::Extent => {}
        }
        let axis = self.whole(&arguments[0].value, "an axis", 0, MAX_AXES as i32 - 1)? as usize;
        let (expr, ty) = match place {
            Place::Offset => (Expr::Offset(axis), Type::NUMBERS),
            Place::Coord => (Expr::Coord(axis), Type::NUMBER),
            Place::Extent => (Expr::Extent(axis), Type::NUMBER),
            Place::Dist | Place::Inside => unreachable!("handled above"),
        };
        Ok(Value::new(self.builder.leaf(expr, ty), ty))
    }
}

/// What was meant by a call of an input: its cell at these offsets, if they are numbers.
fn cell(name: &Name, arguments: &[Argument]) -> String {
    let offset = |argument: &Argument| match &argument.value.kind {
        ExprKind::Number(_) => Some(argument.value.to_string()),
        ExprKind::Prefix(PrefixOp::Negate, operand) if matches!(operand.kind, ExprKind::Number(_)) => {
            Some(argument.value.to_string())
        }
        _ => None,
    };
    let offsets: Option<Vec<String>> = arguments.iter().map(offset).collect();
    let offsets = offsets.filter(|offsets| !offsets.is_empty()).map(|offsets| offsets.join(", "));
    format!("{}[{}]", name.text, offsets.as_deref().unwrap_or("0, 1"))
}

pub(super) fn arity(name: &Name, least: usize, most: usize, given: usize) -> Diagnostic {
    let arguments = |number| counted(number, "argument");
    let expected = match (least, most) {
        (least, most) if least == most => arguments(least),
        (least, usize::MAX) => format!("at least {}", arguments(least)),
        (least, most) => format!("{least} to {}", arguments(most)),
    };
    Diagnostic::new(Code::Arity, name.span, format!("`{}` takes {expected}, and has {given}", name.text))
        .label(format!("{} given", arguments(given)))
}

fn no_condition(argument: &Argument, function: &str) -> Checked<()> {
    match &argument.condition {
        None => Ok(()),
        Some(condition) => Err(Diagnostic::new(
            Code::MisplacedWhere,
            condition.span,
            format!("`where` belongs to the window of a reduction, and this is not one of `{function}`'s"),
        )
        .label("this condition selects nothing")
        .hint("choose between values with `if condition then a else b`")),
    }
}
