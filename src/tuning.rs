//! The thresholds between ways to compute the same, in one table.
//!
//! No value of a filter depends on them, but for the rounding of float sums, so they may be changed for another processor. Each says what
//! was measured: the least of several runs of each of the values in turn, at 2048 x 2048 if no shape is named, on one thread of a Zen 3
//! processor (32 KiB of nearest cache, 512 KiB of second), in November 2026. "Not measured" marks those that were set by judgement, the first to try when something is slow.

// The code for a block of pixels.

/// Loops over more cells than this are not unrolled.
///
/// Measured: a minimum of u8 takes 0.7 ns a pixel over 11 x 11 cells, unrolled and shared by rows of pixels, and 7.3 ns over 15 x 15 in a
/// loop, five times as much for a cell.
pub const MAX_UNROLLED_CELLS: usize = 128;

/// Loops are unrolled if the unrolled body has at most about this many instructions.
///
/// Measured: `sum(exp(-(w - w[0, 0]) ** 2 / 2) * w)` of f64 over 7 x 7 takes 0.80 of the time if it is unrolled, in 4,000 instructions
/// that take 6 ms more to make. Pictures of less than 512 x 512 would lose what the larger ones gain.
pub const MAX_UNROLLED_INSTRUCTIONS: usize = 1024;

/// The most reductions in one loop.
///
/// Each has variables that live through the loop, and allocating registers for many of them takes time that grows with their
/// square. Measured on loops over 13 x 13 with 20 and 100 maxima of f64: between 16 and 1,000 a loop no difference beyond the noise, with
/// 4 a loop 1.4 times as long.
pub const MAX_REDUCTIONS_IN_LOOP: usize = 64;

/// About how many instructions an elementary function of one number takes, counted in the emitted code of `exp` and `sin`.
pub const FUNCTION_INSTRUCTIONS: usize = 20;

/// About how many instructions a function of two numbers takes, counted in the emitted code of `**`.
pub const BINARY_FUNCTION_INSTRUCTIONS: usize = 60;

/// Order statistics of at most this many elements are found by a network.
///
/// Measured: a median of u8 over 9 x 9 takes 10 ms to compile and is 50 times as fast as pixel by pixel; over 11 x 11 it takes 38 ms to
/// compile, of f32 as well.
pub const MAX_NETWORK: usize = 81;

/// Medians of the elements that a filter selects are found by a network of at most this many elements.
///
/// Each row of pixels has a network of its own, in which about five instructions an element replace what is not selected. Not measured.
pub const MAX_FILTERED_NETWORK: usize = 25;

/// About how many minima and maxima a network has for each element: 80 for four medians of 9 (which share much), 336 for four
/// of 25.
pub const NETWORK_INSTRUCTIONS: usize = 6;

/// A block has as many pixels as fill four registers of the lanes that most is done in, if at most this many instructions are done
/// in each register ...
///
/// There is less work for each address and each turn of the loop, until values no longer fit in the registers. With wider vectors as much is
/// computed in a turn, by copies of the code: with one copy for 256 bits, `255 - w[0, 0]` of u8 takes 1.28 times as long as with 128 bits, a
/// minimum of 7 points in a volume of u16 1.04 times, with two 0.97 and 0.80. Measured:
/// `w[0, 0] * 2` of f32 takes 0.70 of the time that it takes with one register, a minimum of f64 over 3 x 3 and a mean 0.94.
pub const FOUR_REGISTERS: usize = 64;
/// ... and two registers up to this many.
///
/// Measured: a minimum of f32 over 7 x 7 takes 0.80 of the time that it takes with one register, but a deviation of f64 over 3 x 3 1.04.
pub const TWO_REGISTERS: usize = 200;

/// With at most so many instructions, vectors of 256 bits are used and not those of 512.
///
/// Most of what such kernels do is to load cells beside the pixel, and a load of a whole cache line that does not begin where one does takes
/// two. Measured on Zen 5, 512 against 256 bits: minima over crosses and over 3 x 3 (18 instructions) 0.97 to 1.11. What has more to do is
/// faster or the same: a mean of f32 over 3 x 3 in single precision (19) 0.99 to 1.03, of u8 0.63, max - min of u8 0.99, Sobel in single precision 0.87,
/// a minimum over 5 x 5 0.93, medians 0.74, a bilateral filter of f32 0.55.
pub const LITTLE_FOR_512: usize = 18;

/// Wide vectors are used where a row has at least so many times the pixels of a turn of their loop.
///
/// The last turn overlaps the one before it, and a shorter row is computed in part twice. Not measured.
pub const WIDE_TURNS: usize = 4;

/// Rows of at least so many pixels are long for any block. Not measured.
pub const LONG_ROW: usize = 1 << 10;

/// At most this many rows of pixels are computed by one call.
pub const MAX_ROWS_PER_CALL: usize = 8;

/// Where rows of pixels have so few instructions of their own, the most rows are computed by one call: what they have in common is then
/// done for eight of them at once ...
///
/// Measured against four rows: max - min of u16 over 9 x 9 takes 0.73 of the time, a minimum of u16 over 7 x 7 0.92. Where
/// nothing is in common it costs: `count(w > w[0, 0])` of u8 over 7 x 7 takes 1.48 times as long.
pub const LITTLE_WORK: usize = 16;

/// ... if they have more than this many instructions in common, or all are in narrow lanes (of at most two bytes).
///
/// Measured against four rows: means of f64 over 9 x 9 take 0.71 of the time, max - min of f32 over 9 x 9 0.78 and over 5 x 5 0.87; but
/// minima of f32 over 3 x 3, which wait for memory, 1.2 times as long.
pub const MUCH_SHARED: usize = 64;

/// Up to so many instructions of their own, and for networks, four rows of pixels are computed by one call ...
///
/// Counted: four rows of a 3 x 3 median take 80 minima and maxima, one alone 30. Measured on deviations of f64 over 9 x 9: four rows take
/// 0.66 of the time of one, two 0.78.
pub const FOUR_ROWS: usize = 400;
/// ... and two up to this many.
///
/// Measured: a bilateral filter of f32 over 5 x 5 takes 0.95 of the time of one row.
pub const TWO_ROWS: usize = 1600;

/// Scratch memory for at most this many f64s is on the stack of a callback for windows of any length ...
///
/// 8 KiB. Measured on medians over 21 x 21 and 31 x 31: no difference between 64 and 16,384, so that the stack of the caller decides.
pub const STACK_SCRATCH: usize = 1024;
/// ... and for this many on that of a callback for one footprint. Beyond, each call allocates it and frees it.
///
/// 256 KiB: a thread of rayon's has 2 MiB of stack.
pub const MAX_STACK_SCRATCH: usize = 1 << 15;

/// In a row of the array that is shorter than this, code may yet read so far before and after its pixels.
///
/// A copy of a row has all that is between: 4,096 elements beyond both ends are at most 64 KiB. A bound on memory, not on time.
pub const SHORT_REACH: usize = 1 << 12;

/// The bytes of machine code for an instruction of the intermediate representation.
///
/// There are fewer where rows of pixels have instructions in common, which the code generator keeps once, and more where many
/// values don't fit in the registers. A bound on memory, not on time.
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

/// Runs of so many columns are read as they are.
///
/// Measured: a minimum of u8 over 15 x 15 takes 0.75 of the time that it takes with 16, one of f64 over 11 x 11 1.18.
pub const SHORT_RUN: usize = 8;

/// What a line costs in a pass along the row, beside its reads: writing it, and visiting it. Counted in the emitted code.
pub const LINE_INSTRUCTIONS: usize = 3;

/// What one more pass costs for a register of pixels, beside its instructions, for one row of pixels.
pub const PASS_INSTRUCTIONS: f64 = 8.0;

/// Where columns have more nodes than this, one call computes fewer rows of pixels.
///
/// Code of so many instructions takes some 20 ms to make.
pub const MAX_COLUMN_NODES: usize = 6000;

/// The same for passes along the row, which share nothing among rows of pixels.
pub const MAX_ROW_NODES: usize = 1024;

/// Columns that take more steps than this, reads included, are not cut; columns of parts that take some instructions each, a quarter.
///
/// Not measured: a disk of 301 cells across takes some 700.
pub const MAX_COLUMN_STEPS: usize = 4000;

/// Weights of fewer cells are not looked at for being products of a column and a row.
///
/// Not measured: windows of 5 x 5 are unrolled, and take as long as two passes.
pub const MIN_SEPARABLE_CELLS: usize = 25;

// Order statistics that move.

/// Histograms of columns are worth it for at least so many cells in a column. Neither this nor the others of order statistics that move are
/// measured.
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
/// Measured with two threads, on a machine with nothing else to do: from 1 to 8 no difference, 16 and more 1.1 times as long for small
/// kernels.
pub const BANDS_PER_THREAD: usize = 8;

/// How much work is worth a thread: instructions.
///
/// Handing work to a second thread takes some 25 us. Measured, as pixels times cells, of which 2^17 were the threshold before: there two
/// threads took 1.0 of the time of one for a median of f64 over 3 x 3 and a mean of f32 over 5 x 5, which are some 300,000 and 70,000
/// instructions, and 1.8 for a minimum of u8, which is some 16,000. That more is worth it is not measured.
pub const MIN_WORK_PER_THREAD: f64 = 524_288.0;

/// Rows are divided among threads into parts of at least so many pixels. Not measured.
pub const MIN_DIVIDED_ROW: usize = 1 << 10;

/// How many pixels a thread does before it looks for other work, at least.
///
/// With a compiled callback of a few cells so many pixels take 60 us. Measured on minima over 3 x 3: from 1,024 to 32,768 no difference.
pub const MIN_BAND: usize = 1 << 13;

// Rows and caches.

/// How many pixels are computed before a cancellation is seen, at most.
///
/// Measured on a minimum of u8 over 3 x 3 in rows of 65,536: 8,192 and more no difference, 1,024 1.3 times as long.
pub const MAX_CHUNK: usize = 1 << 16;

/// How many bytes of results are computed before they are moved, or before it is asked whether what they were computed from
/// is finite: both stay in a near cache, and each row is read for long enough that the processor fetches ahead.
///
/// Measured from 4 to 128 KiB on the f64 cross: 32 KiB was best.
pub const CHUNK_BYTES: usize = 1 << 15;

/// How large the lines of a chunk may be together: a quarter of the second cache.
///
/// Measured against half of the nearest cache, whose chunks are an eighth as long: means of f64 over 15 x 15 take 0.63 of the time,
/// max - min of f32 over 31 x 31 0.59, minima of u8 over 15 x 15 0.98. Longer ones gain nothing more.
pub const LINE_BYTES: usize = 1 << 17;

/// How many cache lines at least a set of the nearest cache has.
///
/// Measured with rows a multiple of 2 KiB apart: copies of 15 rows of f32 take 0.70 of the time, of 11 0.81, of 9 of f64 0.93. The
/// nearest caches of other processors have up to 12.
pub const CACHE_WAYS: usize = 12;

/// Rows a multiple of so many bytes apart are in two sets of the nearest cache, or in one.
///
/// Measured on minima of f32 in rows of 8 KiB, on a loaded machine: with copies 31 x 31 took 1.8 ns a pixel instead of 2.1, 101 x 101
/// 4.0 instead of 10.7.
pub const ALIASING_BYTES: isize = 1 << 11;

/// How many pixels a chunk has at most where there are lines.
///
/// Measured on minima of u8 in rows of 16,384, over 15 x 15 and 31 x 31: 1,024 takes 1.08 and 0.97 of the time, 16,384 1.02 and 1.15.
pub const MAX_LINE_CHUNK: usize = 1 << 12;

/// Rows of at most this many bytes are copied as a whole, and not written past the cache.
///
/// Measured: a minimum of f32 over 3 x 3 in rows of 1 KiB takes 0.64 of the time that it takes in place; in rows of 4 KiB there is no
/// difference.
pub const SHORT_ROW: usize = 1 << 12;

/// The rows that are read by the groups which follow each other in a plane stay in the second cache.
///
/// Tried on volumes of u16 from 64 KiB to a whole plane.
pub const CACHED_BYTES: usize = 1 << 17;

/// Rows that are read again by the next group are expected to be in the second cache up to this size, half of most.
///
/// Measured: beyond it, strips of means of f64 over 201 x 15 take 0.69 of the time of whole rows, those of minima over 101 x 101
/// 1.15.
pub const REREAD_BYTES: usize = 1 << 18;

/// Outputs of at least this many bytes don't stay in the cache, so writing past it spares reading them first.
///
/// Smaller outputs are read again from the cache by whoever comes next. Measured: minima over 3 x 3 into 32 MiB of f64 take 0.91 of the
/// time, into 16 MiB of u8 the same within the noise, into 4 MiB of u8 1.4 times as long.
pub const STREAMED_BYTES: usize = 1 << 24;

/// Axes with at most so many elements are no good for rows.
///
/// Measured: 500 x 500 x 3 u8 along `axes=(0, 1)` takes 33 ms with rows along the colours, 0.8 ms with rows along the second axis.
pub const SHORT_AXIS: usize = 8;

/// They are avoided if there is an axis before them with at least so many elements: a few blocks of pixels, so that rows along it are
/// no shorter than the code wants them.
pub const LONG_AXIS: usize = 32;

/// How many pixels of a row are done before their results are stored, progress is reported and a cancellation is seen, at
/// most.
///
/// Measured on minima over 3 x 3: 256 takes 1.05 times as long, more than 4,096 no less.
pub const MAX_PIXEL_CHUNK: usize = 1 << 12;

// Loops that may be stopped.

/// Loops over fewer cells are over before anybody waits. Not measured.
pub const LOOKING_CELLS: usize = 1 << 10;

/// After how many cells a loop asks whether to stop, a power of two: a hundred nanoseconds among some microseconds. Not measured.
pub const LOOK_INTERVAL: usize = 1 << 12;
