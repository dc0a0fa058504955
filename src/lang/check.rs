//! Syntax tree to meaning: names resolved, types checked, functions inlined, statistics lowered to the reductions
//! that engines implement.
//!
//! # Assertions
//!
//! `assert`, and the demands of `rank`, `percentile`, `trimmed_mean` and `nth` on their second argument, become boolean
//! expressions, so no engine needs to know where they came from. A demand inside one side of an `if`, or on the right
//! of `and` or `or`, holds only where that side is taken: the checker keeps the path there as an expression and makes
//! the demand `not path or condition`. Inside a fold, a demand becomes one more accumulator.

use std::collections::{HashMap, HashSet};

use super::ast::{self, Argument, ExprKind, Item, Name, PrefixOp, Program};
use super::builtins::{BUILTINS, Builtin, Derived, Meaning, Place, Statistic, builtin};
use super::diagnostic::{Code, Diagnostic};
use super::hir::{self, Assertion, Builder, Expr, ExprId, FoldId, Kernel, Output, Param, Reduction};
use super::ops::{BinaryOp, UnaryOp};
use super::parse::with_large_stack;
use super::span::Span;
use super::types::{Elem, Shape, Type};

/// The most operations that a kernel may have after inlining.
pub const MAX_OPERATIONS: usize = 1 << 16;

/// The most expressions that are looked at while inlining, a bound on the work of checking.
const MAX_STEPS: usize = 16 * MAX_OPERATIONS;

/// The deepest nesting of expressions, inlined functions included.
pub const MAX_DEPTH: usize = 600;

/// The deepest nesting of folds; each level multiplies the work by the size of the footprint.
pub const MAX_FOLDS: usize = 16;

/// What to say where an `assert` of the program does not hold.
const EXPLICIT: &str = "the assertion does not hold";

/// The highest axis that a kernel can name; ndarray's dynamic arrays have no more.
const MAX_AXES: usize = 32;

/// The meaning of `program`.
///
/// # Errors
///
/// A diagnostic for the first place where the program has none.
pub fn check(program: &Program) -> Result<Kernel, Diagnostic> {
    with_large_stack(|| Checker::new().program(program))
}

/// The value of an expression as the language sees it. The node may have scalar shape where the type has not: a
/// constant that stands for every cell.
#[derive(Clone, Copy, Debug)]
struct Value {
    id: ExprId,
    ty: Type,
}

/// What an expression can give: one value, or the values of a fold.
enum Values {
    One(Value),
    Many(Vec<Value>),
}

/// What a name stands for.
#[derive(Clone, Debug)]
enum Binding {
    Input(usize),
    Param(usize),
    Weights(usize),
    Function(usize),
    Value(Value),
}

/// A function and the point of the program that it was defined at.
struct Function<'a> {
    ast: &'a ast::Function,
    /// It sees the global names that were bound before it.
    visible: usize,
}

/// A global name's meaning, from the point `since` on.
struct Global {
    since: usize,
    binding: Binding,
    span: Span,
}

/// A demand of the fold that is being checked.
struct Demand {
    condition: ExprId,
    span: Span,
    message: String,
}

/// A fold being checked.
struct OpenFold {
    demands: Vec<Demand>,
}

/// A call that has been inlined: same function, arguments, path and fold give the same value and the same demands.
type CallKey = (usize, Vec<ExprId>, ExprId, usize);

struct Checker<'a> {
    builder: Builder,
    inputs: Vec<String>,
    params: Vec<Param>,
    weights: Vec<String>,
    functions: Vec<Function<'a>>,
    globals: HashMap<String, Vec<Global>>,
    /// Every name that the program declares anywhere.
    declared: HashSet<&'a str>,
    /// How many globals have been bound, and how many of them the current expression sees.
    bound: usize,
    visible: usize,
    /// Names of function parameters and fold variables in scope, innermost last, with their places.
    locals: Vec<(String, Value)>,
    /// The functions being inlined, outermost first.
    calls: Vec<usize>,
    inlined: HashMap<CallKey, Value>,
    /// The condition under which the current expression is needed.
    path: ExprId,
    assertions: Vec<Assertion>,
    folds: Vec<OpenFold>,
    /// A number for each fold entered, so that calls in different folds are not confused.
    fold_scope: usize,
    depth: usize,
    steps: usize,
}

type Checked<T> = Result<T, Diagnostic>;

impl<'a> Checker<'a> {
    fn new() -> Checker<'a> {
        let mut builder = Builder::default();
        let path = builder.boolean(true);
        Checker {
            builder,
            inputs: Vec::new(),
            params: Vec::new(),
            weights: Vec::new(),
            functions: Vec::new(),
            globals: HashMap::new(),
            declared: HashSet::new(),
            bound: 0,
            visible: 0,
            locals: Vec::new(),
            calls: Vec::new(),
            inlined: HashMap::new(),
            path,
            assertions: Vec::new(),
            folds: Vec::new(),
            fold_scope: 0,
            depth: 0,
            steps: 0,
        }
    }

    fn program(mut self, program: &'a Program) -> Checked<Kernel> {
        for item in &program.items {
            match item {
                Item::Inputs(names) | Item::Let { names, .. } => {
                    self.declared.extend(names.iter().map(|name| name.text.as_str()));
                }
                Item::Parameter { name, .. } | Item::Weights(name) | Item::Function(ast::Function { name, .. }) => {
                    self.declared.insert(&name.text);
                }
                Item::Assert(_) => {}
            }
        }
        // Inputs are names of the whole program, wherever they are declared.
        for item in &program.items {
            if let Item::Inputs(names) = item {
                for name in names {
                    self.bind_new(name, Binding::Input(self.inputs.len()))?;
                    self.inputs.push(name.text.clone());
                }
            }
        }
        if self.inputs.is_empty() {
            self.inputs.push("w".to_string());
            let span = Span::default();
            self.bind("w", span, Binding::Input(0));
        }
        for item in &program.items {
            self.item(item)?;
        }
        let outputs = self.outputs(&program.outputs)?;
        Ok(self.builder.finish(self.inputs, self.params, self.weights, outputs, self.assertions))
    }

    fn item(&mut self, item: &'a Item) -> Checked<()> {
        match item {
            Item::Inputs(_) => Ok(()),
            Item::Parameter { name, default } => {
                let default = match default {
                    None => None,
                    Some(expr) => Some(self.constant(expr, "the default of a param")?),
                };
                self.bind_new(name, Binding::Param(self.params.len()))?;
                self.params.push(Param { name: name.text.clone(), default });
                Ok(())
            }
            Item::Weights(name) => {
                self.bind_new(name, Binding::Weights(self.weights.len()))?;
                self.weights.push(name.text.clone());
                Ok(())
            }
            Item::Function(function) => {
                for (index, name) in function.parameters.iter().enumerate() {
                    check_not_builtin(name)?;
                    if let Some(first) = function.parameters[..index].iter().find(|first| *first == name) {
                        return Err(taken(name, first.span, "the first parameter of that name"));
                    }
                }
                self.bind_new(&function.name, Binding::Function(self.functions.len()))?;
                self.functions.push(Function { ast: function, visible: self.bound });
                self.check_body(function)
            }
            Item::Let { names, value } => self.binding(names, value),
            Item::Assert(condition) => {
                let value = self.boolean_scalar(condition, "an assertion")?;
                self.demand(value.id, condition.span, EXPLICIT);
                Ok(())
            }
        }
    }

    fn binding(&mut self, names: &[Name], value: &'a ast::Expr) -> Checked<()> {
        let values = match self.values(value)? {
            Values::One(value) => vec![value],
            Values::Many(values) => values,
        };
        if values.len() != names.len() {
            let message = format!("{} for {}", counted(names.len(), "name"), counted(values.len(), "value"));
            return Err(Diagnostic::new(Code::FoldArity, value.span, message)
                .label(format!("this gives {}", counted(values.len(), "value")))
                .note(names[0].span.to(names[names.len() - 1].span), counted(names.len(), "name")));
        }
        for (name, value) in names.iter().zip(values) {
            check_not_builtin(name)?;
            if let Some(global) = self.lookup_global(&name.text)
                && !matches!(global.binding, Binding::Value(_))
            {
                return Err(taken(name, global.span, "defined here"));
            }
            self.bind(&name.text, name.span, Binding::Value(value));
        }
        Ok(())
    }

    fn outputs(&mut self, outputs: &'a [ast::Output]) -> Checked<Vec<Output>> {
        let mut checked: Vec<Output> = Vec::new();
        for (index, output) in outputs.iter().enumerate() {
            let value = self.value(&output.value)?;
            if value.ty.is_window() {
                return Err(not_scalar(&output.value, value.ty, "an output", &self.inputs));
            }
            let name = output.name.as_ref().map_or_else(|| index.to_string(), |name| name.text.clone());
            if let Some(name) = &output.name
                && let Some(first) = outputs[..index].iter().filter_map(|o| o.name.as_ref()).find(|o| *o == name)
            {
                return Err(taken(name, first.span, "the first output of that name"));
            }
            checked.push(Output { name, value: value.id });
        }
        Ok(checked)
    }

    // Names.

    fn bind(&mut self, name: &str, span: Span, binding: Binding) {
        self.bound += 1;
        self.visible = self.bound;
        let global = Global { since: self.bound, binding, span };
        self.globals.entry(name.to_string()).or_default().push(global);
    }

    /// Binds a name that must not have a meaning yet.
    fn bind_new(&mut self, name: &Name, binding: Binding) -> Checked<()> {
        check_not_builtin(name)?;
        if let Some(global) = self.lookup_global(&name.text) {
            return Err(taken(name, global.span, "defined here"));
        }
        self.bind(&name.text, name.span, binding);
        Ok(())
    }

    fn lookup_global(&self, name: &str) -> Option<&Global> {
        self.globals.get(name)?.iter().rev().find(|global| global.since <= self.visible)
    }

    fn lookup(&self, name: &str) -> Option<Binding> {
        if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return Some(Binding::Value(*value));
        }
        self.lookup_global(name).map(|global| global.binding.clone())
    }

    /// Checks the names in a function that may never be called.
    fn check_body(&self, function: &ast::Function) -> Checked<()> {
        let mut scope: Vec<&str> = function.parameters.iter().map(|name| name.text.as_str()).collect();
        self.check_names(&function.body, &mut scope, &function.name)
    }

    fn check_names<'e>(&self, expr: &'e ast::Expr, scope: &mut Vec<&'e str>, function: &Name) -> Checked<()> {
        let known = |name: &str, scope: &[&str]| {
            scope.contains(&name) || self.lookup_global(name).is_some() || builtin(name).is_some()
        };
        match &expr.kind {
            ExprKind::Number(_) => Ok(()),
            ExprKind::Name(name) if known(name, scope) => Ok(()),
            ExprKind::Name(name) => Err(self.unknown_name(name, expr.span, scope)),
            ExprKind::Call { function: called, arguments } => {
                if called == function {
                    return Err(recursion(called, function.span));
                }
                if !known(&called.text, scope) {
                    return Err(self.unknown_function(called));
                }
                arguments.iter().try_for_each(|argument| {
                    self.check_names(&argument.value, scope, function)?;
                    argument.condition.iter().try_for_each(|c| self.check_names(c, scope, function))
                })
            }
            ExprKind::Index { input, offsets } => {
                if !known(&input.text, scope) {
                    return Err(self.unknown_name(&input.text, input.span, scope));
                }
                offsets.iter().try_for_each(|offset| self.check_names(offset, scope, function))
            }
            ExprKind::Prefix(_, operand) => self.check_names(operand, scope, function),
            ExprKind::Chain { first, rest } => {
                self.check_names(first, scope, function)?;
                rest.iter().try_for_each(|(_, operand)| self.check_names(operand, scope, function))
            }
            ExprKind::Compare { first, rest } => {
                self.check_names(first, scope, function)?;
                rest.iter().try_for_each(|(_, operand)| self.check_names(operand, scope, function))
            }
            ExprKind::Power { base, exponent } => {
                self.check_names(base, scope, function)?;
                self.check_names(exponent, scope, function)
            }
            ExprKind::Conditional { arms, otherwise } => {
                for (condition, value) in arms {
                    self.check_names(condition, scope, function)?;
                    self.check_names(value, scope, function)?;
                }
                self.check_names(otherwise, scope, function)
            }
            ExprKind::Fold(fold) => {
                for (_, value) in fold.accumulators.iter().chain(&fold.elements) {
                    self.check_names(value, scope, function)?;
                }
                let outside = scope.len();
                scope.extend(fold.accumulators.iter().chain(&fold.elements).map(|(name, _)| name.text.as_str()));
                for inner in fold.condition.iter().chain(&fold.next) {
                    self.check_names(inner, scope, function)?;
                }
                scope.truncate(outside);
                Ok(())
            }
        }
    }

    fn unknown_name(&self, name: &str, span: Span, scope: &[&str]) -> Diagnostic {
        let mut diagnostic =
            Diagnostic::new(Code::UnknownName, span, format!("unknown name `{name}`")).label("nothing is called this");
        if self.declared.contains(name) {
            return diagnostic.hint(format!("`{name}` is declared further down"));
        }
        let known = scope
            .iter()
            .copied()
            .chain(self.locals.iter().map(|(local, _)| local.as_str()))
            .chain(self.globals.keys().map(String::as_str))
            .chain(BUILTINS.iter().map(|builtin| builtin.name));
        if name == "w" {
            diagnostic = diagnostic.hint(format!("the program names its inputs: {}", self.inputs.join(", ")));
        } else if let Some(similar) = most_similar(name, known) {
            diagnostic = diagnostic.hint(format!("did you mean `{similar}`?"));
        }
        diagnostic
    }

    fn unknown_function(&self, name: &Name) -> Diagnostic {
        let diagnostic = Diagnostic::new(Code::UnknownFunction, name.span, format!("unknown function `{}`", name.text))
            .label("no function is called this");
        if self.declared.contains(name.text.as_str()) {
            return diagnostic.hint("a function can only call functions that are defined above it");
        }
        let other_language = match name.text.as_str() {
            "pow" | "power" => Some("power is `x ** y`"),
            "mod" | "fmod" => Some("the remainder is `x % y`"),
            "avg" | "average" => Some("did you mean `mean`?"),
            "ln" => Some("the natural logarithm is `log`"),
            "size" | "length" => Some("did you mean `len`?"),
            "minimum" => Some("did you mean `min`?"),
            "maximum" => Some("did you mean `max`?"),
            "majority" => Some("did you mean `mode`?"),
            "where" | "select" => Some("write `if condition then a else b`"),
            "range" | "ptp" => Some("write `max(w) - min(w)`"),
            _ => None,
        };
        if let Some(hint) = other_language {
            return diagnostic.hint(hint);
        }
        let functions = self.functions.iter().map(|function| function.ast.name.text.as_str());
        let builtins = BUILTINS.iter().filter(|builtin| builtin.arity().is_some()).map(|builtin| builtin.name);
        match most_similar(&name.text, functions.chain(builtins)) {
            Some(similar) => diagnostic.hint(format!("did you mean `{similar}`?")),
            None => diagnostic,
        }
    }

    // Expressions.

    /// The value of an expression that must have one.
    fn value(&mut self, expr: &'a ast::Expr) -> Checked<Value> {
        match self.values(expr)? {
            Values::One(value) => Ok(value),
            Values::Many(values) => Err(Diagnostic::new(
                Code::FoldArity,
                expr.span,
                format!("the fold has {} values and one is needed", values.len()),
            )
            .label(format!("{} accumulators", values.len()))
            .hint("name them in front: `let a, b = fold ...;`")),
        }
    }

    fn values(&mut self, expr: &'a ast::Expr) -> Checked<Values> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.builder.node_count() > MAX_OPERATIONS {
            return Err(Diagnostic::new(
                Code::KernelTooLarge,
                expr.span,
                format!("the kernel has more than {MAX_OPERATIONS} operations after its functions are inlined"),
            )
            .label("the limit is passed here"));
        }
        if self.depth >= MAX_DEPTH {
            return Err(Diagnostic::new(
                Code::NestedTooDeeply,
                expr.span,
                format!("the kernel is nested more than {MAX_DEPTH} levels deep after its functions are inlined"),
            )
            .label("the limit is passed here"));
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.builder.span, expr.span);
        let values = if let ExprKind::Fold(fold) = &expr.kind {
            self.fold(fold, expr.span)
        } else {
            self.single(expr).map(Values::One)
        };
        self.builder.span = outer;
        self.depth -= 1;
        values
    }

    fn single(&mut self, expr: &'a ast::Expr) -> Checked<Value> {
        match &expr.kind {
            ExprKind::Number(value) => Ok(Value { id: self.builder.number(*value), ty: Type::NUMBER }),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Call { function, arguments } => self.call(function, arguments, expr.span),
            ExprKind::Index { input, offsets } => self.index(input, offsets),
            ExprKind::Prefix(PrefixOp::Negate, operand) => {
                let value = self.number(operand, "`-`")?;
                Ok(Value { id: self.builder.unary(UnaryOp::Negate, value.id), ty: value.ty })
            }
            ExprKind::Prefix(PrefixOp::Not, operand) => {
                let value = self.boolean(operand, "`not`")?;
                Ok(Value { id: self.builder.not(value.id), ty: value.ty })
            }
            ExprKind::Chain { first, rest } => self.chain(first, rest),
            ExprKind::Power { base, exponent } => {
                let base = self.number(base, "`**`")?;
                let exponent = self.number(exponent, "`**`")?;
                Ok(self.binary(BinaryOp::Power, base, exponent))
            }
            ExprKind::Compare { first, rest } => self.comparison(first, rest),
            ExprKind::Conditional { arms, otherwise } => self.conditional(arms, otherwise),
            ExprKind::Fold(_) => unreachable!("folds have several values"),
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Checked<Value> {
        match self.lookup(name) {
            Some(Binding::Value(value)) => Ok(value),
            Some(Binding::Input(input)) => {
                Ok(Value { id: self.builder.leaf(Expr::Tap(input), Type::NUMBERS), ty: Type::NUMBERS })
            }
            Some(Binding::Param(param)) => {
                Ok(Value { id: self.builder.leaf(Expr::Param(param), Type::NUMBER), ty: Type::NUMBER })
            }
            Some(Binding::Weights(weights)) => {
                Ok(Value { id: self.builder.leaf(Expr::Weight(weights), Type::NUMBERS), ty: Type::NUMBERS })
            }
            Some(Binding::Function(_)) => {
                Err(Diagnostic::new(Code::TypeClash, span, format!("`{name}` is a function and not a value"))
                    .hint(format!("call it: `{name}(...)`")))
            }
            None => match builtin(name).map(|builtin| (builtin.meaning, builtin.signature)) {
                Some((Meaning::Constant(value), _)) => Ok(Value { id: self.builder.number(value), ty: Type::NUMBER }),
                Some((Meaning::Truth(value), _)) => Ok(Value { id: self.builder.boolean(value), ty: Type::BOOLEAN }),
                Some((_, signature)) => {
                    Err(Diagnostic::new(Code::TypeClash, span, format!("`{name}` is a function and not a value"))
                        .hint(format!("call it: `{signature}`")))
                }
                None => Err(self.unknown_name(name, span, &[])),
            },
        }
    }

    /// The value of `expr` if its elements are numbers; `user` needs them.
    fn number(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
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

    fn boolean(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
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

    fn number_scalar(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
        let value = self.number(expr, user)?;
        self.scalar(expr, value, user)
    }

    fn boolean_scalar(&mut self, expr: &'a ast::Expr, user: &str) -> Checked<Value> {
        let value = self.boolean(expr, user)?;
        self.scalar(expr, value, user)
    }

    fn scalar(&self, expr: &ast::Expr, value: Value, user: &str) -> Checked<Value> {
        if value.ty.is_window() { Err(not_scalar(expr, value.ty, user, &self.inputs)) } else { Ok(value) }
    }

    /// The value of a constant expression; `what` says which place needs it.
    fn constant(&mut self, expr: &'a ast::Expr, what: &str) -> Checked<f64> {
        let value = self.number_scalar(expr, what)?;
        self.builder.as_number(value.id).ok_or_else(|| {
            Diagnostic::new(Code::NotConstant, expr.span, format!("{what} must be a constant"))
                .label("this depends on the data or on a param")
        })
    }

    /// A constant whole number between `least` and `greatest`.
    fn whole(&mut self, expr: &'a ast::Expr, what: &str, least: i32, greatest: i32) -> Checked<i32> {
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

    fn binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Value {
        let id = self.builder.binary(op, a.id, b.id);
        let elem = if op.is_boolean() { Elem::Boolean } else { Elem::Number };
        Value { id, ty: Type { elem, ..a.ty.broadcast(b.ty) } }
    }

    fn chain(&mut self, first: &'a ast::Expr, rest: &'a [(ast::BinaryOp, ast::Expr)]) -> Checked<Value> {
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
                    let whole = Value { id: self.builder.unary(UnaryOp::Floor, quotient.id), ..quotient };
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
            value = Value { id: self.builder.select(condition.id, yes.id, value.id), ty };
            span = yes_span;
        }
        Ok(value)
    }

    fn index(&mut self, input: &Name, offsets: &'a [ast::Expr]) -> Checked<Value> {
        let value = self.name(&input.text, input.span)?;
        let Expr::Tap(index) = *self.builder.expr(value.id) else {
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
            .map(|offset| self.whole(offset, "an offset", -FARTHEST, FARTHEST))
            .collect::<Checked<Box<[i32]>>>()?;
        Ok(Value { id: self.builder.leaf(Expr::At { input: index, offset }, Type::NUMBER), ty: Type::NUMBER })
    }

    // Calls.

    fn call(&mut self, name: &'a Name, arguments: &'a [Argument], span: Span) -> Checked<Value> {
        match self.lookup(&name.text) {
            Some(Binding::Function(function)) => self.inline(function, name, arguments, span),
            Some(_) => Err(Diagnostic::new(
                Code::UnknownFunction,
                name.span,
                format!("`{}` is a value and not a function", name.text),
            )
            .hint("multiplication is written with `*`")),
            None => match builtin(&name.text) {
                Some(builtin) => self.call_builtin(builtin, name, arguments, span),
                None => Err(self.unknown_function(name)),
            },
        }
    }

    fn inline(&mut self, index: usize, name: &Name, arguments: &'a [Argument], span: Span) -> Checked<Value> {
        let function = self.functions[index].ast;
        if self.calls.contains(&index) {
            return Err(recursion(name, function.name.span));
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
        let key = (index, values.iter().map(|value| value.id).collect(), self.path, fold);
        if let Some(value) = self.inlined.get(&key) {
            return Ok(*value);
        }
        // The body sees its parameters and the globals that its definition saw.
        let locals = function.parameters.iter().map(|name| name.text.clone()).zip(values).collect();
        let outer_locals = std::mem::replace(&mut self.locals, locals);
        let outer_visible = std::mem::replace(&mut self.visible, self.functions[index].visible);
        self.calls.push(index);
        let value = self.value(&function.body).map_err(|diagnostic| {
            let inside = |span: Span| span.start >= function.body.span.start && span.end <= function.body.span.end;
            if inside(diagnostic.span) && !diagnostic.notes.iter().any(|(note, _)| *note == span) {
                diagnostic.note(span, format!("in this call of `{}`", function.name.text))
            } else {
                diagnostic
            }
        });
        self.calls.pop();
        self.locals = outer_locals;
        self.visible = outer_visible;
        let value = value?;
        self.inlined.insert(key, value);
        Ok(value)
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
                Ok(Value { id: self.builder.unary(op, value.id), ty: value.ty })
            }
            Meaning::Binary(op) => {
                let a = self.number(&arguments[0].value, &user)?;
                let b = self.number(&arguments[1].value, &user)?;
                Ok(self.binary(op, a, b))
            }
            Meaning::Extreme(reduction, op) => {
                if reduces {
                    let (window, filter) = self.window(&arguments[0], &user, Some(Elem::Number))?;
                    return Ok(self.reduction(reduction, window, filter, None));
                }
                let mut value = self.number(&arguments[0].value, &user)?;
                for argument in &arguments[1..] {
                    let next = self.number(&argument.value, &user)?;
                    value = self.binary(op, value, next);
                }
                Ok(value)
            }
            Meaning::Reduction(reduction, false) => {
                let (window, filter) = self.window(&arguments[0], &user, Some(Elem::Number))?;
                Ok(self.reduction(reduction, window, filter, None))
            }
            Meaning::Reduction(reduction, true) => {
                let (window, filter) = self.window(&arguments[0], &user, Some(Elem::Number))?;
                let argument = &arguments[1].value;
                let value = self.number_scalar(argument, &format!("the second argument of {user}"))?;
                self.demand_valid(reduction, filter, value.id, argument.span)?;
                Ok(self.reduction(reduction, window, filter, Some(value.id)))
            }
            Meaning::Statistic(statistic) => self.statistic(statistic, &arguments[0], &user),
            Meaning::Derived(derived) => self.derived(derived, arguments, &user),
            Meaning::Place(place) => self.place(place, arguments, span),
        }
    }

    /// The window and the condition of a reduction's argument, with elements of type `elem` if that matters.
    fn window(&mut self, argument: &'a Argument, user: &str, elem: Option<Elem>) -> Checked<(ExprId, Option<ExprId>)> {
        let value = match elem {
            Some(Elem::Number) => self.number(&argument.value, user)?,
            Some(Elem::Boolean) => self.boolean(&argument.value, user)?,
            None => self.value(&argument.value)?,
        };
        if !value.ty.is_window() {
            let diagnostic = Diagnostic::new(
                Code::NotWindow,
                argument.value.span,
                format!("{user} reduces a window, and this is {}", value.ty),
            )
            .label(format!("{}", value.ty));
            return Err(if matches!(user, "`min`" | "`max`") {
                diagnostic.hint("the least or greatest of scalars needs two or more of them: `min(a, b)`")
            } else {
                diagnostic.hint(format!("a window is an input such as `{}`, or made from one", self.inputs[0]))
            });
        }
        let filter = match &argument.condition {
            Some(condition) => Some(self.boolean(condition, "`where`")?.id),
            None => None,
        };
        Ok((value.id, filter))
    }

    fn reduction(&mut self, op: Reduction, window: ExprId, filter: Option<ExprId>, argument: Option<ExprId>) -> Value {
        Value { id: self.builder.reduce(op, window, filter, argument), ty: Type::NUMBER }
    }

    /// How many elements take part where `filter` is true.
    fn selected(&mut self, filter: Option<ExprId>) -> ExprId {
        match filter {
            Some(filter) => self.builder.count(filter),
            None => self.builder.window_len(),
        }
    }

    fn mean(&mut self, window: ExprId, filter: Option<ExprId>) -> ExprId {
        let sum = self.builder.reduce(Reduction::Sum, window, filter, None);
        let count = self.selected(filter);
        self.builder.binary(BinaryOp::Divide, sum, count)
    }

    fn statistic(&mut self, statistic: Statistic, argument: &'a Argument, user: &str) -> Checked<Value> {
        let number = |id| Value { id, ty: Type::NUMBER };
        let boolean = |id| Value { id, ty: Type::BOOLEAN };
        match statistic {
            Statistic::Mean => {
                let (window, filter) = self.window(argument, user, Some(Elem::Number))?;
                Ok(number(self.mean(window, filter)))
            }
            Statistic::Var | Statistic::Std => {
                let (window, filter) = self.window(argument, user, Some(Elem::Number))?;
                let mean = self.mean(window, filter);
                let deviation = self.builder.binary(BinaryOp::Subtract, window, mean);
                let square = self.builder.binary(BinaryOp::Multiply, deviation, deviation);
                let var = self.mean(square, filter);
                Ok(number(if statistic == Statistic::Std { self.builder.unary(UnaryOp::Sqrt, var) } else { var }))
            }
            Statistic::Count | Statistic::Any | Statistic::All => {
                let (window, filter) = self.window(argument, user, Some(Elem::Boolean))?;
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
                let (_, filter) = self.window(argument, user, None)?;
                Ok(number(self.selected(filter)))
            }
        }
    }

    fn derived(&mut self, derived: Derived, arguments: &'a [Argument], user: &str) -> Checked<Value> {
        let values = arguments.iter().map(|a| self.number(&a.value, user)).collect::<Checked<Vec<Value>>>()?;
        let x = values[0];
        let builder = &mut self.builder;
        let boolean = |id| Value { id, ty: Type { elem: Elem::Boolean, ..x.ty } };
        Ok(match derived {
            Derived::Sign => {
                let [zero, one, minus] = [0.0, 1.0, -1.0].map(|constant| builder.number(constant));
                let negative = builder.binary(BinaryOp::Less, x.id, zero);
                let positive = builder.binary(BinaryOp::Less, zero, x.id);
                let rest = builder.select(negative, minus, x.id);
                Value { id: builder.select(positive, one, rest), ty: x.ty }
            }
            Derived::Clamp => {
                let low = builder.binary(BinaryOp::Max, x.id, values[1].id);
                let id = builder.binary(BinaryOp::Min, low, values[2].id);
                Value { id, ty: x.ty.broadcast(values[1].ty).broadcast(values[2].ty) }
            }
            Derived::Fma => {
                let id = builder.fma(x.id, values[1].id, values[2].id);
                Value { id, ty: x.ty.broadcast(values[1].ty).broadcast(values[2].ty) }
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

    fn place(&mut self, place: Place, arguments: &'a [Argument], span: Span) -> Checked<Value> {
        self.builder.span = span;
        if place == Place::Dist {
            return Ok(Value { id: self.builder.leaf(Expr::Dist, Type::NUMBERS), ty: Type::NUMBERS });
        }
        let axis = self.whole(&arguments[0].value, "an axis", 0, MAX_AXES as i32 - 1)? as usize;
        let (expr, ty) = match place {
            Place::Offset => (Expr::Offset(axis), Type::NUMBERS),
            Place::Coord => (Expr::Coord(axis), Type::NUMBER),
            Place::Extent => (Expr::Extent(axis), Type::NUMBER),
            Place::Dist => unreachable!("handled above"),
        };
        Ok(Value { id: self.builder.leaf(expr, ty), ty })
    }

    // Demands.

    /// What a reduction demands of its second argument.
    fn demand_valid(&mut self, op: Reduction, filter: Option<ExprId>, argument: ExprId, span: Span) -> Checked<()> {
        let whole = self.builder.unary(UnaryOp::Floor, argument);
        let is_whole = self.builder.binary(BinaryOp::Equal, argument, whole);
        let zero = self.builder.number(0.0);
        let not_negative = self.builder.binary(BinaryOp::LessEqual, zero, argument);
        let (valid, message) = match op {
            Reduction::Rank | Reduction::Nth => {
                let count = self.selected(filter);
                let below = self.builder.binary(BinaryOp::Less, argument, count);
                let above = if op == Reduction::Nth {
                    not_negative
                } else {
                    let least = self.builder.unary(UnaryOp::Negate, count);
                    self.builder.binary(BinaryOp::LessEqual, least, argument)
                };
                let inside = self.builder.binary(BinaryOp::And, above, below);
                let valid = self.builder.binary(BinaryOp::And, is_whole, inside);
                (valid, "the position must be a whole number inside the window")
            }
            Reduction::Percentile => {
                let hundred = self.builder.number(100.0);
                let below = self.builder.binary(BinaryOp::LessEqual, argument, hundred);
                let valid = self.builder.binary(BinaryOp::And, not_negative, below);
                (valid, "the percentage must lie from 0 to 100")
            }
            Reduction::TrimmedMean => {
                let valid = self.builder.binary(BinaryOp::And, is_whole, not_negative);
                (valid, "the number of trimmed elements must be whole and not negative")
            }
            _ => unreachable!("the other reductions have no argument"),
        };
        // A constant that is wrong for every window is an error at once.
        if self.builder.as_boolean(self.path) == Some(true) && self.builder.as_boolean(valid) == Some(false) {
            return Err(Diagnostic::new(Code::OutOfRange, span, message)
                .label(format!("this is {}", self.builder.as_number(argument).unwrap_or(f64::NAN))));
        }
        self.demand(valid, span, message);
        Ok(())
    }

    /// Demands that `condition` holds wherever the current path is taken.
    fn demand(&mut self, condition: ExprId, span: Span, message: &str) {
        let off_path = self.builder.not(self.path);
        let mut condition = self.builder.binary(BinaryOp::Or, off_path, condition);
        if self.builder.ty(condition).shape == Shape::Window {
            let broken = self.builder.not(condition);
            let count = self.builder.count(broken);
            let zero = self.builder.number(0.0);
            condition = self.builder.binary(BinaryOp::Equal, count, zero);
        }
        if self.builder.as_boolean(condition) == Some(true) {
            return;
        }
        let message = message.to_string();
        match self.folds.last_mut() {
            Some(fold) => fold.demands.push(Demand { condition, span, message }),
            None => self.assertions.push(Assertion { condition, span, explicit: message == EXPLICIT, message }),
        }
    }

    // Folds.

    fn fold(&mut self, fold: &'a ast::Fold, span: Span) -> Checked<Values> {
        let accumulators = fold.accumulators.len();
        if fold.next.len() != accumulators {
            let extra = &fold.next[fold.next.len() - 1];
            return Err(Diagnostic::new(
                Code::FoldArity,
                extra.span,
                format!(
                    "the fold has {} and {}",
                    counted(accumulators, "accumulator"),
                    counted(fold.next.len(), "new value")
                ),
            )
            .label("each accumulator needs one new value")
            .note(
                fold.accumulators[0].0.span.to(fold.accumulators[accumulators - 1].0.span),
                counted(accumulators, "accumulator"),
            )
            .hint("if the comma belongs to what is around the fold, put the fold in parentheses"));
        }
        let mut init = Vec::new();
        for (name, value) in &fold.accumulators {
            check_not_builtin(name)?;
            let first = self.value(value)?;
            init.push(self.scalar(value, first, "an accumulator")?);
        }
        let mut windows = Vec::new();
        for (name, window) in &fold.elements {
            check_not_builtin(name)?;
            let value = self.value(window)?;
            if !value.ty.is_window() {
                return Err(Diagnostic::new(
                    Code::NotWindow,
                    window.span,
                    format!("a fold runs over a window, and this is {}", value.ty),
                )
                .label(format!("{}", value.ty)));
            }
            windows.push(value);
        }
        if self.folds.len() == MAX_FOLDS {
            return Err(Diagnostic::new(
                Code::NestedTooDeeply,
                span,
                format!("folds are nested more than {MAX_FOLDS} deep after functions are inlined"),
            )
            .label("this fold is one too many"));
        }
        let id = self.builder.begin_fold();
        let names: Vec<&Name> = fold.accumulators.iter().chain(&fold.elements).map(|(name, _)| name).collect();
        for (index, name) in names.iter().enumerate() {
            if let Some(first) = names[..index].iter().find(|first| *first == name) {
                return Err(taken(name, first.span, "the first variable of that name in this fold"));
            }
        }
        let outside = self.locals.len();
        let outer_scope = std::mem::replace(&mut self.fold_scope, id.index() + 1);
        let outer_path = self.path;
        self.path = self.builder.boolean(true);
        for (index, (name, _)) in fold.accumulators.iter().enumerate() {
            let id = self.builder.leaf(Expr::Accumulator(id, index), init[index].ty);
            self.locals.push((name.text.clone(), Value { id, ty: init[index].ty }));
        }
        for (index, (name, _)) in fold.elements.iter().enumerate() {
            let ty = Type { shape: Shape::Scalar, ..windows[index].ty };
            let id = self.builder.leaf(Expr::Element(id, index), ty);
            self.locals.push((name.text.clone(), Value { id, ty }));
        }
        self.folds.push(OpenFold { demands: Vec::new() });
        let next = self.fold_body(fold, id, &init);
        let demands = self.folds.pop().expect("pushed above").demands;
        self.locals.truncate(outside);
        self.fold_scope = outer_scope;
        self.path = outer_path;
        let mut next = next?;

        let mut init: Vec<ExprId> = init.into_iter().map(|value| value.id).collect();
        let windows = windows.into_iter().map(|value| value.id).collect();
        // Each demand inside the loop is one more accumulator: did it hold at every cell so far?
        for (index, demand) in demands.iter().enumerate() {
            init.push(self.builder.boolean(true));
            let so_far = self.builder.leaf(Expr::Accumulator(id, accumulators + index), Type::BOOLEAN);
            next.push(self.builder.binary(BinaryOp::And, so_far, demand.condition));
        }
        let types: Vec<Type> = init.iter().map(|id| self.builder.ty(*id)).collect();
        self.builder.span = span;
        let mut values = self.builder.end_fold(id, hir::Fold { init, windows, next });
        let held = values.split_off(accumulators);
        for (held, demand) in held.into_iter().zip(demands) {
            self.demand(held, demand.span, &demand.message);
        }
        let mut values: Vec<Value> = values.into_iter().zip(types).map(|(id, ty)| Value { id, ty }).collect();
        Ok(if values.len() == 1 { Values::One(values.remove(0)) } else { Values::Many(values) })
    }

    /// The new values of a fold's accumulators, where its condition is false the old ones.
    fn fold_body(&mut self, fold: &'a ast::Fold, id: FoldId, init: &[Value]) -> Checked<Vec<ExprId>> {
        let condition = match &fold.condition {
            Some(condition) => Some(self.boolean_scalar(condition, "`where` in a fold")?.id),
            None => None,
        };
        if let Some(condition) = condition {
            self.path = condition;
        }
        let mut next = Vec::new();
        for (index, expr) in fold.next.iter().enumerate() {
            let value = self.value(expr)?;
            let value = self.scalar(expr, value, "a fold's new value")?;
            if value.ty != init[index].ty {
                let first = &fold.accumulators[index];
                return Err(clash(
                    &format!("the accumulator `{}` keeps its type", first.0.text),
                    (expr.span, value.ty),
                    (first.1.span, init[index].ty),
                ));
            }
            next.push(match condition {
                Some(condition) => {
                    let old = self.builder.leaf(Expr::Accumulator(id, index), value.ty);
                    self.builder.select(condition, value.id, old)
                }
                None => value.id,
            });
        }
        Ok(next)
    }
}

/// A number of things, in words.
fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn check_not_builtin(name: &Name) -> Checked<()> {
    match builtin(&name.text) {
        None => Ok(()),
        Some(builtin) => Err(Diagnostic::new(
            Code::NameTaken,
            name.span,
            format!("`{}` is built in and can't be defined again", name.text),
        )
        .label("choose another name")
        .hint(format!("`{}`: {}", builtin.signature, builtin.doc))),
    }
}

fn taken(name: &Name, first: Span, note: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::NameTaken, name.span, format!("the name `{}` is taken", name.text))
        .label("defined again");
    // The implicit input `w` has no place.
    if first == Span::default() {
        diagnostic.hint("without an `input` declaration, `w` is the input")
    } else {
        diagnostic.note(first, note)
    }
}

fn recursion(called: &Name, defined: Span) -> Diagnostic {
    Diagnostic::new(Code::Recursion, called.span, format!("`{}` calls itself", called.text))
        .label("functions are inlined, so they can't be recursive")
        .note(defined, "defined here")
        .hint("a loop over the window is `fold`")
}

fn arity(name: &Name, least: usize, most: usize, given: usize) -> Diagnostic {
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

fn clash(message: &str, (span, ty): (Span, Type), (other, other_ty): (Span, Type)) -> Diagnostic {
    Diagnostic::new(Code::TypeClash, span, format!("{message}, and here are {ty} and {other_ty}"))
        .label(format!("{ty}"))
        .note(other, format!("{other_ty}"))
}

fn not_scalar(expr: &ast::Expr, ty: Type, user: &str, inputs: &[String]) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::NotScalar, expr.span, format!("{user} is one value, and this is {ty}"))
        .label(format!("{ty}"));
    match (&expr.kind, ty.elem) {
        (ExprKind::Name(name), Elem::Number) if inputs.contains(name) => diagnostic.hint(format!(
            "reduce it, as in `mean({name})` or `min({name})`; the centre of a two-dimensional window is `{name}[0, 0]`"
        )),
        (_, Elem::Number) => diagnostic.hint("reduce it with `mean`, `min`, `max`, `sum`, `median`, ..."),
        (_, Elem::Boolean) => diagnostic.hint("reduce it with `any`, `all` or `count`"),
    }
}

/// The known name that `name` is most likely a misspelling of.
fn most_similar<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LONGEST: usize = 32;
    const MOST: usize = 1000;
    if name.len() > LONGEST {
        return None;
    }
    let allowed = if name.len() <= 3 { 1 } else { 2 };
    known
        .take(MOST)
        .filter(|other| other.len() > 1 && other.len() <= LONGEST)
        .map(|other| (strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, other)| (*distance, *other))
        .map(|(_, other)| other)
}
