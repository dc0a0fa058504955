//! One node, elementwise: for all pixels, or at one cell for all pixels.

use cranelift_codegen::ir::types::F64;
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use super::Emitter;
use crate::codegen::host::HostFn;
use crate::codegen::lanes::{self, Lanes};
use crate::codegen::{expr, math, simd};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::types::Elem;
use crate::plan::analysis::{Threshold, threshold};
use crate::plan::body::Method;
use crate::plan::cost::{is_binary_function, is_unary_function};

impl<'a, 'f> Emitter<'a, 'f> {
    pub(super) fn scalar_node(&mut self, id: ExprId) -> Result<Lanes, Error> {
        let kernel = self.kernel;
        Ok(match *kernel.expr(id) {
            Expr::Number(bits) => Lanes::Number(f64::from_bits(bits)),
            Expr::Boolean(value) => Lanes::Truth(value),
            Expr::Param(param) => {
                let value = self.source.param(self.b, param);
                self.broadcast(id, value)
            }
            Expr::At { input, ref offset } => self.source.cell(self.b, input, offset),
            Expr::Len => match self.source.taps() {
                Some(taps) => Lanes::Number(taps as f64),
                None => {
                    let count = self.source.count(self.b);
                    let len = self.b.ins().fcvt_from_sint(F64, count);
                    self.broadcast(id, len)
                }
            },
            Expr::Accumulator(fold, index) => self.accumulators[&fold][index].clone(),
            Expr::Element(fold, index) => self.elements[&fold][index].clone(),
            Expr::FoldValue(fold, index) => self.accumulators[&fold][index].clone(),
            Expr::Coord(axis) => self.source.coordinate(self.b, axis),
            Expr::Extent(_) => unreachable!("what is the same for all pixels is a param"),
            Expr::Reduce { .. } => unreachable!("reductions are emitted in loops"),
            _ => self.elementwise(id, &|emitter, id| emitter.scalar(id).clone())?,
        })
    }

    /// A scalar f64 for every pixel, as a value of node `id`.
    pub(super) fn broadcast(&mut self, id: ExprId, value: Value) -> Lanes {
        let lane = self.lane(id);
        Lanes::Numbers(lane, lanes::broadcast(self.b, self.width(), lane, value))
    }

    pub(super) fn elementwise(&mut self, id: ExprId, value: &dyn Fn(&Self, ExprId) -> Lanes) -> Result<Lanes, Error> {
        let lane = self.lane(id);
        let expr = self.kernel.expr(id);
        if let Some(value) = self.body.analysis.ranges[id.index()].point() {
            return Ok(match self.kernel.ty(id).elem {
                Elem::Number => Lanes::Number(value),
                Elem::Boolean => Lanes::Truth(value != 0.0),
            });
        }
        Ok(match *expr {
            Expr::Unary(op, x) => match (op, value(self, x)) {
                (_, Lanes::Number(x)) => Lanes::Number(op.apply(x)),
                (_, Lanes::Truth(x)) => Lanes::Truth(!x),
                (_, Lanes::Masks(lane, parts)) => Lanes::Masks(lane, self.map(&parts, simd::not)),
                (_, x) => {
                    let x = self.numbers(&x, lane);
                    Lanes::Numbers(lane, self.unary(op, self.body.methods[id.index()], lane, &x)?)
                }
            },
            Expr::Binary(op, x, y) => {
                let (first, second) = (value(self, x), value(self, y));
                self.binary_node(id, op, (x, &first), (y, &second))
            }
            Expr::Fma(x, y, z) => {
                let values = [value(self, x), value(self, y), value(self, z)];
                self.fma_node(lane, &values)
            }
            Expr::Select(condition, yes, no) => {
                let (condition, yes, no) = (value(self, condition), value(self, yes), value(self, no));
                self.select_node(lane, condition, yes, no)
            }
            _ => unreachable!("{expr:?} is not elementwise"),
        })
    }

    fn binary_node(&mut self, id: ExprId, op: BinaryOp, x: (ExprId, &Lanes), y: (ExprId, &Lanes)) -> Lanes {
        let lane = self.lane(id);
        match (x.1, y.1) {
            (Lanes::Number(x), Lanes::Number(y)) if op.is_boolean() => return Lanes::Truth(op.apply(*x, *y) != 0.0),
            (Lanes::Number(x), Lanes::Number(y)) => return Lanes::Number(op.apply(*x, *y)),
            (first @ (Lanes::Truth(_) | Lanes::Masks(..)), second) => return self.logic(op, lane, first, second),
            (first, second) if op.is_boolean() => return self.compare(op, lane, first, second),
            _ => {}
        }
        let nan = self.may_be_nan(x.0) || self.may_be_nan(y.0);
        let method = self.body.methods[id.index()];
        let first = self.numbers(x.1, lane);
        if let Method::Reciprocal(divisor) = method {
            return Lanes::Numbers(lane, self.map(&first, |b, x| expr::quotient(b, x, divisor)));
        }
        if let Method::WordScaled(factor) = method {
            let factor = self.number(lane, factor.into());
            return Lanes::Numbers(lane, self.zip(&first, &factor, |b, x, y| b.ins().x86_pmulhrsw(x, y)));
        }
        let factor = if let Method::Scaled(factor) = method { Some(factor) } else { None };
        let second = match factor {
            Some(factor) => self.number(lane, factor),
            None => self.numbers(y.1, lane),
        };
        let op = if factor.is_some() { BinaryOp::Multiply } else { op };
        if op == BinaryOp::Subtract && first == second && !self.may_be_nan(id) {
            // The centre's difference from itself, say.
            return Lanes::Number(0.0);
        }
        // The same difference, whichever of two rows of pixels it is for.
        let exchanged = method == Method::SignInsensitive && second[0] < first[0];
        let (first, second) = if exchanged { (second, first) } else { (first, second) };
        match method {
            Method::SumWithExactProduct { second: true } => {
                Lanes::Numbers(lane, self.zip(&first, &second, |b, x, y| expr::sum_with_product(b, x, y)))
            }
            Method::SumWithExactProduct { second: false } => {
                Lanes::Numbers(lane, self.zip(&second, &first, |b, x, y| expr::sum_with_product(b, x, y)))
            }
            _ => Lanes::Numbers(lane, self.binary(op, lane, &first, &second, nan)),
        }
    }

    fn fma_node(&mut self, lane: Lane, values: &[Lanes; 3]) -> Lanes {
        if let [Lanes::Number(x), Lanes::Number(y), Lanes::Number(z)] = values {
            return Lanes::Number(libm::fma(*x, *y, *z));
        }
        let [x, y, z] = values.each_ref().map(|value| self.numbers(value, lane));
        let fused = |(index, x): (usize, &Value)| {
            if lane.is_float() {
                return self.b.ins().fma(*x, y[index], z[index]);
            }
            let product = self.b.ins().imul(*x, y[index]);
            self.b.ins().iadd(product, z[index])
        };
        Lanes::Numbers(lane, x.iter().enumerate().map(fused).collect())
    }

    fn select_node(&mut self, lane: Lane, condition: Lanes, yes: Lanes, no: Lanes) -> Lanes {
        let condition = match condition {
            Lanes::Truth(true) => return yes,
            Lanes::Truth(false) => return no,
            condition => condition,
        };
        let masks = self.masks(&condition, lane);
        match yes {
            Lanes::Number(_) | Lanes::Numbers(..) => {
                let (yes, no) = (self.numbers(&yes, lane), self.numbers(&no, lane));
                Lanes::Numbers(lane, self.select(&masks, &yes, &no))
            }
            Lanes::Truth(_) | Lanes::Masks(..) => {
                let (yes, no) = (self.masks(&yes, lane), self.masks(&no, lane));
                Lanes::Masks(lane, self.select(&masks, &yes, &no))
            }
        }
    }

    fn unary(&mut self, op: UnaryOp, method: Method, lane: Lane, x: &[Value]) -> Result<Vec<Value>, Error> {
        if !is_unary_function(op) {
            return Ok(self.map(x, |b, x| expr::unary(b, op, lane, x)));
        }
        if let Some(host) = HostFn::of(op) {
            self.import(host)?;
        }
        let functions = &self.functions;
        let mut import = |_: &mut FunctionBuilder<'_>, host: HostFn| Ok(functions[&host]);
        match method {
            Method::Bounded => Ok(self.map(x, math::bounded_exp2)),
            _ => x.iter().map(|x| math::unary(self.b, op, *x, &mut import)).collect(),
        }
    }

    fn binary(&mut self, op: BinaryOp, lane: Lane, x: &[Value], y: &[Value], nan: bool) -> Vec<Value> {
        match is_binary_function(op) {
            true => self.zip(x, y, |b, x, y| math::binary(b, op, x, y)),
            false => self.zip(x, y, |b, x, y| expr::arithmetic(b, op, lane, x, y, nan)),
        }
    }

    fn compare(&mut self, op: BinaryOp, lane: Lane, x: &Lanes, y: &Lanes) -> Lanes {
        let (mut x, mut y) = (x.clone(), y.clone());
        // A constant that is not of the lanes' kind, such as a fraction among integers.
        let constant = match (&mut x, &mut y) {
            (Lanes::Number(constant), _) => Some((constant, true)),
            (_, Lanes::Number(constant)) => Some((constant, false)),
            _ => None,
        };
        if let Some((constant, on_left)) = constant {
            match threshold(lane, op, *constant, on_left) {
                Threshold::Always(truth) => return Lanes::Truth(truth),
                Threshold::Constant(equivalent) => *constant = equivalent,
            }
        }
        let (x, y) = (self.numbers(&x, lane), self.numbers(&y, lane));
        Lanes::Masks(lane, self.zip(&x, &y, |b, x, y| expr::compare(b, op, lane, x, y)))
    }

    fn logic(&mut self, op: BinaryOp, lane: Lane, x: &Lanes, y: &Lanes) -> Lanes {
        match (op, x, y) {
            (BinaryOp::And, Lanes::Truth(true), other) | (BinaryOp::And, other, Lanes::Truth(true)) => other.clone(),
            (BinaryOp::Or, Lanes::Truth(false), other) | (BinaryOp::Or, other, Lanes::Truth(false)) => other.clone(),
            (BinaryOp::And, Lanes::Truth(false), _) | (BinaryOp::And, _, Lanes::Truth(false)) => Lanes::Truth(false),
            (BinaryOp::Or, Lanes::Truth(true), _) | (BinaryOp::Or, _, Lanes::Truth(true)) => Lanes::Truth(true),
            _ => {
                let (x, y) = (self.masks(x, lane), self.masks(y, lane));
                Lanes::Masks(lane, self.zip(&x, &y, |b, x, y| expr::logic(b, op, x, y)))
            }
        }
    }
}
