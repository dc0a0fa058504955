//! Watching a run: a progress bar while it lasts, and Ctrl-C to stop it.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use hoodoo::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::{CANCELLED, Failure};

/// A run that lasts no longer than this has no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(50);

/// A progress that Ctrl-C cancels. What can't be interrupted (a kernel that takes minutes for one pixel, say) ends at
/// the second Ctrl-C with the process; no output has its name by then.
pub fn cancelled_by_ctrl_c() -> Result<Arc<Progress>, Failure> {
    let progress = Arc::new(Progress::default());
    let cancelled = Arc::clone(&progress);
    ctrlc::set_handler(move || {
        if cancelled.is_cancelled() {
            std::process::exit(CANCELLED.into());
        }
        cancelled.cancel();
    })
    .map_err(|error| Failure::Run(format!("Ctrl-C can't be watched: {error}")))?;
    Ok(progress)
}

/// Fails if the run has been cancelled; for between the steps that can't be interrupted.
pub fn check(progress: &Progress) -> Result<(), Failure> {
    if progress.is_cancelled() { Err(Failure::Cancelled) } else { Ok(()) }
}

/// Does `work`, of `pixels` pixels, showing on a terminal how far it is.
pub fn with_bar<T>(progress: &Progress, pixels: usize, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (finished, watched) = channel();
        scope.spawn(move || draw(progress, pixels, &watched));
        let result = work();
        // This ends the other thread, and the scope waits until the bar is gone.
        drop(finished);
        result
    })
}

/// Draws the bar until the sender is dropped.
fn draw(progress: &Progress, pixels: usize, finished: &Receiver<()>) {
    let start = Instant::now();
    let mut bar: Option<ProgressBar> = None;
    while finished.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        if start.elapsed() < PATIENCE {
            continue;
        }
        let bar = bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}");
            ProgressBar::new(pixels as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let done = progress.done();
        bar.set_position(done as u64);
        // The bar's own estimate knows nothing of the time before it was drawn.
        if done > 0 {
            let left = start.elapsed().as_secs_f64() * (pixels as f64 / done as f64 - 1.0);
            bar.set_message(format!("about {left:.0} s left"));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}
