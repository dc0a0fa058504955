//! Every number that was found by measuring, and not by thinking: thresholds between ways to compute the same.
//!
//! No value of a filter depends on them, so they may be changed for another processor. Each says what was measured; the
//! measurements are of the processor that docs/performance.md names.

// The code for a block of pixels.

/// Loops over more cells than this are not unrolled.
///
/// Measured: a sum of 11 x 11 u8 takes 1.3 ns a pixel unrolled and shared by rows of pixels, 7 ns in a loop; from about 130 cells
/// on, making the code takes longer than it saves on an image of a megapixel.
pub const MAX_UNROLLED_CELLS: usize = 128;

/// Loops are unrolled if the unrolled body has at most about this many instructions.
///
/// Measured: code of 1,000 instructions takes about 4 ms to make, which is what it saves on a megapixel.
pub const MAX_UNROLLED_INSTRUCTIONS: usize = 1024;

/// The most reductions in one loop.
///
/// Each has variables that live through the loop, and allocating registers for many of them takes time that grows with their
/// square: 64 of them take 5 ms, 1,000 took seconds.
pub const MAX_REDUCTIONS_IN_LOOP: usize = 64;

/// About how many instructions an elementary function of one number takes, counted in the emitted code of `exp` and `sin`.
pub const FUNCTION_INSTRUCTIONS: usize = 20;

/// About how many instructions a function of two numbers takes, counted in the emitted code of `**`.
pub const BINARY_FUNCTION_INSTRUCTIONS: usize = 60;

/// Order statistics of at most this many elements are found by a network.
///
/// Measured: the median of 9 x 9 takes 30 ms to compile; of 11 x 11 it would take 100 ms and spill most values.
pub const MAX_NETWORK: usize = 81;

/// About how many minima and maxima a network has for each element: 80 for four medians of 9 (which share much), 336 for four
/// of 25.
pub const NETWORK_INSTRUCTIONS: usize = 6;

/// A block has as many pixels as fill four registers of the lanes that most is done in, if at most this many instructions are done
/// in each register ...
///
/// Measured on minima, means and products of 3 x 3 and 5 x 5 of all types: less work for each address and each turn of the loop,
/// until values no longer fit in the registers.
pub const FOUR_REGISTERS: usize = 64;
/// ... and two registers up to this many.
pub const TWO_REGISTERS: usize = 200;

/// At most this many rows of pixels are computed by one call.
pub const MAX_ROWS_PER_CALL: usize = 8;

/// So many instructions in narrow lanes (of at most two bytes) are so little that what is done for a row counts: the most rows.
///
/// Measured: the u8 cross took 1.1 of OpenCV's time with four rows, 0.8 with eight.
pub const LITTLE_WORK: usize = 16;

/// Up to so many instructions, and for networks, four rows of pixels are computed by one call ...
///
/// Measured: 3 x 3 and 5 x 5 means, Sobel and medians share most of their column sums and sorted rows then.
pub const FOUR_ROWS: usize = 100;
/// ... and two up to this many.
pub const TWO_ROWS: usize = 400;

/// Scratch memory for at most this many f64s is on the stack of a callback for windows of any length ...
///
/// 8 KiB of stack cost nothing that could be measured; an allocation costs some 50 ns a pixel.
pub const STACK_SCRATCH: usize = 1024;
/// ... and for this many on that of a callback for one footprint. Beyond, each call allocates it and frees it.
///
/// 256 KiB: a thread of rayon's has 2 MiB of stack.
pub const MAX_STACK_SCRATCH: usize = 1 << 15;

/// In a row of the array that is shorter than this, code may yet read so far before and after its pixels.
///
/// A copy of a row has all that is between: 4,096 elements beyond each end are at most 64 KiB, half of the second cache.
pub const SHORT_REACH: usize = 1 << 12;

/// The bytes of machine code for an instruction of the intermediate representation.
///
/// There are fewer where rows of pixels have instructions in common, which the code generator keeps once, and more where many
/// values don't fit in the registers. Measured on the cookbook: 5 to 8.
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

/// What one more pass costs for a register of pixels, beside its instructions, for one row of pixels.
pub const PASS_INSTRUCTIONS: f64 = 8.0;

// Threads.

/// How many bands there are for each thread: more than one, so that a thread that is held up does not hold up the others.
///
/// Measured: with one band for each thread, a run of two threads waited for the slower one by up to a fifth on a shared machine.
pub const BANDS_PER_THREAD: usize = 8;

/// How much work is worth a thread: pixels times cells.
///
/// Handing work to a thread takes some 30 us, in which one thread does about so much.
pub const MIN_WORK_PER_THREAD: usize = 1 << 17;

/// How many pixels a thread does before it looks for other work, at least.
///
/// So many pixels take some 100 us with a compiled callback, several times what handing them out takes.
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
/// Measured on columns of 31 f32 in rows of 8 KiB: read as copies in slots that are apart, they take half of the time.
pub const ALIASING_BYTES: isize = 1 << 11;

/// How many pixels a chunk has at most where there are lines.
///
/// Beyond that, a call takes a negligible part of the time.
pub const MAX_LINE_CHUNK: usize = 1 << 12;

/// Rows of at most this many bytes are copied as a whole, and not written past the cache.
///
/// Measured: computing the two ends of a row by calls of their own takes as long as copying 4 KiB.
pub const SHORT_ROW: usize = 1 << 12;

/// The rows that are read by the groups which follow each other in a plane stay in the second cache.
///
/// Measured on volumes of u16: parts of planes from 64 KiB to a whole plane; a quarter of the second cache was best.
pub const CACHED_BYTES: usize = 1 << 17;

/// Rows that are read again by the next group are expected to be in the second cache up to this size, half of most.
pub const REREAD_BYTES: usize = 1 << 18;

/// Outputs of at least this many bytes don't stay in the cache, so writing past it spares reading them first.
///
/// Measured: smaller outputs are read again from the cache by whoever comes next.
pub const STREAMED_BYTES: usize = 1 << 24;

/// Axes with at most so many elements are no good for rows.
///
/// Measured: 500 x 500 x 3 u8 along `axes=(0, 1)` takes 33 ms with rows along the colours, 0.8 ms with rows along the second axis.
pub const SHORT_AXIS: usize = 8;

/// They are avoided if there is an axis before them with at least so many elements.
///
/// Shorter rows gain nothing.
pub const LONG_AXIS: usize = 32;

/// How many pixels of a row are done before their results are stored, progress is reported and a cancellation is seen, at
/// most.
pub const MAX_PIXEL_CHUNK: usize = 1 << 12;
