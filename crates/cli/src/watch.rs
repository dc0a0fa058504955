//! Watching a run: a progress bar while it lasts, and signals that stop it.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use hoodoo::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;
use crate::{signals, temporary};

/// A run that lasts no longer than this has no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(50);

/// How many steps the bar has.
const STEPS: f64 = 1000.0;

/// What does not hear that it is cancelled within this time ends with the process.
const GRACE: Duration = Duration::from_millis(100);

/// A progress that Ctrl-C and the other signals cancel. What can't be interrupted (a decoder, a pipe through which nothing comes, a
/// disk that is slow) ends a moment later with the process, or at the second signal; no output has its name by then. `last_words` is
/// what is still to be said in that case.
pub fn cancelled_by_signals(last_words: impl Fn() + Send + Sync + 'static) -> Result<Arc<Progress>, Failure> {
    let progress = Arc::new(Progress::default());
    let cancelled = Arc::clone(&progress);
    SAID.store(false, Ordering::Relaxed);
    let last_words = Arc::new(last_words);
    let end = move || {
        if !SAID.swap(true, Ordering::Relaxed) {
            temporary::end(&*last_words);
        }
    };
    signals::watch(move |_| {
        if cancelled.is_cancelled() {
            end();
        }
        cancelled.cancel();
        let end = end.clone();
        let end_later = move || {
            thread::sleep(GRACE);
            end();
        };
        // Without a thread for it, the next signal waits.
        if thread::Builder::new().spawn(end_later.clone()).is_err() {
            end_later();
        }
    })?;
    Ok(progress)
}

/// Whether the user is being told how the run ended.
static SAID: AtomicBool = AtomicBool::new(false);

/// A run has ended, and the user is about to be told. Where that has begun already, because it did not end in time, the process ends.
pub fn ended() {
    while SAID.swap(true, Ordering::Relaxed) {
        thread::park();
    }
}

/// Fails if the run has been cancelled; for between the steps that can't be interrupted.
pub fn check(progress: &Progress) -> Result<(), Failure> {
    if progress.is_cancelled() { Err(Failure::Cancelled) } else { Ok(()) }
}

/// How far a run over one or more files is.
pub struct Share<'p> {
    progress: &'p Progress,
    files: usize,
    /// The files that are finished.
    finished: AtomicUsize,
    /// Of the file that is computed, how many pixels it has, and how many the progress counted before it.
    pixels: AtomicUsize,
    before: AtomicUsize,
    /// Whether its outputs are coded and written, and which part of them is, in steps, if the coder says so.
    writing: AtomicBool,
    coded: AtomicUsize,
}

impl<'p> Share<'p> {
    /// None of `files` files is finished.
    pub fn new(progress: &'p Progress, files: usize) -> Share<'p> {
        let zero = || AtomicUsize::new(0);
        let writing = AtomicBool::new(false);
        Share { progress, files, finished: zero(), pixels: zero(), before: zero(), writing, coded: zero() }
    }

    /// The next file is computed, which has that many pixels.
    pub fn begin(&self, pixels: usize) {
        self.before.store(self.progress.done(), Ordering::Relaxed);
        self.pixels.store(pixels, Ordering::Relaxed);
    }

    /// All pixels are computed, and the outputs are coded and written.
    pub fn write(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }

    /// This part of the outputs is coded and written.
    pub fn coded(&self, part: f64) {
        self.coded.store((part * STEPS) as usize, Ordering::Relaxed);
    }

    /// A file is finished, or given up.
    pub fn finish(&self) {
        self.writing.store(false, Ordering::Relaxed);
        self.coded.store(0, Ordering::Relaxed);
        self.pixels.store(0, Ordering::Relaxed);
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// How far the run is, from 0 to 1.
    fn done(&self) -> f64 {
        let pixels = self.pixels.load(Ordering::Relaxed);
        let done = self.progress.done().saturating_sub(self.before.load(Ordering::Relaxed));
        let part = if pixels == 0 { 0.0 } else { (done as f64 / pixels as f64).min(1.0) };
        ((self.finished.load(Ordering::Relaxed) as f64 + part) / self.files as f64).min(1.0)
    }

    /// Does `work`, showing on a terminal how far it is, unless that is to be quiet.
    pub fn with_bar<T>(&self, quiet: bool, work: impl FnOnce() -> T) -> T {
        if quiet || !std::io::stderr().is_terminal() {
            return work();
        }
        thread::scope(|scope| {
            let (finished, watched) = channel();
            // Where the system has no thread for it, there is no bar.
            let _ = thread::Builder::new().spawn_scoped(scope, move || self.draw(&watched));
            let result = work();
            // This ends the other thread, and the scope waits until the bar is gone.
            drop(finished);
            result
        })
    }

    /// What is shown after so much time: of the bar so many steps, and a text if there is a new one.
    fn shown(&self, elapsed: Duration) -> (u64, Option<String>) {
        let done = self.done();
        let (writing, coded) = (self.writing.load(Ordering::Relaxed), self.coded.load(Ordering::Relaxed));
        // Coding has a bar of its own, where there is but one file.
        let alone = writing && coded > 0 && self.files == 1;
        let position = if alone { coded as u64 } else { (STEPS * done) as u64 };
        if done == 0.0 {
            return (position, None);
        }
        // The bar's own estimate knows nothing of the time before it was drawn.
        let left = elapsed.as_secs_f64() * (1.0 / done - 1.0);
        let files = match self.files {
            1 => String::new(),
            files => format!("{} of {files} files, ", self.finished.load(Ordering::Relaxed)),
        };
        // How long a picture is coded depends on what is in it.
        let message = match (writing, coded) {
            (true, 0) => format!("{files}writing"),
            (true, coded) if !alone => format!("{files}writing, {:.0} %", 100.0 * coded as f64 / STEPS),
            (true, _) => "writing".to_string(),
            (false, _) => format!("{files}about {left:.0} s left"),
        };
        (position, Some(message))
    }

    /// Draws the bar until the sender is dropped.
    fn draw(&self, finished: &Receiver<()>) {
        let start = Instant::now();
        let mut bar: Option<ProgressBar> = None;
        while finished.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            if start.elapsed() < PATIENCE {
                continue;
            }
            let bar = bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}");
                ProgressBar::new(STEPS as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            });
            let (position, message) = self.shown(start.elapsed());
            bar.set_position(position);
            if let Some(message) = message {
                bar.set_message(message);
            }
        }
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hoodoo::{AnyArray, DType, Filter, Kernel, Progress};

    use super::{STEPS, Share};

    /// Computes so many pixels.
    fn compute(progress: &Progress, pixels: usize) {
        let filter = Filter::new(&Kernel::compile("w[0]").unwrap());
        let input = AnyArray::zeros(DType::U8, &[pixels]);
        let mut output = AnyArray::zeros(DType::U8, &[pixels]);
        filter.run_all_into(&[input.as_input()], &mut [output.as_output()], progress).unwrap();
    }

    #[test]
    fn the_bar_of_one_file() {
        let progress = Progress::default();
        let share = Share::new(&progress, 1);
        let after = |seconds| share.shown(Duration::from_secs(seconds));
        let words = |text: &str| Some(text.to_string());
        share.begin(1000);
        assert_eq!(after(2), (0, None));
        compute(&progress, 250);
        assert_eq!(after(2), (250, words("about 6 s left")));
        compute(&progress, 750);
        assert_eq!(after(3), (STEPS as u64, words("about 0 s left")));
        // While it is coded the bar begins anew, as soon as the coder says how far it is.
        share.write();
        assert_eq!(after(4), (STEPS as u64, words("writing")));
        share.coded(0.423);
        assert_eq!(after(4), (423, words("writing")));
        share.coded(1.0);
        assert_eq!(after(5), (STEPS as u64, words("writing")));
    }

    #[test]
    fn the_bar_of_several_files() {
        let progress = Progress::default();
        let share = Share::new(&progress, 4);
        let after = |seconds| share.shown(Duration::from_secs(seconds));
        let words = |text: &str| Some(text.to_string());
        share.begin(100);
        compute(&progress, 100);
        share.write();
        share.coded(0.37);
        assert_eq!(after(5), (250, words("0 of 4 files, writing, 37 %")));
        share.finish();
        share.begin(200);
        compute(&progress, 100);
        assert_eq!(after(6), (375, words("1 of 4 files, about 10 s left")));
        // One that is given up counts as finished.
        share.finish();
        assert_eq!(after(6), (500, words("2 of 4 files, about 6 s left")));
    }
}
