//! The thresholds between ways to compute the same, in one table.
//!
//! No value of a filter depends on them, but for the rounding of float sums, so they may be changed for another processor. Each says what
//! was measured, if anything was: the least of several runs of each of the values in turn, at 2048 x 2048 if no shape is named, on one thread of a Zen 3
//! processor (32 KiB of L1 cache, 512 KiB of L2), or of a Zen 4 one (32 KiB, 1 MiB) or a Zen 5 one (48 KiB, 1 MiB) where that is said, in
//! November 2026.

// Pixels that are apart.

/// Wanted rows are each computed on its own if windows reach over at most so many rows for each row of the step: for more, passes do
/// much for one row that they do once for rows that follow each other.
///
/// Measured on Zen 4 at 12,000 x 12,000 of u8: a row on its own takes 2.1 times as long as one among others for `max(w)` over 3 x 3, 2.4
/// for `median(w)` over 5 x 5, 5.9 for `std(w)` over 7 x 7, and 6.2 for `mean(w)` over 31 x 31. So it pays from a step of the reach on, at
/// the latest.
pub const STRIDED_REACH: usize = 1;

/// Where rows are computed of which some are left out, about so many pixels at a time.
///
/// Not measured: what is before the first row is a small part of such a block, and its results take little memory.
pub const STRIDED_PIXELS: usize = 1 << 20;

// The code for a block of pixels.

/// Loops over more cells than this are not unrolled.
///
/// Measured: a minimum of u8 takes 0.7 ns a pixel over 11 x 11 cells, unrolled and shared by rows of pixels, and 7.3 ns over 15 x 15 in a
/// loop, five times as much for a cell.
pub const MAX_UNROLLED_CELLS: usize = 128;

/// The same for cells each of which is in a row of its own: what rows of pixels have in common of such a column is done once for all.
///
/// Measured on Zen 4, 1024 x 1024, boxes of 131, 201 and 401 cells a side, whose columns were loops: minima of u8 take 0.24, 0.21 and 0.19 of the time, of f32
/// 0.16, 0.14 and 0.10, means of f64 0.17, 0.13 and 0.08. Their code takes 14 to 50 ms to make.
pub const MAX_UNROLLED_COLUMN: usize = 1024;

/// Loops are unrolled if the unrolled body has at most about this many instructions.
///
/// Measured: `sum(exp(-(w - w[0, 0]) ** 2 / 2) * w)` of f64 over 7 x 7 takes 0.80 of the time if it is unrolled, in 4,000 instructions
/// that take 6 ms more to make. Pictures of less than 512 x 512 would lose what the larger ones gain.
pub const MAX_UNROLLED_INSTRUCTIONS: usize = 1024;

/// The same for such a column.
pub const MAX_COLUMN_INSTRUCTIONS: usize = 4096;

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

/// Of boxes, whose pixels have most of their cells in common, networks may have this many elements where there are so many pixels that their code is worth
/// its making.
///
/// Measured on Zen 4 with vectors of 512 bits, 640 x 640 pixels, beside windows that move, in ns a pixel: of u8 over 11 x 11 1.4 and 8.3, over
/// 13 x 13 2.1 and 9.5, over 15 x 15 2.8 and 9.0; of f32 7.3 and 48, 11 and 51, 17 and 55.
pub const MAX_TILED_NETWORK: usize = 225;

/// About how many nanoseconds it takes to make the code of such a network, for each square of an element; and how many nanoseconds a pixel it saves, of
/// elements of one byte and of larger ones.
///
/// Measured with the above: 23 to 27 ms over 11 x 11, 37 to 46 over 13 x 13, 60 to 75 over 15 x 15. Without a network, with bins, u16 takes 17 ns over
/// 11 x 11 and 22 over 15 x 15, f32 27 over either, f64 39.
pub const TILED_NETWORK_MAKING: f64 = 1600.0;
pub const TILED_NETWORK_SAVES: [f64; 2] = [6.0, 15.0];

/// Windows of at least so many cells have their order statistics found for pairs of neighbouring pixels together.
///
/// Measured with the above: over 5 x 5 pairs take 1.03 of the time without, of u8 and of f32; over 7 x 7 0.95 and 0.87; over 9 x 9 0.85 and 0.77.
pub const CELLS_FOR_PAIRS: usize = 49;

/// For as many pixels, order statistics whose ranks follow from params have code for the values that those have.
///
/// Measured on Zen 4, percentiles and trimmed means over 256 x 256: to find ranks that are not known takes 2 to 4 ms, for trimmed means 6 to 76, and
/// to make a network and run it 1 to 7 ms, for trimmed means 1 to 117; the next run takes 0.1 to 2.
pub const KNOWN_PIXELS: usize = 1 << 17;

/// Medians of the elements that a filter selects are found by a network of at most this many elements.
///
/// Each row of pixels has a network of its own, in which about five instructions an element replace what is not selected. Measured on
/// 1024 x 1024 pixels on Zen 5: of f32 over 6 x 6 it takes 0.24 of the time of windows that move, over 7 x 7 0.44, over 9 x 9 0.98; of u8
/// 0.17, 0.29 and 0.68; of f64 over 7 x 7 0.9, over 9 x 9 2.2.
pub const MAX_FILTERED_NETWORK: usize = 49;

/// The same for ranks, percentiles and trimmed means, whose network finds several elements, of which the number of selected ones decides.
///
/// Measured on 1000 x 1000 pixels on Zen 4 beside windows that move, ns a pixel: percentiles of f32 over 3 x 3 2.4 and 75, 5 x 5 7.2 and 78, 7 x 7 20 and
/// 81; of u8 1.9 and 53, 5.6 and 48, 17 and 45; trimmed means of f64 2.6 and 125, 10 and 167, 30 and 200. Their code takes 2, 11 and 38 ms to make, and to
/// find what is between them in other ways 1.
pub const MAX_COUNTED_NETWORK: usize = 49;

/// About how many minima and maxima a network has for each element: 80 for four medians of 9 (which share much), 336 for four
/// of 25.
pub const NETWORK_INSTRUCTIONS: usize = 6;

/// About how many instructions the position of an extreme takes for each cell of a window: cells follow each other in a chain, which rows of pixels
/// don't share.
///
/// Measured on Zen 3 in 512 x 512 f32 on one thread, ns a pixel: `argmin` cell by cell over 5 x 5 35, 7 x 7 68, 11 x 11 154; by columns over 13 x 13 8.
pub const POSITION_INSTRUCTIONS: f64 = 30.0;

/// About how many instructions a function of the host takes for each element of a window, at least: it decides about threads only. Not measured.
pub const HOST_INSTRUCTIONS: usize = 16;

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
/// The last turn overlaps the one before it, and a shorter row is computed in part twice. Measured on Zen 5, rows of 64 to 1,024 pixels, of one turn to
/// sixteen, minima and medians of u8, max - min and medians of f32: with 256 and 512 bits each takes 0.3 to 0.99 of the time of 128.
pub const WIDE_TURNS: usize = 2;

/// Rows of at least so many pixels are long for any block. Measured with 256 and 4,096 on rows of 600 to 3,000 pixels: no difference.
pub const LONG_ROW: usize = 1 << 10;

/// Several rows of pixels are computed by one call even if they have nothing in common where rows have fewer than twice so many pixels: what
/// is done for each call takes longer than such a row.
///
/// Measured on Zen 4 against one row, 2,000 rows of 128, 256 and 400 pixels: `w[0, 0] * 2` of u8 takes 0.20, 0.25 and 0.31 of the time, a
/// minimum of u8 over 5 cells along rows 0.36, 0.40 and 0.45, a mean of f64 over 3 0.56, 0.70 and 0.85, a median of f32 over 5 0.55, 0.63 and
/// 0.69, a root of a difference 0.71, 0.82 and 0.86, a sum of exponentials 0.95 to 1.03. Rows of 600 were not tried with several.
pub const SHORT_ROWS: usize = 256;

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
pub const CUT_ADVANTAGE: f64 = 1.05;

/// What a line of columns costs in the caches, in instructions for a register.
///
/// Measured on Zen 4 with vectors of 256 and 512 bits, 512 x 512 and 2048 x 2048 pixels: means, minima, ranges and means with a condition of u8, u16, f32 and f64,
/// over disks of radius 2 to 6, boxes of 3 x 3 to 9 x 9, and crosses. With this number the price of passes is to that of one pass as the times are, within
/// 0.8 and 1.4 for most; without it disks of radius 2.5 to 4, which have 2 to 4 lines, took 1.2 to 2.2 of the time in passes that seemed to be cheaper.
pub const HANDED_LINE: f64 = 6.6;

/// How many extremes there are for each cell of a footprint that is no box, where rows of pixels share parts of its rows.
///
/// Measured on Zen 5: cut, minima of u8 over disks of 5, 7 and 11 cells across take 1.65, 1.3 and 0.85 of the time of one pass, of f32 1.44,
/// 0.97 and 0.7.
pub const SHARED_EXTREMES: f64 = 0.6;

/// What the square of a difference from a mean takes beside the difference and its sum, of floats, of integers, whose are in f64 lanes, and of bytes.
///
/// Measured on Zen 4, 512 x 512 to 2048 x 2048, cut against one pass: deviations over 3 x 3 of f64 1.04 to 1.39, of f32 1.0 to 1.14, of u8 0.52; over 5 x 5 0.70,
/// 0.54 and 0.25. Of u8 and u16 over 2 x 2 0.71 and 1.08, crosses of 5 cells 0.75 and 1.17, 1 x 3 1.4 and 1.36, 1 x 5 0.52 and
/// 0.93, 5 x 1 0.90 and 0.84, 3 x 3 0.51 and 0.78.
pub const SQUARE_INSTRUCTIONS: [f64; 3] = [1.5, 6.0, 7.5];

/// Runs of so many columns are read as they are.
///
/// Measured: a minimum of u8 over 15 x 15 takes 0.75 of the time that it takes with 16, one of f64 over 11 x 11 1.18.
pub const SHORT_RUN: usize = 8;

/// What a line costs in a pass along the row, beside its reads: writing it, and visiting it. Counted in the emitted code.
pub const LINE_INSTRUCTIONS: usize = 3;

/// What one more pass costs for a register of pixels, beside its instructions, for one row of pixels.
pub const PASS_INSTRUCTIONS: f64 = 8.0;

/// Lines of values that pixels have in common are made if that saves more than this part of all instructions.
///
/// Measured on Zen 4, 1024 x 1024, ratios to one pass: a bilateral filter in single precision over a disk of 2 (it saves 0.09) 0.80 to 0.83, over 3 x 3 (0.07)
/// 0.89, over 5 x 5 (0.052) 0.92; sums of exponentials of f32 over 5 x 5 (0.059) 1.06; a bilateral filter over a disk of 4 (0.05) 0.97.
pub const TRANSLATES_SAVE: f64 = 0.06;

/// What such a line costs, in instructions for a register, beside one for each place at which it is read: it is handed on in the L2 cache.
///
/// With 3 instead, as instructions are counted, filters with 18 to 40 lines took 1.03 to 1.2 of the time.
pub const TRANSLATES_LINE: usize = 8;

/// At most so many such lines are made, those that save most.
pub const MAX_TRANSLATES: usize = 64;

/// Lines are not made of values that are read farther away along the row: each is computed from the first place to the last.
pub const FARTHEST_TRANSLATE: usize = 128;

/// Passes that make such lines, and those that read them, have at most about so many instructions: fewer rows of pixels are in one call, or the
/// kernel stays one pass. Code of so many takes some 30 ms to make, and a processor keeps little more decoded.
pub const MAX_TRANSLATED_INSTRUCTIONS: usize = 4096;

/// Kernels that have more nodes, those of windows counted for each cell, are not looked at: that would take longer than a few milliseconds.
pub const MAX_INSTANCES: usize = 2000;

/// How many rows of pixels have something in common where functions are computed in one pass.
pub const ROWS_WITH_FUNCTIONS: usize = 4;

/// What a quotient or a root costs, in instructions of which a processor does more at once.
///
/// With this, sums of roots of f32 and f64 over 3 x 3 have lines, and take 0.85 and 0.79 of the time.
pub const SLOW_INSTRUCTION: f64 = 20.0;

/// What a sum takes that the host finds from window to window, in instructions for a register.
///
/// Measured on Zen 4, 1024 x 1024, against passes: means of u8 over 21 x 21 take 1.28 of the time, over 31 x 31 0.93, over 51 x 51 0.79, over 101 x 101 0.72, over
/// 201 x 201 0.60; of u16 over 21 x 21 0.92, over 51 x 51 0.68, over 101 x 101 0.66; over 1 x 31 and 1 x 101 about as long, over 101 x 1 1.3 to 1.6; of i32
/// with a condition over 31 x 31 0.97, over 101 x 101 0.28.
pub const MOVED_SUM: f64 = 44.0;

/// What one more row of elements takes that comes, and one that goes, as in volumes.
///
/// A third of the above, as what is done for rows is of the whole in two dimensions. Not measured in volumes.
pub const MOVED_ROW: f64 = 15.0;

/// Sums over more columns do not move: what is beyond a part of a row would be as long as that.
pub const MOST_MOVED_COLUMNS: usize = 1 << 14;

/// So many rows of pixels, and so many pixels of a row, have their sums found by the host before they are read; of wide windows more pixels, and so
/// fewer rows.
///
/// Lines of so many sums have 256 or 512 KiB. Not measured with others.
pub const SUM_ROWS: usize = 32;
pub const SUM_STRIP: usize = 1 << 11;
pub const SUM_PIXELS: usize = SUM_ROWS * SUM_STRIP;

/// Where columns have more nodes than this, one call computes fewer rows of pixels.
///
/// Code of so many instructions takes some 20 ms to make.
pub const MAX_COLUMN_NODES: usize = 6000;

/// Of columns of at least so many cells, one call computes twice as many rows of pixels as of others ...
///
/// Measured on Zen 4, 16 rows against 8: over 101 x 101, means of f64 take 0.79 of the time, of f32 0.82, of u8 0.92, minima of u8 0.71, of f32 0.83, of f64
/// 0.84; means of f64 over 75 x 75 0.73 to 0.88, over 51 x 51 1.0 to 1.1; over 9 x 9 x 9 of f32 0.84 to 0.86, minima of u8 0.92.
pub const TALL_COLUMN: usize = 64;
/// ... and of so many four times as many.
///
/// Measured with the above, 32 rows against 16: over 101 x 101 minima of u8 take 0.88 of the time, of f32 and f64 0.93 to 1.0, means of f32 and f64 0.96 to 1.06;
/// over 201 x 201 minima 0.80 to 0.88, means 0.82; over 401 x 401 minima of u8 0.85, of f32 0.71, means of f32 and f64 0.65. 64 rows take 0.8 to 1.1 of the
/// time of 32, and twice as long to make.
pub const VERY_TALL_COLUMN: usize = 96;

/// As long as there are no more instructions before what rows have in common is found.
///
/// So many, those of a mean of f32 over 200 rows, take 26 ms to make; with conditions, whose masks this does not count, longer.
pub const MAX_TALL_INSTRUCTIONS: usize = 40_000;

/// The same for passes along the row, which share nothing among rows of pixels.
pub const MAX_ROW_NODES: usize = 1024;

/// Columns that take more steps than this, reads included, are not cut; columns of parts that take some instructions each, a quarter.
///
/// A disk of 301 cells across takes some 700. Measured: a minimum of u8 over a disk of 121 cells across takes 1/58
/// of the time if it is cut.
pub const MAX_COLUMN_STEPS: usize = 4000;

/// Weights of fewer cells are not looked at for being products of a column and a row.
///
/// Measured on Zen 5: as products, weights of f64 take 0.60 of the time over 4 x 4 and 1.0 over 3 x 3, of f32 in single precision 0.66 and
/// 1.1.
pub const MIN_SEPARABLE_CELLS: usize = 16;

// Order statistics that move.

// Measured on one thread of a Zen 5 processor (48 KiB of L1 cache, 1 MiB of L2), in November 2026, on random elements.

/// Elements of 8 bits are found bit by bit over footprints of at most this many cells that are no boxes.
///
/// The time grows with the cells, and to the double where counts need 16 bits. Measured: over disks of 21 and 25 cells across, of 317 and
/// 441, it takes 0.52 and 0.64 of the time of histograms that move.
pub const MAX_BISECTED: usize = 512;
/// Elements of 8 bits are found bit by bit over boxes of at most this many cells, for which histograms of columns would be kept else ...
///
/// Measured: a median over 11 x 11 takes 0.70 of the time. The time grows with the cells, 13 x 13 would take 1.0.
pub const MAX_BISECTED_BOX: usize = 128;
/// ... and elements of 16 bits over any footprint of so many, which would be ranked else.
///
/// Measured: a median over 5 x 5 x 5 takes 0.27 of the time.
pub const MAX_BISECTED_SHORTS: usize = 160;

/// How many pixels of a row are done with one set of histograms of columns, or from one set of elements that are compared.
///
/// A histogram has 288 bytes, and all of them stay in the L2 cache. Measured on medians over 15 x 15, 31 x 31 and 101 x 101: 256 takes
/// 1.13, 1.17 and 1.22 of the time, 512 1.01, 1.04 and 1.03, 2048 0.96, 0.97 and 1.18.
pub const COLUMN_STRIP: usize = 1 << 10;

/// How many rows of pixels are done with them before they are made anew, at least.
///
/// Measured on the same: 64 takes 1.00, 1.07 and 1.01 of the time, 128 0.97, 1.03 and 1.00.
pub const COLUMN_ROWS: usize = 256;

/// How many elements are ranked together for each cell of a window ...
///
/// Measured: medians of f32 over 15 x 15 take 1.09 of the time with 8 and with 16, 1.16 with 64, 1.12 with 128; of u16 over 31 x 31 1.03,
/// 1.04, 1.09 and 1.14; of f64 over 1 x 101 there is no difference.
pub const RANKED_FOR_EACH_CELL: usize = 32;
/// ... but not fewer than this, ...
///
/// Measured on medians of f64 over 1 x 101: from 1,024 to 16,384 no difference.
pub const RANKED_LEAST: usize = 1 << 12;
/// ... and not more than this, unless a window itself has a fourth of that.
///
/// Measured on medians of f32: half as many take 0.94 of the time over 51 x 51 and 1.11 over 101 x 101, twice as many 1.00 and 1.02.
pub const RANKED_MOST: usize = 1 << 16;

/// Order statistics do not move if the box around a window has more elements than this, ...
///
/// Measured on Zen 4, `mode(w)` of f32 on one thread, moving and pixel by pixel: 2 cells in a box of 4000 x 4000 on 8000 x 8000 1.9 GB and
/// 18.0 s, 1.8 s; in a box of 1025 x 1025 100 cells on 1000 x 1000 0.1 GB and 1.4 s, 2.9 s, and 4000 on 300 x 300 7.8 s, 12.0 s.
pub const SPARSE_ELEMENTS: usize = 1 << 22;
/// ... and this many for each cell of the window. A denser one has as many elements itself, whatever is done.
pub const SPARSE_FOR_EACH_CELL: usize = 64;

/// Order statistics of elements of more than 8 bits are found by bins over boxes whose sides have at least so many cells: those that are one
/// element of all, and others, which may ask for two ...
///
/// Measured on Zen 4, in ns a pixel by bins and by sets of ranks: medians of f32 over 5 x 19 29 and 53, 7 x 31 29 and 41, 9 x 15 29 and 44, of f64 44 and 48,
/// 49 and 52, 39 and 55. That a condition selects, of f32: 9 x 9 46 to 67 and 55 to 62, 11 x 11 47 to 54 and 62, 31 x 31 53 and 131, but 3 x 31 56 and 44,
/// 5 x 61 60 and 48; medians of as many below as above, over 8 x 30 48 and 46, 10 x 10 47 and 57. Blocks of 128 or 181 elements on a side instead of 256 take
/// 0.90 and 0.93 of the time over 15 x 15, 0.98 and 0.91 over 31 x 31, 1.17 and 0.97 over 51 x 51.
pub const LEAST_BINNED_SIDES: [usize; 2] = [5, 10];
/// ... and at most so many: of more, few windows have theirs in a block of 256.
///
/// Measured with the above: 131 x 131 101 and 270, 161 x 161 150 and 316, 191 x 191 248 and 387.
pub const MOST_BINNED_SIDE: usize = 191;

/// How many pixels of a row are done from elements that are ranked together, at least. Measured from 16 to 128: no difference.
pub const RANKED_COLUMNS: usize = 32;

/// What is known of a window is copied for each way along which windows move: in the time that so many elements take to come or go.
///
/// It decides in blocks of a few pixels along one side. Measured on Zen 4, a percentile of f32 over 3 x 3 in mode `shrink`, 20,000 x 9, whose
/// borders are a pixel wide: from 32 to 128 no difference.
pub const COPIED_CHANGES: usize = 32;

/// Elements that come or go are taken in runs if at least so many follow each other in memory, else one by one.
///
/// Measured on Zen 4, medians over disks of 31 cells across: 4 takes 1.06 of the time; over boxes no difference.
pub const LEAST_RUN: usize = 8;

/// How much work a moved order statistic is for a pixel: instructions.
///
/// Measured on Zen 5: 5 to 10 ns for bytes, 20 to 60 for ranks, while sums over windows have some 5 instructions in a nanosecond. It decides
/// about threads only, for which the least counts.
pub const MOVING_WORK: usize = 64;

// Threads.

/// How many bands there are for each thread: more than one, so that a thread that is held up does not hold up the others.
///
/// Measured with two threads, on a machine with nothing else to do: from 1 to 8 no difference, 16 and more 1.1 times as long for small
/// kernels.
pub const BANDS_PER_THREAD: usize = 8;

/// How much work is worth a thread, for each pass of a plan: instructions.
///
/// Measured on Zen 4 with two threads forced on eleven kernels, from a minimum of u8 over 3 x 3 to a median over 15 x 15, and twelve shapes: runs that are
/// worth two threads by this value take 0.45 to 0.98 of the time with two, those of more than 5 ms 0.5 to 0.6. Runs of half the work take 0.7 to 0.9 on a
/// quiet machine, but up to 1.3 where others keep the second core and the caches; so do minima over 15 x 15 in three passes of up to 0.4 ms.
pub const MIN_WORK_PER_THREAD: f64 = 524_288.0;

/// Rows are divided among threads into parts of at least so many pixels.
///
/// Measured on Zen 5, rows of 1,100 to 16,800 pixels, deviations of sines over 31 cells: up to 8,400 the work is not worth a thread, at 16,800 two
/// threads take 0.8 of the time; this bound is for kernels with more to do.
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

/// How large the lines of a chunk may be together: a half or a quarter of the L2 cache.
///
/// Measured against half of the L1 cache: means of f64 over 15 x 15 take 0.63 of the time with 2^17, max - min of f32 over 31 x 31
/// 0.59, minima of u8 over 15 x 15 0.98. Against 2^17 on Zen 5 (1 MiB of L2 cache), 2^18 takes 0.77 of the time for means of f64 over
/// 101 x 101, 0.95 for means of f32 over 15 x 15, 0.96 for deviations of f32 over 21 x 21; 2^19 0.84, 0.94 and 0.98.
pub const LINE_BYTES: usize = 1 << 18;

/// How many cache lines at least a set of the L1 cache has.
///
/// Measured with rows a multiple of 2 KiB apart: copies of 15 rows of f32 take 0.70 of the time, of 11 0.81, of 9 of f64 0.93. The
/// L1 caches of other processors have up to 12.
pub const CACHE_WAYS: usize = 12;

/// Code that writes to arrays in place reads copies if it reads more than so many rows that are an even multiple of 2 KiB apart, or twice as many that are an odd
/// one.
///
/// Measured on Zen 4, ns a pixel in place and of copies, in rows of 4,096 and 8,192 bytes: minima over 3 x 3 of u8 0.22 to 0.28 and 0.08, 0.27 to 0.33 and 0.13 to
/// 0.16, means of u8 0.23 to 0.35 and 0.10, 0.34 to 0.37 and 0.10, medians of u8 0.13 and 0.10, 0.13 and 0.11; minima of f32 0.51 to 0.74 and 0.40, 0.75 and
/// 0.37, of f64 1.2 to 1.5 and 0.8, 0.97 and 0.73; deviations of f64 1.59 and 1.54, 1.5 and 1.4. A root of two squares of f32, which reads little, 0.75 and
/// 0.81, 0.71 and 0.78; medians of u8 in rows of 16,384 bytes 0.12 and 0.16, but minima and means 0.28 and 0.12. In rows of 6,144 bytes minima of u8 0.11
/// and 0.08, of f32 0.37 and 0.40, of f64 0.71 and 0.77.
pub const ALIASING_ROWS: usize = 4;

/// Rows a multiple of so many bytes apart are in two sets of the L1 cache, or in one.
///
/// Measured on minima of f32 in rows of 8 KiB, on a loaded machine: with copies 31 x 31 took 1.8 ns a pixel instead of 2.1, 101 x 101
/// 4.0 instead of 10.7.
pub const ALIASING_BYTES: isize = 1 << 11;

/// Where all copies of what is read take at most so many bytes, they are made before the first pixel is computed.
///
/// Measured on Zen 4 against copies that are made row by row, the whole run: minima of f64 over 3 x 3 in 1 x 1 pixels 0.47 of the time, in 32 x 32 0.47,
/// 64 x 64 0.55, 110 x 110 (105 KB) 0.60, 130 x 130 (144 KB) 0.67, 170 x 170 (240 KB) 0.72; means of u8 in 32 x 32 0.58, 128 x 128 0.64, 256 x 256 0.71,
/// 480 x 480 (235 KB) 0.80. More would often be memory that is new to the process in each run.
///
/// As boxes of larger arrays: minima over 3 x 3 in 2^20 pixels in rows of 64 u8 0.73 of the time, of 256 0.88, of 1000 1.05; of 64 f32 0.57, of 256
/// 0.81, of 1000 1.03. Of large outputs, 2^25 u16 in rows of 256, over 3 x 3 x 3 0.73, over 7 cells 0.98, but over 3 cells along rows 1.2.
pub const PADDED_BYTES: usize = 1 << 17;

/// Boxes of larger arrays have rows of at most so many bytes and pixels.
///
/// Measured on Zen 4 against rows that are copied one by one, ns a pixel: minima over 3 x 3 of u8 in rows of 1,024 bytes 0.11 and 0.11, of 1,536 0.103 and 0.099,
/// of 3,072 0.17 and 0.09; of f32 of 1,536 0.45 and 0.53, of 2,048 0.43 and 0.45, of 3,072 0.52 and 0.44; of f64 of 2,048 0.83 and 0.91.
pub const BOXED_ROW: usize = 1 << 11;
pub const BOXED_PIXELS: usize = 1 << 10;

/// Boxes of larger arrays are copied whole if that is at most so many rows for each row of pixels.
///
/// Measured on Zen 4 in 100 x 100 x 100 f64: with 3 instead of 2, minima over 3 x 3 x 3 take 0.52 of the time, over 7 cells 0.79, medians over 5 x 3 x 3 0.78;
/// with 4 there is no difference.
pub const PADDED_FOR_EACH_ROW: usize = 3;

/// How many pixels a chunk has at most where there are lines.
///
/// Measured on minima of u8 in rows of 16,384, over 15 x 15 and 31 x 31: 1,024 takes 1.08 and 0.97 of the time, 16,384 1.02 and 1.15.
pub const MAX_LINE_CHUNK: usize = 1 << 12;

/// A thread tells that pixels are done after so many of them, or sooner where they take long.
pub const TOLD_TOGETHER: usize = 1 << 16;

/// Rows of at most this many bytes are copied as a whole, and not written past the cache.
///
/// Measured: a minimum of f32 over 3 x 3 in rows of 1 KiB takes 0.64 of the time that it takes in place; in rows of 4 KiB there is no
/// difference.
pub const SHORT_ROW: usize = 1 << 12;
/// ... and of so many pixels.
///
/// Measured on Zen 4, ns a pixel of copies and in place: minima over 3 x 3 of u8 in rows of 1,536 bytes 0.099 and 0.109, of 2,500 0.090 and 0.086, of 4,000
/// 0.085 and 0.071.
pub const SHORT_ROW_PIXELS: usize = 1 << 11;

/// The rows that are read by the groups which follow each other in a plane stay in the L2 cache.
///
/// Tried on volumes of u16 from 64 KiB to a whole plane.
pub const CACHED_BYTES: usize = 1 << 17;

/// Rows that are read again by the next group are expected to be in the L2 cache up to this size, half of most.
///
/// Measured: beyond it, strips of means of f64 over 201 x 15 take 0.69 of the time of whole rows, those of minima over 101 x 101
/// 1.15.
pub const REREAD_BYTES: usize = 1 << 18;

/// Rows that are read as copies, since their elements are not next to each other or of another type, are taken in strips of so many bytes
/// together, so that the copies stay in the L2 cache.
///
/// Measured on Zen 5, minima of f64 over 3 x 3 in arrays of n x 3, rows across: 1.9 ns a pixel for 65,536, 9.3 for 2^21 without strips.
pub const COPIED_BYTES: usize = 1 << 19;

/// Outputs of at least this many bytes don't stay in the cache, so writing past it spares reading them first.
///
/// Smaller outputs are read again from the cache by whoever comes next. Measured: minima over 3 x 3 into 32 MiB of f64 take 0.91 of the
/// time, into 16 MiB of u8 the same within the noise, into 4 MiB of u8 1.4 times as long.
pub const STREAMED_BYTES: usize = 1 << 24;

/// Axes along which the window does not reach are one with the axis before them, along which it does, if they have fewer elements:
/// the cells of a window are then so far apart.
///
/// Measured, 3 MiB of u8 in 1024 rows, `min(w)` 3 x 3 in ms, rows along the last axis or along both: 31 elements 7.1 and 0.26, 64 1.4,
/// 256 1.1, 512 0.5, 1024 0.4 (and 0.2 for all of them).
pub const MAX_STEP: usize = 512;

/// That is done for windows of at most so many cells: order statistics of more move from window to window, and cells that are apart
/// are in no window of the pixel beside.
pub const MAX_STEPPED_CELLS: usize = 81;

/// For reductions that are cut, it is done if cells are no farther away. Then the runs of columns in other windows are so long that
/// doubling them takes less than the rows along a short axis. Measured at 1024 x 1024 x 3 u8, `min(w)`, in ms: 9 x 9 0.4 and 1.3. On Zen 3,
/// 700 x 1000 x 3, ns an element: `min(w)` of u8 over 41 x 41 1.1 and 1.8, over 61 x 61 1.7 to 2.3 and 2.1 to 2.6; `mean(w)` 1.9 and 3.0, 3.7 and 3.1; of f32 as
/// long over 41 x 41, and 1.2 times over 61 x 61; `var(w)` of u8 8.2 and 7.0, 12 and 7.
pub const MAX_STEPPED_REACH: usize = 20;

/// Axes with at most so many elements are no good for rows.
///
/// Measured: 500 x 500 x 3 u8 along `axes=(0, 1)` takes 33 ms with rows along the colours, 0.8 ms with rows along the second axis. On
/// Zen 5, a mean of f32 over 3 x 3, rows of 9, 16, 32 and 64 pixels: 5.8, 2.9, 1.7 and 1.1 ns a pixel along them, 1.4 to 1.6 across.
pub const SHORT_AXIS: usize = 32;

/// They are avoided if there is an axis before them with at least so many elements: a few blocks of pixels, so that rows along it are
/// no shorter than the code wants them.
pub const LONG_AXIS: usize = 32;

/// How many pixels of a row are done before their results are stored, progress is reported and a cancellation is seen, at
/// most.
///
/// Measured on minima over 3 x 3: 256 takes 1.05 times as long, more than 4,096 no less.
pub const MAX_PIXEL_CHUNK: usize = 1 << 12;

// Loops that may be stopped.

/// Loops over fewer cells are over before anybody waits: in some microseconds.
pub const LOOKING_CELLS: usize = 1 << 10;

/// After how many cells a loop asks whether to stop, a power of two.
///
/// Measured on Zen 5, folds, sums and positions over 35 x 35 and 63 x 63: asking after 256 takes as long, within 2 %.
pub const LOOK_INTERVAL: usize = 1 << 12;

/// After how many windows an order statistic that moves asks whether to stop: a window of a hundred thousand values takes 0.1 ms for a mode.
pub const LOOK_PIXELS: usize = 1 << 8;

/// Passes compute pixels of about so many instructions before it is asked whether to stop: some 50 ms.
pub const UNSEEN_INSTRUCTIONS: f64 = 134_217_728.0;

/// More elements than this are sorted half by half, with a look at each.
///
/// Sorting so many takes some 15 ms.
pub const SORTED_AT_ONCE: usize = 1 << 18;

/// Once code has computed the ends of so many rows, a block for a pixel or two, other code for them is made, whose rows run along another axis.
///
/// To make code takes about as long as that of some thousand blocks, however long it is: 1 to 2 ms for minima of 9 to 25 bytes, where an end
/// takes 130 to 650 ns (Zen 3).
pub const TURNED_ROWS: usize = 4096;
