//! Files that go to the disk while they are written.
//!
//! What waits in memory has to go there at the end, in one call that nothing interrupts: a process that is to end waits for it, too. So no more
//! waits than the disk takes in a moment, and who presses Ctrl-C is heard within that, whenever it is.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

/// About how long the disk takes for what waits.
const MOMENT: Duration = Duration::from_millis(50);

/// The bytes that wait at first, and the least and the most that do.
const FIRST: u64 = 1 << 24;
const LEAST: u64 = 1 << 22;
const MOST: u64 = 1 << 26;

/// A file, of which all but the last bytes are on the disk.
pub struct Steady<'f> {
    file: &'f mut File,
    waiting: u64,
    most: u64,
}

impl<'f> Steady<'f> {
    /// A file to be written.
    pub fn new(file: &'f mut File) -> Steady<'f> {
        Steady { file, waiting: 0, most: FIRST }
    }
}

impl Write for Steady<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // One call may have far more than that.
        let part = bytes.len().min(usize::try_from(self.most - self.waiting).unwrap_or(usize::MAX));
        let written = self.file.write(&bytes[..part])?;
        self.waiting += written as u64;
        if self.waiting >= self.most {
            let start = Instant::now();
            self.file.sync_data()?;
            self.most = next(self.waiting, start.elapsed());
            self.waiting = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Steady<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// How many bytes may wait, given how long so many took.
fn next(bytes: u64, time: Duration) -> u64 {
    let rate = bytes as f64 / time.as_secs_f64().max(1e-6);
    // No more than twice as many as before: a disk may have a memory of its own, which is full in the end.
    ((rate * MOMENT.as_secs_f64()) as u64).min(2 * bytes).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::time::Duration;

    use super::{FIRST, LEAST, MOST, Steady, next};

    #[test]
    fn all_bytes_are_where_they_belong() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..FIRST as usize + (FIRST / 2) as usize).map(|place| (place % 251) as u8).collect();
        let mut steady = Steady::new(&mut file);
        steady.write_all(&bytes).unwrap();
        steady.write_all(&bytes).unwrap();
        assert!(steady.waiting < steady.most);
        steady.seek(SeekFrom::Start(3)).unwrap();
        steady.write_all(b"head").unwrap();
        steady.flush().unwrap();
        let mut found = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut found).unwrap();
        let mut expected = [&bytes[..], &bytes[..]].concat();
        expected[3..7].copy_from_slice(b"head");
        assert!(found == expected);
    }

    #[test]
    fn as_much_waits_as_the_disk_takes_in_a_moment() {
        let second = Duration::from_secs(1);
        assert_eq!(next(1 << 24, second / 20), 1 << 24);
        assert_eq!(next(1 << 24, second / 10), 1 << 23);
        assert_eq!(next(1 << 24, second * 100), LEAST);
        assert_eq!(next(1 << 24, Duration::ZERO), 1 << 25);
        assert_eq!(next(MOST, Duration::ZERO), MOST);
    }
}
