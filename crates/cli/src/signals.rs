//! The signals that stop a run or the whole command.

use crate::failure::Failure;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To stop what is going on: Ctrl-C.
    Interrupt,
    /// To end: SIGTERM, SIGQUIT, or SIGHUP because the terminal is gone.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no such signals"))]
    End,
}

/// Calls `handle`, on a thread of its own, for every signal that would have ended the process. Where the system has no thread for
/// that, signals do what they do to any process.
#[cfg(unix)]
pub fn watch(mut handle: impl FnMut(Request) + Send + 'static) -> Result<(), Failure> {
    use std::sync::mpsc::sync_channel;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
    let mut watched = vec![SIGINT, SIGQUIT, SIGTERM, SIGXFSZ];
    watched.extend((!hangups_are_ignored()).then_some(SIGHUP));
    let (sender, begun) = sync_channel(1);
    // Once they are watched, nobody but this thread does anything about them.
    let watching = std::thread::Builder::new().spawn(move || {
        let mut signals = match signal_hook::iterator::Signals::new(watched) {
            Ok(signals) => signals,
            Err(error) => return drop(sender.send(Err(error))),
        };
        drop(sender.send(Ok(())));
        for signal in signals.forever() {
            match signal {
                // A file has become as large as files may be: whoever writes to it gets an error.
                SIGXFSZ => {}
                SIGINT => handle(Request::Interrupt),
                _ => handle(Request::End),
            }
        }
    });
    match watching.map(|_| begun.recv()) {
        Ok(Ok(Err(error))) => Err(Failure::Run(format!("signals can't be watched: {error}"))),
        _ => Ok(()),
    }
}

/// Where there is no memory for something small, Rust says so and aborts. That is a failure as others are, with their status, and not a crash.
pub fn fail_without_memory() {
    #[cfg(unix)]
    {
        use std::sync::Arc;
        use std::sync::atomic::AtomicBool;

        use signal_hook::{consts::SIGABRT, flag};
        // Without the handler, the process ends by the signal.
        let _ = flag::register_conditional_shutdown(SIGABRT, 1, Arc::new(AtomicBool::new(true)));
    }
}

/// Whether who started this process wants it to live on without a terminal, as `nohup` does. Where that can't be read, it is
/// taken for what is usual.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    // Of the bits, the first is that of signal 1.
    const HANGUP: u64 = 1 << (signal_hook::consts::SIGHUP - 1);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits & HANGUP != 0)
}

/// Calls `handle`, on a thread of its own, for every Ctrl-C.
#[cfg(not(unix))]
pub fn watch(mut handle: impl FnMut(Request) + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(move || handle(Request::Interrupt))
        .map_err(|error| Failure::Run(format!("Ctrl-C can't be watched: {error}")))
}
