//! Sums of integers over boxes, in a time that does not grow with the box: columns of cells have sums that move down with the windows, and a
//! window's sum moves along these.

use std::ops::Range;

use super::found_line::FoundLine;
use super::keys::Sortable;
use super::methods::BlockOfRows;
use super::rows::{CellsOfRow, ElementRows};
use super::simd::{Level, Running, Work, dispatch};
use super::sweep::Results;
use crate::filter::rows::border::BorderMap;
use crate::filter::rows::context::RunContext;
use crate::grid::lane::Lane;
use crate::plan::moving::sums::SumPass;

/// What all threads share of a sum.
pub struct SumContext<'a> {
    pub pass: &'a SumPass,
    /// The rows of cells that a window has and the one above it has not, and the other way round; as offsets from the window's pixel along all
    /// axes but the last.
    enter: Vec<Vec<isize>>,
    leave: Vec<Vec<isize>>,
}

/// A pass for a sum, in a run.
#[derive(Clone, Copy)]
pub struct OfSum<'c> {
    pub context: &'c RunContext<'c>,
    /// Its number among those of the host.
    pub number: usize,
    pub sum: &'c SumContext<'c>,
    pub border: &'c BorderMap,
}

/// One thread's memory for a sum.
#[derive(Default)]
pub struct SumMemory {
    /// The columns of the windows of the last row of pixels, from the first window's first one on.
    ints: Vec<i32>,
    numbers: Vec<f64>,
    /// A row of elements that comes, and one that goes.
    entering: ElementRows,
    leaving: ElementRows,
}

/// What is added up: integers, of which sums and differences are exact. Sums over windows are numbers of the type; others wrap.
trait Column: Copy + Default + 'static {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// See [`Running`].
    fn running<L: Level>(level: L, before: Self, more: &[Self], less: &[Self], to: &mut [Self]);
    fn columns(memory: &mut SumMemory) -> &mut Vec<Self>;
    fn results<'l>(line: &'l mut FoundLine, pixels: &Range<usize>) -> Results<'l, Self>;
}

/// An element that is added.
trait Addend<C>: Sortable {
    fn widened(self) -> C;
}

macro_rules! columns {
    ($($type:ident, $plus:path, $minus:path, $memory:ident, $results:ident, $($element:ident)*);*) => {$(
        impl Column for $type {
            #[inline(always)]
            fn plus(self, other: $type) -> $type {
                $plus(self, other)
            }

            #[inline(always)]
            fn minus(self, other: $type) -> $type {
                $minus(self, other)
            }

            #[inline(always)]
            fn running<L: Level>(level: L, before: $type, more: &[$type], less: &[$type], to: &mut [$type]) {
                Running::running(level, before, more, less, to);
            }

            fn columns(memory: &mut SumMemory) -> &mut Vec<$type> {
                &mut memory.$memory
            }

            fn results<'l>(line: &'l mut FoundLine, pixels: &Range<usize>) -> Results<'l, $type> {
                line.$results(pixels)
            }
        }

        $(impl Addend<$type> for $element {
            #[inline(always)]
            fn widened(self) -> $type {
                self as $type
            }
        })*
    )*};
}

columns!(
    i32, i32::wrapping_add, i32::wrapping_sub, ints, ints, u8 i8 u16 i16 u32 i32;
    f64, std::ops::Add::add, std::ops::Sub::sub, numbers, numbers, u8 i8 u16 i16 u32 i32
);

impl<'a> SumContext<'a> {
    pub fn new(pass: &'a SumPass) -> SumContext<'a> {
        let column = &pass.cells.column;
        let moved = |place: &[isize], rows: isize| {
            let mut place = place.to_vec();
            place.last_mut().into_iter().for_each(|y| *y += rows);
            place
        };
        // They are in order.
        let has = |place: &Vec<isize>| column.binary_search(place).is_ok();
        let enter = column.iter().filter(|place| !has(&moved(place, 1))).cloned().collect();
        let leave = column.iter().map(|place| moved(place, -1)).filter(|place| !has(place)).collect();
        SumContext { pass, enter, leave }
    }
}

impl SumMemory {
    /// Finds the sum for every pixel of a block, or stops if that is over. What is known of the columns is that of the row above if the block
    /// `follows` the one before.
    pub fn find(&mut self, of: OfSum<'_>, block: &BlockOfRows<'_>, follows: bool, line: &mut FoundLine) {
        match of.sum.pass.line.lane {
            Lane::I32 => self.find_as::<i32>(of, block, follows, line),
            _ => self.find_as::<f64>(of, block, follows, line),
        }
    }

    fn find_as<C: Column>(&mut self, of: OfSum<'_>, block: &BlockOfRows<'_>, follows: bool, line: &mut FoundLine)
    where
        u8: Addend<C>,
        i8: Addend<C>,
        u16: Addend<C>,
        i16: Addend<C>,
        u32: Addend<C>,
        i32: Addend<C>,
    {
        let find = match of.sum.pass.elements.lane() {
            Lane::U8 => SumMemory::find_of::<u8, C>,
            Lane::I8 => SumMemory::find_of::<i8, C>,
            Lane::U16 => SumMemory::find_of::<u16, C>,
            Lane::I16 => SumMemory::find_of::<i16, C>,
            Lane::U32 => SumMemory::find_of::<u32, C>,
            Lane::I32 => SumMemory::find_of::<i32, C>,
            Lane::I64 | Lane::U64 | Lane::F32 | Lane::F64 => unreachable!("integers of at most 32 bits are added"),
        };
        find(self, of, block, follows, line);
    }

    fn find_of<T: Addend<C>, C: Column>(
        &mut self,
        of: OfSum<'_>,
        block: &BlockOfRows<'_>,
        follows: bool,
        line: &mut FoundLine,
    ) {
        let run = of.sum.pass.cells.columns;
        let mut columns = std::mem::take(C::columns(self));
        columns.resize(block.pixels.len() + run - 1, C::default());
        let mut results = C::results(line, &block.pixels);
        for row in 0..block.rows.len() {
            if of.context.verdict.is_over() {
                break;
            }
            let pixels = RowOfPixels { of, block, y: block.rows.start + row };
            // Where few cells stay, it takes less to begin anew.
            let changes = of.sum.enter.len() + of.sum.leave.len();
            match row == 0 && !follows || changes > of.sum.pass.cells.column.len() {
                true => self.begin::<T, C>(&pixels, &mut columns),
                false => self.move_down::<T, C>(&pixels, &mut columns),
            }
            if of.sum.pass.inside {
                pixels.leave_out_beyond(&mut columns);
            }
            dispatch(AlongRow { columns: &columns, run, to: results.row(row) });
        }
        *C::columns(self) = columns;
    }

    /// Adds up the columns of the windows of a row of pixels.
    fn begin<T: Addend<C>, C: Column>(&mut self, pixels: &RowOfPixels<'_>, columns: &mut [C]) {
        columns.fill(C::default());
        for place in &pixels.of.sum.pass.cells.column {
            if pixels.of.context.verdict.is_over() {
                return;
            }
            pixels.read(&mut self.entering, place);
            dispatch(Enter { columns, elements: self.entering.elements::<T>() });
        }
    }

    /// Makes of the columns of the row above those of a row of pixels.
    fn move_down<T: Addend<C>, C: Column>(&mut self, pixels: &RowOfPixels<'_>, columns: &mut [C]) {
        for (enter, leave) in pixels.of.sum.enter.iter().zip(&pixels.of.sum.leave) {
            pixels.read(&mut self.entering, enter);
            pixels.read(&mut self.leaving, leave);
            let (entering, leaving) = (self.entering.elements::<T>(), self.leaving.elements::<T>());
            dispatch(Exchange { columns, entering, leaving });
        }
    }
}

/// A row of pixels of a block.
struct RowOfPixels<'b> {
    of: OfSum<'b>,
    block: &'b BlockOfRows<'b>,
    /// Where it is along the axis before the last.
    y: usize,
}

impl RowOfPixels<'_> {
    /// Where the columns of its windows are along the array's rows.
    fn along(&self) -> Range<isize> {
        let cells = &self.of.sum.pass.cells;
        let first = (self.block.first + self.block.pixels.start) as isize + cells.first;
        first..first + (self.block.pixels.len() + cells.columns - 1) as isize
    }

    /// Reads the row of cells that is at an offset from this row of pixels.
    fn read(&self, into: &mut ElementRows, place: &[isize]) {
        let y = self.block.has_rows.then_some(&self.y);
        let outer: Vec<isize> =
            self.block.outer.iter().chain(y).zip(place).map(|(index, offset)| *index as isize + offset).collect();
        let cells = CellsOfRow { outer: &outer, along: self.along(), border: self.of.border };
        into.read(self.of.context, self.of.number, &cells);
    }

    /// Makes columns beyond the ends of the array's rows empty.
    fn leave_out_beyond<C: Column>(&self, columns: &mut [C]) {
        let (along, end) = (self.along(), self.of.context.run.domain.row_len() as isize);
        let before = (-along.start).clamp(0, columns.len() as isize) as usize;
        let inside = (end - along.start).clamp(0, columns.len() as isize) as usize;
        columns[..before].fill(C::default());
        columns[inside..].fill(C::default());
    }
}

/// Elements that are added to their columns.
struct Enter<'c, C, T> {
    columns: &'c mut [C],
    elements: &'c [T],
}

impl<C: Column, T: Addend<C>> Work for Enter<'_, C, T> {
    #[inline(always)]
    fn run<L: Level>(self, _: L) {
        for (column, element) in self.columns.iter_mut().zip(self.elements) {
            *column = column.plus(element.widened());
        }
    }
}

/// Elements that come instead of others.
struct Exchange<'c, C, T> {
    columns: &'c mut [C],
    entering: &'c [T],
    leaving: &'c [T],
}

impl<C: Column, T: Addend<C>> Work for Exchange<'_, C, T> {
    #[inline(always)]
    fn run<L: Level>(self, _: L) {
        for (column, (entering, leaving)) in self.columns.iter_mut().zip(self.entering.iter().zip(self.leaving)) {
            *column = column.plus(entering.widened()).minus(leaving.widened());
        }
    }
}

/// The sums of windows along a row, of so many columns each.
struct AlongRow<'c, C> {
    columns: &'c [C],
    run: usize,
    to: &'c mut [C],
}

impl<C: Column> Work for AlongRow<'_, C> {
    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        let Some((first, others)) = self.to.split_first_mut() else { return };
        *first = self.columns[..self.run].iter().fold(C::default(), |sum, column| sum.plus(*column));
        let (more, less) = (&self.columns[self.run..][..others.len()], &self.columns[..others.len()]);
        C::running(level, *first, more, less, others);
    }
}
