//! Syntax tree to meaning: names resolved, types checked, functions inlined, statistics lowered to the reductions
//! that engines implement.
//!
//! # Assertions
//!
//! `assert`, and the demands of `rank`, `percentile`, `trimmed_mean` and `nth` on their second argument, become boolean
//! expressions, so no engine needs to know where they came from. A demand inside one side of an `if`, or on the right
//! of `and` or `or`, holds only where that side is taken: the checker keeps the path there as an expression and makes
//! the demand `not path or condition`. Inside a fold, a demand becomes one more accumulator.

mod calls;
mod demands;
mod expressions;
mod folds;
pub mod lint;
mod names;
mod pixel;

use std::collections::{HashMap, HashSet};

use super::ast::{self, Item, Let, Name, Program};
use super::diagnostic::{Code, Diagnostic};
use super::hir::{Assertion, Builder, ExprId, Kernel, Output, Param};
use super::limits::{Limits, MAX_LIST, list_too_long};
use super::parse::with_large_stack;
use super::span::Span;
use super::types::Type;
use super::words::counted;
use names::{check_not_builtin, taken};

/// The most expressions that are looked at while inlining for each node of [`Limits::nodes`], a bound on the work of
/// checking.
const STEPS_PER_NODE: usize = 16;

/// The highest axis that a kernel can name; ndarray's dynamic arrays have no more.
const MAX_AXES: usize = 32;

/// The meaning of `program`.
///
/// # Errors
///
/// A diagnostic for the first place where the program has none.
pub fn check(program: &Program) -> Result<Kernel, Diagnostic> {
    check_within(program, &Limits::default())
}

/// The meaning of `program`, which must keep to `limits`.
///
/// # Errors
///
/// As for [`check`].
pub fn check_within(program: &Program, limits: &Limits) -> Result<Kernel, Diagnostic> {
    with_large_stack(|| Checker::new(limits.clamped()).program(program))
}

/// The types of the program's outputs, which may be windows here: what a prompt says about an expression.
///
/// # Errors
///
/// A diagnostic for the first place where the program has no meaning.
pub fn types(program: &Program) -> Result<Vec<Type>, Diagnostic> {
    with_large_stack(|| {
        let mut checker = Checker::new(Limits::default().clamped());
        checker.declarations(program)?;
        program.outputs.iter().map(|output| checker.value(&output.value).map(|value| value.ty)).collect()
    })
}

/// The value of an expression as the language sees it. The node may have scalar shape where the type has not: a
/// constant that stands for every cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Value {
    id: ExprId,
    ty: Type,
    /// The input that the value is, by another name or its own, which can be read at an offset. What merely simplifies to
    /// an input, such as `w * 1`, is not one.
    input: Option<usize>,
}

impl Value {
    fn new(id: ExprId, ty: Type) -> Value {
        Value { id, ty, input: None }
    }
}

/// What an expression can give: one value, or the values of a fold or a function.
#[derive(Clone)]
enum Values {
    One(Value),
    Many(Vec<Value>),
}

/// What a name stands for.
#[derive(Clone, Debug)]
enum Binding {
    /// An input, and whether its elements are true or false.
    Input(usize, bool),
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
    reason: Reason,
}

/// Why something must hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// The program says `assert`.
    Assert,
    /// A reduction demands this of its argument.
    Argument(&'static str),
}

impl Reason {
    /// What to say where it does not hold.
    fn message(self) -> &'static str {
        match self {
            Reason::Assert => "the assertion does not hold",
            Reason::Argument(message) => message,
        }
    }
}

/// A fold being checked.
struct OpenFold {
    demands: Vec<Demand>,
    /// The condition under which the fold is needed.
    path: ExprId,
}

/// A call that has been inlined: same function, arguments, path and fold give the same value and the same demands.
type CallKey = (usize, Vec<Value>, ExprId, usize);

struct Checker<'a> {
    limits: Limits,
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
    inlined: HashMap<CallKey, Values>,
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
    fn new(limits: Limits) -> Checker<'a> {
        let mut builder = Builder::default();
        let path = builder.boolean(true);
        Checker {
            limits,
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
        self.declarations(program)?;
        let outputs = self.outputs(&program.outputs)?;
        if let Some(last) = program.outputs.last() {
            self.check_size(last.value.span)?;
        }
        Ok(self.builder.finish(self.inputs, self.params, self.weights, outputs, self.assertions))
    }

    fn declarations(&mut self, program: &'a Program) -> Checked<()> {
        for item in &program.items {
            match item {
                Item::Inputs(inputs) => self.declared.extend(inputs.iter().map(|input| input.name.text.as_str())),
                Item::Let(Let { names, .. }) => self.declared.extend(names.iter().map(|name| name.text.as_str())),
                Item::Parameter { name, .. } | Item::Weights(name) | Item::Function(ast::Function { name, .. }) => {
                    self.declared.insert(&name.text);
                }
                Item::Assert(_) => {}
            }
        }
        // Inputs are names of the whole program, wherever they are declared.
        for item in &program.items {
            if let Item::Inputs(inputs) = item {
                for ast::Input { name, boolean } in inputs {
                    self.bind_new(name, Binding::Input(self.inputs.len(), *boolean))?;
                    self.inputs.push(name.text.clone());
                }
            }
        }
        if self.inputs.is_empty() {
            self.inputs.push("w".to_string());
            let span = Span::default();
            self.bind("w", span, Binding::Input(0, false));
        }
        program.items.iter().try_for_each(|item| self.item(item))
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
                check_list(&function.parameters)?;
                for (index, name) in function.parameters.iter().enumerate() {
                    check_not_builtin(name)?;
                    if let Some(first) = function.parameters[..index].iter().find(|first| *first == name) {
                        return Err(taken(name, first.span, "the first parameter of that name"));
                    }
                }
                let mut let_names = function.lets.iter().flat_map(|binding| &binding.names);
                let_names.clone().try_for_each(check_not_builtin)?;
                let_names.nth(MAX_LIST).map_or(Ok(()), |extra| Err(list_too_long(extra.span)))?;
                function.values.get(MAX_LIST).map_or(Ok(()), |extra| Err(list_too_long(extra.span)))?;
                self.bind_new(&function.name, Binding::Function(self.functions.len()))?;
                self.functions.push(Function { ast: function, visible: self.bound });
                self.check_body(function)
            }
            Item::Let(binding) => self.binding(binding),
            Item::Assert(condition) => {
                let value = self.boolean_scalar(condition, "an assertion")?;
                self.demand(value.id, condition.span, Reason::Assert);
                Ok(())
            }
        }
    }

    /// The values of a `let`, one for each of its names.
    fn bound_values(&mut self, Let { names, value }: &'a Let) -> Checked<Vec<Value>> {
        names.iter().try_for_each(check_not_builtin)?;
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
        Ok(values)
    }

    fn binding(&mut self, binding: &'a Let) -> Checked<()> {
        let values = self.bound_values(binding)?;
        for (name, value) in binding.names.iter().zip(values) {
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
        if let Some(extra) = outputs.get(MAX_LIST) {
            return Err(list_too_long(extra.value.span));
        }
        let mut checked: Vec<Output> = Vec::new();
        for (index, output) in outputs.iter().enumerate() {
            let value = self.value(&output.value)?;
            if value.ty.is_window() {
                return Err(self.not_scalar(&output.value, value.ty, "an output"));
            }
            let name = output.name.as_ref().map_or_else(|| index.to_string(), |name| name.text.clone());
            if let Some(name) = &output.name
                && let Some(first) = outputs[..index].iter().filter_map(|o| o.name.as_ref()).find(|o| *o == name)
            {
                return Err(taken(name, first.span, "the first output of that name"));
            }
            checked.push(Output::new(name, value.id));
        }
        Ok(checked)
    }
}

fn check_list(names: &[Name]) -> Checked<()> {
    names.get(MAX_LIST).map_or(Ok(()), |extra| Err(list_too_long(extra.span)))
}
