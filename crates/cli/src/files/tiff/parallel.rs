//! Work on strips and tiles by several threads, whose results come in order.

use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// For each thread, so many results are waited for.
const WAITING: usize = 2;

/// Has `threads` threads do `work` on each thing that comes, and `take` what becomes of it, in the order of the things. At most a few
/// things for each thread are in memory. Where there is one thread, or one thing, the caller does all of it, and so it does where the system
/// gives no thread.
pub fn in_order<T: Send, U: Send>(
    mut things: impl Iterator<Item = Result<T, String>>,
    threads: usize,
    work: impl Fn(T) -> U + Sync,
    mut take: impl FnMut(U) -> Result<(), String>,
) -> Result<(), String> {
    let Some(first) = things.next().transpose()? else { return Ok(()) };
    let second = if threads > 1 { things.next().transpose()? } else { None };
    let Some(second) = second else {
        take(work(first))?;
        return things.try_for_each(|thing| take(work(thing?)));
    };
    let (queue, jobs) = channel::<(T, SyncSender<U>)>();
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
    thread::scope(|scope| {
        // The threads end when nothing more can come.
        let queue = queue;
        let worker = || {
            while let Ok((thing, done)) = next() {
                // Nobody waits for it where something has failed.
                let _ = done.send(work(thing));
            }
        };
        let threads = (0..threads).take_while(|_| thread::Builder::new().spawn_scoped(scope, worker).is_ok()).count();
        let mut things = [Ok(first), Ok(second)].into_iter().chain(things);
        if threads == 0 {
            return things.try_for_each(|thing| take(work(thing?)));
        }
        let mut waiting = VecDeque::new();
        let ended = |_| "a thread that codes has ended".to_string();
        for thing in things {
            let (done, result) = sync_channel(1);
            queue.send((thing?, done)).map_err(|_| ended(()))?;
            waiting.push_back(result);
            if waiting.len() > WAITING * threads
                && let Some(result) = waiting.pop_front()
            {
                take(result.recv().map_err(|_| ended(()))?)?;
            }
        }
        waiting.into_iter().try_for_each(|result| take(result.recv().map_err(|_| ended(()))?))
    })
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn results_come_in_order() {
        for (count, threads) in [(0, 2), (1, 2), (2, 1), (2, 2), (100, 1), (100, 3), (7, 16)] {
            let mut found = Vec::new();
            let slow = |number: u64| {
                std::thread::sleep(std::time::Duration::from_micros(100 * (number * 7 % 5)));
                number * 2
            };
            let done = in_order((0..count).map(Ok), threads, slow, |result| {
                found.push(result);
                Ok(())
            });
            assert_eq!((done, found), (Ok(()), (0..count).map(|number| number * 2).collect()), "{count} {threads}");
        }
    }

    #[test]
    fn the_first_failure_ends_it() {
        for threads in [1, 3] {
            let mut taken = 0;
            let things = (0..50).map(|number| if number == 20 { Err("thing 20".to_string()) } else { Ok(number) });
            let done = in_order(
                things,
                threads,
                |number| number,
                |_| {
                    taken += 1;
                    Ok(())
                },
            );
            assert_eq!(done, Err("thing 20".to_string()));
            assert!(taken <= 20);
            let refused = |number| if number == 9 { Err("result 9".to_string()) } else { Ok(()) };
            assert_eq!(in_order((0..50).map(Ok), threads, |number| number, refused), Err("result 9".to_string()));
        }
    }
}
