//! Sums of products with params.

use super::part::fused;
use crate::lang::hir::{Builder, Expr, ExprId};
use crate::lang::ops::BinaryOp;
use crate::lang::types::Type;

/// How many sums are made beside each other, so that none waits for the one before.
const CHAINS: usize = 4;

/// The sum of the products of values with the params from `first` on.
pub fn weighted_sum(builder: &mut Builder, values: &[ExprId], first: usize) -> ExprId {
    let mut chains: Vec<ExprId> = Vec::with_capacity(CHAINS);
    for (number, value) in values.iter().enumerate() {
        let weight = builder.leaf(Expr::Param(first + number), Type::NUMBER);
        match chains.get_mut(number % CHAINS) {
            Some(chain) => *chain = fused(builder, *value, weight, *chain),
            None => chains.push(builder.binary(BinaryOp::Multiply, *value, weight)),
        }
    }
    while chains.len() > 1 {
        let pairs = chains.chunks(2).map(|pair| match *pair {
            [x, y] => builder.binary(BinaryOp::Add, x, y),
            _ => pair[0],
        });
        chains = pairs.collect();
    }
    chains.pop().unwrap_or_else(|| builder.number(0.0))
}
