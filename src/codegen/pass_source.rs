//! The windows of a block of pixels, in rows of cells.

use std::collections::HashMap;

use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;

use super::emit::value_source::{Scratch, Tap, ValueSource};
use super::entry::place;
use super::jit::Module;
use super::lanes::{self, Lanes, constant_memory};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::Expr;
use crate::plan::pass::Pass;
use crate::plan::width::Width;

/// Tables that loops over cells read.
#[derive(Clone)]
pub struct Tables {
    /// For each input whose window is read, and each row of pixels.
    taps: HashMap<(usize, usize), Value>,
    /// Offsets and distances.
    places: HashMap<Expr, Value>,
    /// The numbers 0, 1, 2, ... of the pixels that a turn of the loop computes.
    pixels: Option<Value>,
}

impl Tables {
    pub fn new(b: &mut FunctionBuilder<'_>, module: &mut Module, pass: &Pass) -> Result<Tables, Error> {
        let mut tables = Tables { taps: HashMap::new(), places: HashMap::new(), pixels: None };
        let taps = pass.cells.taps();
        // There are no empty tables.
        let filled = |bytes: Vec<u8>| if bytes.is_empty() { vec![0; 8] } else { bytes };
        for (_, node) in pass.kernel.live_nodes() {
            match &node.expr {
                Expr::Tap(input) => {
                    for shift in 0..pass.rows_per_call {
                        let bytes = tap_table(pass, *input, shift);
                        tables.taps.insert((*input, shift), module.table(b, filled(bytes).into_iter())?);
                    }
                }
                expr @ (Expr::Offset(_) | Expr::Dist) => {
                    let values = (0..taps).flat_map(|tap| place(&pass.cells, expr, tap).to_ne_bytes());
                    let values: Vec<u8> = values.collect();
                    tables.places.insert(expr.clone(), module.table(b, filled(values).into_iter())?);
                }
                Expr::Coord(axis) if pass.row_axis == Some(*axis) => {
                    let numbers = (0..pass.step()).flat_map(|pixel| (pixel as f64).to_ne_bytes());
                    tables.pixels = Some(module.table(b, numbers)?);
                }
                _ => {}
            }
        }
        Ok(tables)
    }
}

/// For each tap, where the address of its row is among `rows`, and the bytes from there to the cell, as two i32s.
fn tap_table(pass: &Pass, input: usize, shift: usize) -> Vec<u8> {
    let size = pass.inputs[input].lane.bytes() as isize;
    let mut bytes = Vec::with_capacity(8 * pass.cells.taps());
    let mut tap = 0;
    for (place, cells, _) in pass.cell_addrs.rows(0..pass.cells.taps()) {
        let row = i32::try_from(8 * pass.row(input, &place, shift)).expect("a footprint has at most 2^24 rows");
        for cell in tap..tap + cells {
            let along = pass.cell_addrs.column(cell) * size;
            let along = i32::try_from(along).expect("a footprint has at most 2^24 cells");
            bytes.extend([row, along].iter().flat_map(|number| number.to_ne_bytes()));
        }
        tap += cells;
    }
    bytes
}

/// The windows of a block of pixels, in rows.
pub struct PassSource<'a> {
    pass: &'a Pass,
    width: Width,
    /// The addresses of the rows of cells.
    rows: Value,
    /// The values of params and weights.
    constants: Value,
    /// The first pixel's index along each axis of the window, as f64s.
    position: Value,
    scratch: Value,
    tables: Tables,
    /// The first pixel of the block.
    x: Value,
    /// Which of the rows of pixels is computed.
    row_of_call: usize,
    /// How far apart the halves of a block are whose pixels are in pairs.
    half: usize,
    /// Of rows whose pixels are in pairs, the columns of the first and the last cell that the code reads.
    columns: HashMap<usize, (isize, isize)>,
    /// What has been loaded: by block of code, row, and distance from the pixel in bytes.
    loaded: HashMap<(Option<Block>, usize, i32), Lanes>,
}

/// The pointers that a function for rows is called with.
#[derive(Clone, Copy)]
pub struct Pointers {
    /// The addresses of the rows of cells.
    pub rows: Value,
    /// The values of params and weights.
    pub constants: Value,
    /// The first pixel's index along each axis of the window, as f64s.
    pub position: Value,
    /// Memory for order statistics.
    pub scratch: Value,
}

impl<'a> PassSource<'a> {
    /// The windows of the block of pixels from `x` on.
    pub fn new(pass: &'a Pass, pointers: Pointers, tables: Tables, x: Value, half: usize) -> PassSource<'a> {
        let Pointers { rows, constants, position, scratch } = pointers;
        let width = Width::Pixels(pass.block);
        PassSource {
            pass,
            width,
            rows,
            constants,
            position,
            scratch,
            tables,
            x,
            row_of_call: 0,
            half,
            columns: if pass.pairs { pass.columns_read() } else { HashMap::new() },
            loaded: HashMap::new(),
        }
    }

    /// From now on, those of the block from `x` on.
    pub fn move_to(&mut self, x: Value) {
        self.x = x;
        self.loaded.clear();
    }

    /// From now on, those of this one of the rows of pixels of a call.
    pub fn move_to_row(&mut self, row_of_call: usize) {
        self.row_of_call = row_of_call;
    }
}

impl PassSource<'_> {
    /// The lanes at `offset` bytes from the block's first pixel in a row.
    fn load(&self, b: &mut FunctionBuilder<'_>, input: usize, row: Value, offset: i32) -> Lanes {
        let lane = self.pass.inputs[input].lane;
        let bytes = b.ins().imul_imm_s(self.x, lane.bytes() as i64);
        let address = b.ins().iadd(row, bytes);
        match self.pass.pairs {
            true => {
                let apart = (self.half * lane.bytes()) as i32;
                let pairs = lanes::load_pairs(b, self.width, lane, address, offset, apart);
                Lanes::Numbers(lane, pairs.concat())
            }
            false => Lanes::Numbers(lane, lanes::load(b, self.width, lane, address, offset)),
        }
    }

    /// The cell at `index` of [`Pass::cell_addrs`].
    fn cell_at(&mut self, b: &mut FunctionBuilder<'_>, input: usize, index: usize) -> Lanes {
        let place = &self.pass.cell_addrs.at(index);
        let row = self.pass.row(input, place, self.row_of_call);
        match self.columns.get(&row) {
            Some(&read) => {
                let pixels = [0, 1].map(|pixel| self.element_of_pair(b, input, row, place.column + pixel, read));
                Lanes::Numbers(self.pass.inputs[input].lane, pixels.concat())
            }
            None => self.block_at(b, input, row, place.column),
        }
    }

    /// The elements in a column, as the first pixels of pairs see it: the second ones' are those of the next column.
    ///
    /// Pixels of a pair have most of their cells in common. So that these are the same values, each column is taken from one load, whichever
    /// pixel asks for it: of the first column that is `read` in the row and the next one, of the third and the fourth, and so on.
    fn element_of_pair(
        &mut self,
        b: &mut FunctionBuilder<'_>,
        input: usize,
        row: usize,
        column: isize,
        (first, last): (isize, isize),
    ) -> Vec<Value> {
        // Beyond the last column there is nothing but what the second pixel of a pair has there.
        let is_second = (column - first) % 2 == 1 || column > last;
        let block = self.block_at(b, input, row, column - isize::from(is_second));
        let Lanes::Numbers(_, parts) = block else { unreachable!("rows have numbers") };
        let (first, second) = parts.split_at(parts.len() / 2);
        if is_second { second.to_vec() } else { first.to_vec() }
    }

    /// A block of a row, from this column on.
    fn block_at(&mut self, b: &mut FunctionBuilder<'_>, input: usize, row: usize, column: isize) -> Lanes {
        let size = self.pass.inputs[input].lane.bytes() as isize;
        let offset = i32::try_from(column * size).expect("a row is reached 2^24 cells far at most");
        let key = (b.current_block(), row, offset);
        if let Some(known) = self.loaded.get(&key) {
            return known.clone();
        }
        let address = b.ins().load(I64, constant_memory(), self.rows, 8 * row as i32);
        let cell = self.load(b, input, address, offset);
        self.loaded.insert(key, cell.clone());
        cell
    }

    fn constant(&self, b: &mut FunctionBuilder<'_>, index: usize) -> Value {
        let offset = i32::try_from(8 * index).expect("what is read by its number is unrolled, so it is little");
        b.ins().load(F64, constant_memory(), self.constants, offset)
    }
}

impl ValueSource for PassSource<'_> {
    fn taps(&self) -> Option<usize> {
        Some(self.pass.cells.taps())
    }

    fn count(&self, b: &mut FunctionBuilder<'_>) -> Value {
        b.ins().iconst(I64, self.pass.cells.taps() as i64)
    }

    fn tree_row(&self, tap: usize) -> usize {
        self.pass.tree_rows[tap] + self.row_of_call
    }

    fn row_of_call(&self) -> usize {
        self.row_of_call
    }

    fn tap(&mut self, b: &mut FunctionBuilder<'_>, input: usize, tap: Tap) -> Lanes {
        match tap {
            Tap::Known(index) => self.cell_at(b, input, index),
            Tap::Running(index) => {
                let entry = b.ins().ishl_imm_u(index, 3);
                let entry = b.ins().iadd(self.tables.taps[&(input, self.row_of_call)], entry);
                let row = b.ins().sload32(constant_memory(), entry, 0);
                let along = b.ins().sload32(constant_memory(), entry, 4);
                let row = b.ins().iadd(self.rows, row);
                let row = b.ins().load(I64, constant_memory(), row, 0);
                let row = b.ins().iadd(row, along);
                self.load(b, input, row, 0)
            }
        }
    }

    fn cell(&mut self, b: &mut FunctionBuilder<'_>, input: usize, offset: &[i32]) -> Lanes {
        let index = self.pass.cells.position(offset).expect("the cells have every fixed offset");
        self.cell_at(b, input, index)
    }

    fn param(&mut self, b: &mut FunctionBuilder<'_>, param: usize) -> Value {
        self.constant(b, param)
    }

    fn weight(&mut self, b: &mut FunctionBuilder<'_>, weights: usize, tap: Tap) -> Value {
        let first = self.pass.kernel.params.len() + weights * self.pass.cells.taps();
        match tap {
            Tap::Known(tap) => {
                let equal = self.pass.equal_weights.get(weights).and_then(Option::as_ref);
                self.constant(b, first + equal.map_or(tap, |equal| equal[tap]))
            }
            Tap::Running(tap) => {
                let bytes = b.ins().ishl_imm_u(tap, 3);
                let address = b.ins().iadd(self.constants, bytes);
                // Many vectors of weights may be more bytes than an offset can tell.
                let (address, offset) = match i32::try_from(8 * first) {
                    Ok(offset) => (address, offset),
                    Err(_) => (b.ins().iadd_imm_s(address, 8 * first as i64), 0),
                };
                b.ins().load(F64, constant_memory(), address, offset)
            }
        }
    }

    fn place(&mut self, b: &mut FunctionBuilder<'_>, expr: &Expr, tap: Tap) -> Result<f64, Value> {
        match tap {
            Tap::Known(tap) => Ok(place(&self.pass.cells, expr, tap)),
            Tap::Running(tap) => {
                let bytes = b.ins().ishl_imm_u(tap, 3);
                let address = b.ins().iadd(self.tables.places[expr], bytes);
                Err(b.ins().load(F64, constant_memory(), address, 0))
            }
        }
    }

    fn coordinate(&mut self, b: &mut FunctionBuilder<'_>, axis: usize) -> Lanes {
        let first = b.ins().load(F64, MemFlagsData::new().with_notrap(), self.position, 8 * axis as i32);
        if self.pass.row_axis != Some(axis) {
            // Rows of pixels that are computed together follow each other along the axis before the last.
            let shift = if self.pass.jam_axis == Some(axis) { self.row_of_call } else { 0 };
            let shift = b.ins().f64const(shift as f64);
            let here = b.ins().fadd(first, shift);
            return Lanes::Numbers(Lane::F64, lanes::broadcast(b, self.width, Lane::F64, here));
        }
        let x = b.ins().fcvt_from_sint(F64, self.x);
        let first = b.ins().fadd(first, x);
        let first = lanes::broadcast(b, self.width, Lane::F64, first);
        // From memory, as code that computes two blocks at once reads other numbers for the second.
        let table = self.tables.pixels.expect("the kernel asks for coordinates along rows");
        let steps = lanes::load(b, self.width, Lane::F64, table, 0);
        Lanes::Numbers(Lane::F64, first.iter().zip(&steps).map(|(x, step)| b.ins().fadd(*x, *step)).collect())
    }

    fn scratch(&self) -> Scratch {
        Scratch::Block(self.scratch)
    }
}
