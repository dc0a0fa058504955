//! The thresholds between ways to compute the same, in one table.
//!
//! No value of a filter depends on them, but for the rounding of float sums, so they may be changed for another processor. Each says what
//! was measured; "Not measured" marks those that were set by judgement, the first to try when something is slow.

// The code for a block of pixels.

/// Loops over more cells than this are not unrolled.
///
/// Measured: a minimum of u8 takes 0.7 ns a pixel over 11 x 11 cells, unrolled and shared by rows of pixels, and 7.3 ns over 15 x 15 in a
/// loop, five times as much for a cell.
pub const MAX_UNROLLED_CELLS: usize = 128;

/// Loops are unrolled if the unrolled body has at most about this many instructions.
///
/// Not measured by itself: code of 1,000 instructions takes about 4 ms to make ([`COMPILE_NANOSECONDS`]).
pub const MAX_UNROLLED_INSTRUCTIONS: usize = 1024;

/// The most reductions in one loop.
///
/// Each has variables that live through the loop, and allocating registers for many of them takes time that grows with their
/// square. The number itself is not measured.
pub const MAX_REDUCTIONS_IN_LOOP: usize = 64;

/// About how many instructions an elementary function of one number takes, counted in the emitted code of `exp` and `sin`.
pub const FUNCTION_INSTRUCTIONS: usize = 20;

/// About how many instructions a function of two numbers takes, counted in the emitted code of `**`.
pub const BINARY_FUNCTION_INSTRUCTIONS: usize = 60;

/// Order statistics of at most this many elements are found by a network.
///
/// Measured: the median of 9 x 9 takes 30 ms to compile. Where more time for more cells stops being worth it is not measured.
pub const MAX_NETWORK: usize = 81;

/// Medians of the elements that a filter selects are found by a network of at most this many elements.
///
/// Each row of pixels has a network of its own, in which about five instructions an element replace what is not selected.
pub const MAX_FILTERED_NETWORK: usize = 25;

/// About how many minima and maxima a network has for each element: 80 for four medians of 9 (which share much), 336 for four
/// of 25.
pub const NETWORK_INSTRUCTIONS: usize = 6;

/// A block has as many pixels as fill four registers of the lanes that most is done in, if at most this many instructions are done
/// in each register ...
///
/// There is less work for each address and each turn of the loop, until values no longer fit in the registers. Not measured.
pub const FOUR_REGISTERS: usize = 64;
/// ... and two registers up to this many.
pub const TWO_REGISTERS: usize = 200;

/// At most this many rows of pixels are computed by one call.
pub const MAX_ROWS_PER_CALL: usize = 8;

/// So many instructions in narrow lanes (of at most two bytes) are so little that what is done for a row counts: the most rows.
///
/// Not measured by itself.
pub const LITTLE_WORK: usize = 16;

/// Up to so many instructions, and for networks, four rows of pixels are computed by one call ...
///
/// Counted: four rows of a 3 x 3 median take 80 minima and maxima, one alone 30. The thresholds are not measured.
pub const FOUR_ROWS: usize = 100;
/// ... and two up to this many.
pub const TWO_ROWS: usize = 400;

/// Scratch memory for at most this many f64s is on the stack of a callback for windows of any length ...
///
/// 8 KiB. Not measured.
pub const STACK_SCRATCH: usize = 1024;
/// ... and for this many on that of a callback for one footprint. Beyond, each call allocates it and frees it.
///
/// 256 KiB: a thread of rayon's has 2 MiB of stack.
pub const MAX_STACK_SCRATCH: usize = 1 << 15;

/// In a row of the array that is shorter than this, code may yet read so far before and after its pixels.
///
/// A copy of a row has all that is between: 4,096 elements beyond both ends are at most 64 KiB. Not measured.
pub const SHORT_REACH: usize = 1 << 12;

/// The bytes of machine code for an instruction of the intermediate representation.
///
/// There are fewer where rows of pixels have instructions in common, which the code generator keeps once, and more where many
/// values don't fit in the registers. Not measured.
pub const CODE_BYTES: usize = 8;

/// The time that the code generator takes for each instruction of a small function, in nanoseconds ...
///
/// For usual kernels that is twice as long as it takes on a machine of 2020. Where hundreds of values live through a loop, it may be
/// a tenth.
pub const COMPILE_NANOSECONDS: u128 = 4000;
/// ... which is twice as long in one of this many instructions, three times in one of twice as many, and so on.
pub const COMPILE_SLOWER: u128 = 10_000;

// Windows in passes.

/// About how many instructions a cell takes in a loop over cells: a table entry, a row's address, the element, the operation.
pub const LOOP_INSTRUCTIONS: f64 = 5.0;

/// A window is cut into passes if they take less than its price by this factor.
///
/// Lines are written and read again, and a call has its own costs on short rows; see `hoodoo bench --growth`.
pub const CUT_ADVANTAGE: f64 = 1.2;

/// Runs of so many columns are read as they are. Not measured.
pub const SHORT_RUN: usize = 8;

/// What a line costs in a pass along the row, beside its reads: writing it, and visiting it. Not measured by itself.
pub const LINE_INSTRUCTIONS: usize = 3;

/// What one more pass costs for a register of pixels, beside its instructions, for one row of pixels.
pub const PASS_INSTRUCTIONS: f64 = 8.0;

// Order statistics that move.

/// Histograms of columns are worth it for at least so many cells in a column.
pub const COLUMN_HISTOGRAM_CELLS: usize = 4;

/// How many pixels of a row are done with one set of histograms of columns.
///
/// A histogram has 544 bytes, and all of them stay in the second cache.
pub const COLUMN_STRIP: usize = 512;

/// How many rows of pixels are done with them before they are made anew, at least.
pub const COLUMN_ROWS: usize = 64;

/// How many elements are ranked together for each cell of a window ...
pub const RANKED_FOR_EACH_CELL: usize = 64;
/// ... but not fewer than this, ...
pub const RANKED_LEAST: usize = 1 << 12;
/// ... and not more than this, unless a window itself has a fourth of that.
pub const RANKED_MOST: usize = 1 << 16;

/// How many pixels of a row are done from elements that are ranked together, at least.
pub const RANKED_COLUMNS: usize = 32;

/// How much work a moved order statistic is for a pixel, as the number of cells of a sum that takes as long.
pub const MOVING_WORK: usize = 64;

// Threads.

/// How many bands there are for each thread: more than one, so that a thread that is held up does not hold up the others.
///
/// Not measured.
pub const BANDS_PER_THREAD: usize = 8;

/// How much work is worth a thread: pixels times cells.
///
/// Handing work to a thread takes some 30 us, in which one thread does about so much. Not measured by itself.
pub const MIN_WORK_PER_THREAD: usize = 1 << 17;

/// How many pixels a thread does before it looks for other work, at least.
///
/// Not measured: with a compiled callback of a few cells so many pixels take some 20 us.
pub const MIN_BAND: usize = 1 << 13;

// Rows and caches.

/// How many pixels are computed before a cancellation is seen, at most.
pub const MAX_CHUNK: usize = 1 << 16;

/// How many bytes of results are computed before they are moved, or before it is asked whether what they were computed from
/// is finite: both stay in a near cache, and each row is read for long enough that the processor fetches ahead.
///
/// Measured from 4 to 128 KiB on the f64 cross: 32 KiB was best.
pub const CHUNK_BYTES: usize = 1 << 15;

/// How large the lines of a chunk may be together: half of the nearest cache.
///
/// The nearest cache has 32 KiB.
pub const LINE_BYTES: usize = 1 << 14;

/// How many cache lines at least a set of the nearest cache has.
pub const CACHE_WAYS: usize = 12;

/// Rows a multiple of so many bytes apart are in two sets of the nearest cache, or in one.
///
/// Measured on minima of f32 in rows of 8 KiB, on a loaded machine: with copies 31 x 31 took 1.8 ns a pixel instead of 2.1, 101 x 101
/// 4.0 instead of 10.7.
pub const ALIASING_BYTES: isize = 1 << 11;

/// How many pixels a chunk has at most where there are lines.
///
/// Beyond that, a call takes a negligible part of the time.
pub const MAX_LINE_CHUNK: usize = 1 << 12;

/// Rows of at most this many bytes are copied as a whole, and not written past the cache.
///
/// Not measured.
pub const SHORT_ROW: usize = 1 << 12;

/// The rows that are read by the groups which follow each other in a plane stay in the second cache.
///
/// Tried on volumes of u16 from 64 KiB to a whole plane.
pub const CACHED_BYTES: usize = 1 << 17;

/// Rows that are read again by the next group are expected to be in the second cache up to this size, half of most.
pub const REREAD_BYTES: usize = 1 << 18;

/// Outputs of at least this many bytes don't stay in the cache, so writing past it spares reading them first.
///
/// Smaller outputs are read again from the cache by whoever comes next. Not measured.
pub const STREAMED_BYTES: usize = 1 << 24;

/// Axes with at most so many elements are no good for rows.
///
/// Measured: 500 x 500 x 3 u8 along `axes=(0, 1)` takes 33 ms with rows along the colours, 0.8 ms with rows along the second axis.
pub const SHORT_AXIS: usize = 8;

/// They are avoided if there is an axis before them with at least so many elements.
///
/// Not measured.
pub const LONG_AXIS: usize = 32;

/// How many pixels of a row are done before their results are stored, progress is reported and a cancellation is seen, at
/// most.
pub const MAX_PIXEL_CHUNK: usize = 1 << 12;
