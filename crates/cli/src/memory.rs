//! How much memory there is for a run.

use std::fs;
use std::path::Path;

/// Of what is free, the part that may be taken: the rest is for all that is not an array.
const TAKEN: (u64, u64) = (7, 8);

/// The bytes that arrays may have: what the system says is free, and what limits of the process and of its control group leave. None
/// where nobody says.
pub fn available() -> Option<u64> {
    let least = [free(), of_group(), of_process()].into_iter().flatten().min()?;
    Some(least / TAKEN.1 * TAKEN.0)
}

/// What the system could give.
fn free() -> Option<u64> {
    kilobytes("/proc/meminfo", "MemAvailable:")
}

/// What is left of the address space.
fn of_process() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    // "unlimited" is no number.
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(kilobytes("/proc/self/status", "VmSize:")?))
}

/// What is left to the control group: of version 2, as containers have.
fn of_group() -> Option<u64> {
    let group = fs::read_to_string("/proc/self/cgroup").ok()?;
    let name = group.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let group = Path::new("/sys/fs/cgroup").join(name);
    let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok();
    // What files have in memory is given back.
    let stat = fs::read_to_string(group.join("memory.stat")).ok()?;
    let files = stat.lines().find_map(|line| line.strip_prefix("file ")?.parse::<u64>().ok()).unwrap_or(0);
    Some((number("memory.max")? + files).saturating_sub(number("memory.current")?))
}

/// The number behind a word in a file of the system's, which is in kilobytes.
fn kilobytes(path: &str, word: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1 << 10)
}
