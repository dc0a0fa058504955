//! Pixel after pixel of a band, row by row.

#![allow(unsafe_code, reason = "pixels of the interior are gathered without a test for each cell")]

use std::ops::Range;

use super::evaluate::Evaluate;
use super::gather::{self, AnyGather, Gather, PIXELS};
use super::neighbourhood::Neighbourhood;
use super::store::Store;
use crate::filter::exec::pool::Verdict;
use crate::filter::exec::view::{RawView, for_dtype};
use crate::filter::options::Marked;
use crate::filter::progress::Progress;
use crate::grid::element::{Cast, Element};
use crate::tuning;

/// How to run.
pub struct PixelRun<'a> {
    /// The cells of each window.
    pub neighbourhood: &'a Neighbourhood<'a>,
    /// How values become elements of the outputs.
    pub cast: Cast,
    /// Where to report and to be cancelled.
    pub progress: &'a Progress,
    /// How many pixels may be computed before a cancellation is seen.
    pub cancel_interval: usize,
    /// Whether evaluators see only those cells of the first input that are selected.
    pub compacted: bool,
    /// Whether the values of each input's cells, and those of each pixel's outputs, are followed by what rounding to f64s loses.
    pub exact: bool,
    /// Which cells have no value, if evaluators are not to see them.
    pub marked: Option<&'a Marked>,
}

/// What all threads share.
pub struct Visit<'a> {
    pub run: &'a PixelRun<'a>,
    pub inputs: &'a [RawView<'a>],
    pub outputs: &'a [Store<'a>],
    pub verdict: &'a Verdict<'a>,
}

impl Visit<'_> {
    /// Evaluates a range of pixels, in C order, as long as nothing failed before them.
    pub fn band<E: Evaluate>(&self, pixels: Range<usize>, evaluator: &mut E) {
        let others = self.inputs[1..].iter().map(|input| gather::any(input, self.run.neighbourhood)).collect();
        for_dtype!(self.inputs[0].dtype(), T => {
            let first = Gather::<T>::new(&self.inputs[0], self.run.neighbourhood);
            self.rows(pixels, first, others, evaluator);
        });
    }

    fn rows<T: Element, E: Evaluate>(
        &self,
        pixels: Range<usize>,
        mut first: Gather<'_, T>,
        mut others: Vec<Box<dyn AnyGather + '_>>,
        evaluator: &mut E,
    ) {
        let region = self.run.neighbourhood.domain().region();
        let interior = self.run.neighbourhood.interior();
        let parts = if self.run.exact { 2 } else { 1 };
        let mut window = vec![0.0; parts * self.run.neighbourhood.cells().len() * (1 + others.len())];
        // The outputs of pixel after pixel.
        let most = tuning::MAX_PIXEL_CHUNK.min(self.run.cancel_interval);
        let values = parts * self.outputs.len();
        let mut results = vec![0.0; values * region.row().len().min(pixels.len()).min(most)];

        let mut at = pixels.start;
        while at < pixels.end {
            if self.verdict.is_over() || !self.verdict.is_wanted(at) {
                return;
            }
            let position = region.position(at);
            let start = position[position.len() - 1];
            let end = region.row().end.min(start + (pixels.end - at).min(most));
            first.start_row(&position);
            others.iter_mut().for_each(|other| other.start_row(&position));
            let row = PixelRow {
                position: &position,
                others: &others,
                interior: &interior,
                outputs: values,
                exact: self.run.exact,
                compacted: self.run.compacted.then_some(self.run.neighbourhood),
                marked: self.run.marked.map(|marked| (self.run.neighbourhood, marked)),
            };
            results.fill(0.0);
            let done = row.chunk(&first, start..end, evaluator, &mut window, &mut results);
            for (output, store) in self.outputs.iter().enumerate() {
                let done = &results[..done * values];
                let numbers = done.get(output..).unwrap_or(&[]);
                match self.run.exact {
                    true => store.store_exact(&position, numbers, self.outputs.len(), self.run.cast),
                    false => store.store(&position, numbers, values, self.run.cast),
                }
            }
            self.verdict.add(done);
            if done < end - start {
                return self.verdict.fail(at + done);
            }
            at += end - start;
        }
    }
}

/// What is the same for all pixels of a row.
struct PixelRow<'a> {
    position: &'a [usize],
    others: &'a [Box<dyn AnyGather + 'a>],
    interior: &'a Range<usize>,
    /// How many values there are for each pixel.
    outputs: usize,
    exact: bool,
    /// What says which cells are selected, if evaluators see only those.
    compacted: Option<&'a Neighbourhood<'a>>,
    /// What says which cells have a value, if evaluators see only those.
    marked: Option<(&'a Neighbourhood<'a>, &'a Marked)>,
}

impl PixelRow<'_> {
    /// Evaluates pixels of the row until one fails; the number that held.
    fn chunk<T: Element, E: Evaluate>(
        &self,
        first: &Gather<'_, T>,
        pixels: Range<usize>,
        evaluator: &mut E,
        window: &mut [f64],
        results: &mut [f64],
    ) -> usize {
        let Range { start, end } = pixels;
        let lacking = self.marked.is_some() || self.compacted.is_some_and(|cells| cells.lacks_rows(self.position));
        let fast = match first.is_inside() && !lacking {
            true => self.interior.start.clamp(start, end)..self.interior.end.clamp(start, end),
            false => end..end,
        };
        let mut done = 0;
        for part in [start..fast.start, fast.clone(), fast.end..end] {
            if part.is_empty() {
                continue;
            }
            let results = &mut results[self.outputs * done..][..self.outputs * part.len()];
            let held = if part != fast || self.exact {
                self.visit(part.clone(), evaluator, window, results, |x, cells| match self.exact {
                    true => {
                        let (numbers, rests) = cells.split_at_mut(cells.len() / 2);
                        first.gather_anywhere(x, numbers);
                        first.gather_rests(x, rests);
                    }
                    false => first.gather_anywhere(x, cells),
                })
            } else if self.others.is_empty() && self.outputs == 1 {
                self.visit_alone(first, part.clone(), evaluator, window, results)
            } else {
                self.visit(part.clone(), evaluator, window, results, |x, cells| {
                    // SAFETY: `fast` is part of the interior, and empty unless the input is inside.
                    unsafe { first.gather_inside(x, cells) }
                })
            };
            done += held;
            if held < part.len() {
                break;
            }
        }
        done
    }

    /// Evaluates pixels of the row until one fails; `gather` fills in the first input's cells. The number that held.
    fn visit<E: Evaluate>(
        &self,
        pixels: Range<usize>,
        evaluator: &mut E,
        window: &mut [f64],
        results: &mut [f64],
        gather: impl Fn(usize, &mut [f64]),
    ) -> usize {
        let cells = window.len() / (1 + self.others.len());
        let total = pixels.len();
        let mut outputs = results.chunks_exact_mut(self.outputs);
        let failed = pixels.into_iter().position(|x| {
            let (mine, theirs) = window.split_at_mut(cells);
            gather(x, mine);
            for (other, cells) in self.others.iter().zip(theirs.chunks_mut(cells.max(1))) {
                let len = if self.exact { cells.len() / 2 } else { cells.len() };
                let (numbers, rests) = cells.split_at_mut(len);
                other.gather(x, self.interior, numbers);
                if self.exact {
                    other.gather_rests(x, rests);
                }
            }
            let outputs = outputs.next().expect("there is room for each pixel of a row");
            if let Some((neighbourhood, marked)) = self.marked {
                return !self.evaluate_marked((neighbourhood, marked), x, mine, evaluator, outputs);
            }
            let seen = self.compacted.map_or(window.len(), |cells| cells.compact(self.position, x, window));
            !evaluator.evaluate(&mut window[..seen], self.position, x, outputs)
        });
        failed.unwrap_or(total)
    }

    /// Evaluates a pixel of those cells that have a value; whether it held.
    fn evaluate_marked<E: Evaluate>(
        &self,
        (neighbourhood, marked): (&Neighbourhood<'_>, &Marked),
        x: usize,
        window: &mut [f64],
        evaluator: &mut E,
        outputs: &mut [f64],
    ) -> bool {
        let own = || self.position[..self.position.len() - 1].iter().copied().chain([x]).collect::<Vec<_>>();
        let missing = |index: &[usize]| marked.missing.get(index).is_some_and(|missing| *missing);
        if !marked.fill && missing(&own()) {
            // Whoever runs this puts the value of such a pixel there.
            return true;
        }
        let seen = neighbourhood.compact_present(self.position, x, window, marked);
        let held = match marked.nodata {
            Some(nodata) if seen == 0 => {
                outputs[0] = nodata;
                true
            }
            _ => evaluator.evaluate(&mut window[..seen], self.position, x, outputs),
        };
        if let Some(nodata) = marked.nodata
            && outputs[0].is_nan()
        {
            outputs[0] = nodata;
        }
        held
    }

    /// [`PixelRow::visit`] for interior pixels of a single input and output, with windows of the commonest sizes unrolled.
    fn visit_alone<T: Element, E: Evaluate>(
        &self,
        first: &Gather<'_, T>,
        pixels: Range<usize>,
        evaluator: &mut E,
        window: &mut [f64],
        results: &mut [f64],
    ) -> usize {
        match window.len() {
            3 => self.visit_unrolled::<T, E, 3>(first, pixels, evaluator, results),
            5 => self.visit_unrolled::<T, E, 5>(first, pixels, evaluator, results),
            7 => self.visit_unrolled::<T, E, 7>(first, pixels, evaluator, results),
            9 => self.visit_unrolled::<T, E, 9>(first, pixels, evaluator, results),
            _ => {
                let total = pixels.len();
                let failed = pixels.zip(results).position(|(x, result)| {
                    // SAFETY: the caller passes interior pixels of an input that is inside.
                    unsafe { first.gather_inside(x, window) };
                    !evaluator.evaluate(window, self.position, x, std::slice::from_mut(result))
                });
                failed.unwrap_or(total)
            }
        }
    }

    /// [`PixelRow::visit_alone`] for windows of `CELLS` cells. Where pixels are neighbours in memory, it gathers the windows of
    /// a few at once.
    fn visit_unrolled<T: Element, E: Evaluate, const CELLS: usize>(
        &self,
        first: &Gather<'_, T>,
        pixels: Range<usize>,
        evaluator: &mut E,
        results: &mut [f64],
    ) -> usize {
        let distances: [isize; CELLS] = first.distances();
        let (blocks, _) = results.as_chunks_mut::<PIXELS>();
        let blocks = if first.is_contiguous() { blocks } else { &mut [] };
        let mut done = 0;
        for results in blocks {
            let x = pixels.start + done;
            // SAFETY: the caller passes interior pixels of an input that is inside, and its pixels are neighbours.
            let mut windows = unsafe { first.gather_block(x, &distances) };
            for (index, (window, result)) in windows.iter_mut().zip(results).enumerate() {
                if !evaluator.evaluate(window, self.position, x + index, std::slice::from_mut(result)) {
                    return done + index;
                }
            }
            done += PIXELS;
        }
        let mut window = [0.0; CELLS];
        for (x, result) in (pixels.start + done..pixels.end).zip(&mut results[done..]) {
            // SAFETY: as above.
            unsafe { first.gather_inside(x, &mut window) };
            if !evaluator.evaluate(&mut window, self.position, x, std::slice::from_mut(result)) {
                return done;
            }
            done += 1;
        }
        done
    }
}
