//! Value ranges. (Interface; the analysis is on its way.)

use crate::grid::element::DType;
use crate::lang::hir::Kernel;

/// A type of vector lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Lane {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    F64,
}

impl Lane {
    pub fn bytes(self) -> usize {
        match self {
            Lane::U8 | Lane::I8 => 1,
            Lane::U16 | Lane::I16 => 2,
            Lane::U32 | Lane::I32 | Lane::F32 => 4,
            Lane::F64 => 8,
        }
    }
    pub fn is_float(self) -> bool {
        matches!(self, Lane::F32 | Lane::F64)
    }
    pub fn of(dtype: DType) -> Option<Lane> {
        Some(match dtype {
            DType::Bool | DType::U8 => Lane::U8,
            DType::I8 => Lane::I8,
            DType::U16 => Lane::U16,
            DType::I16 => Lane::I16,
            DType::U32 => Lane::U32,
            DType::I32 => Lane::I32,
            DType::F32 => Lane::F32,
            DType::F64 => Lane::F64,
            DType::I64 | DType::U64 => return None,
        })
    }
    pub fn least(self) -> f64 {
        match self {
            Lane::U8 | Lane::U16 | Lane::U32 => 0.0,
            Lane::I8 => -128.0,
            Lane::I16 => -32768.0,
            Lane::I32 => f64::from(i32::MIN),
            _ => f64::NEG_INFINITY,
        }
    }
    pub fn greatest(self) -> f64 {
        match self {
            Lane::U8 => 255.0,
            Lane::I8 => 127.0,
            Lane::U16 => 65535.0,
            Lane::I16 => 32767.0,
            Lane::U32 => f64::from(u32::MAX),
            Lane::I32 => f64::from(i32::MAX),
            _ => f64::INFINITY,
        }
    }
    pub fn holds(self, range: &Range) -> bool {
        match self {
            Lane::F64 => true,
            Lane::F32 => range.single,
            _ => {
                range.whole
                    && !range.nan
                    && !range.minus_zero
                    && self.least() <= range.low
                    && range.high <= self.greatest()
            }
        }
    }
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::U8 => "u8",
            Lane::I8 => "i8",
            Lane::U16 => "u16",
            Lane::I16 => "i16",
            Lane::U32 => "u32",
            Lane::I32 => "i32",
            Lane::F32 => "f32",
            Lane::F64 => "f64",
        }
    }
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    pub whole: bool,
    pub single: bool,
    pub nan: bool,
    pub minus_zero: bool,
}

impl Range {
    pub const ANY: Range =
        Range { low: f64::NEG_INFINITY, high: f64::INFINITY, whole: false, single: false, nan: true, minus_zero: true };
    pub const FINITE: Range = Range { low: f64::MIN, high: f64::MAX, nan: false, ..Range::ANY };
    pub fn of(dtype: DType, finite: bool) -> Range {
        match (dtype, Lane::of(dtype)) {
            (DType::F32, _) if finite => {
                Range { low: f64::from(f32::MIN), high: f64::from(f32::MAX), single: true, ..Range::FINITE }
            }
            (DType::F32, _) => Range { single: true, ..Range::ANY },
            (DType::F64, _) => {
                if finite {
                    Range::FINITE
                } else {
                    Range::ANY
                }
            }
            (DType::Bool, _) => Range { low: 0.0, high: 1.0, whole: true, single: true, nan: false, minus_zero: false },
            (_, Some(lane)) => Range {
                low: lane.least(),
                high: lane.greatest(),
                whole: true,
                single: lane.bytes() < 4,
                nan: false,
                minus_zero: false,
            },
            (DType::U64, None) => Range {
                low: 0.0,
                high: 18446744073709551616.0,
                whole: true,
                single: false,
                nan: false,
                minus_zero: false,
            },
            (_, None) => Range {
                low: -9223372036854775808.0,
                high: 9223372036854775808.0,
                whole: true,
                single: false,
                nan: false,
                minus_zero: false,
            },
        }
    }
    pub fn exactly(v: f64) -> Range {
        Range {
            low: v,
            high: v,
            whole: v.fract() == 0.0,
            single: f64::from(v as f32).to_bits() == v.to_bits(),
            nan: v.is_nan(),
            minus_zero: v == 0.0 && v.is_sign_negative(),
        }
    }
    pub fn union(self, o: Range) -> Range {
        Range {
            low: self.low.min(o.low),
            high: self.high.max(o.high),
            whole: self.whole && o.whole,
            single: self.single && o.single,
            nan: self.nan || o.nan,
            minus_zero: self.minus_zero || o.minus_zero,
        }
    }
}

/// In which floats to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// f64.
    #[default]
    Exact,
    /// f32.
    Single,
}

pub struct Facts<'a> {
    pub inputs: &'a [Range],
    pub params: Range,
    pub taps: usize,
    pub outputs_float: &'a [bool],
    pub precision: Precision,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    pub ranges: Vec<Range>,
    pub lanes: Vec<Lane>,
}

pub fn analyse(kernel: &Kernel, facts: &Facts<'_>) -> Analysis {
    use crate::lang::hir::{Expr, Reduction};
    let mut ranges = vec![Range::ANY; kernel.node_count()];
    let mut lanes = vec![Lane::F64; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        let range = match node.expr {
            Expr::Tap(i) | Expr::At { input: i, .. } => facts.inputs[i],
            Expr::Number(bits) => Range::exactly(f64::from_bits(bits)),
            Expr::Reduce { op: Reduction::Min | Reduction::Max, window, filter: None, .. } => ranges[window.index()],
            _ => continue,
        };
        ranges[id.index()] = range;
        lanes[id.index()] = [Lane::U8, Lane::I8, Lane::U16, Lane::I16, Lane::U32, Lane::I32, Lane::F32, Lane::F64]
            .into_iter()
            .find(|l| l.holds(&range))
            .unwrap();
    }
    Analysis { ranges, lanes }
}

impl Analysis {
    /// The analysis of a kernel of whose values nothing is known.
    pub fn of_nothing_known(kernel: &Kernel) -> Analysis {
        Analysis { ranges: vec![Range::ANY; kernel.node_count()], lanes: vec![Lane::F64; kernel.node_count()] }
    }
}

pub fn whole_threshold(
    op: crate::lang::ops::BinaryOp,
    constant: f64,
    _on_left: bool,
) -> Result<(crate::lang::ops::BinaryOp, f64), bool> {
    Ok((op, constant))
}
