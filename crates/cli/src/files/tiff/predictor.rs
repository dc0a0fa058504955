//! The predictors of TIFF files: differences of neighbours along a row, which compress better than the samples.

/// What was done to the rows of a strip or tile before it was compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predictor {
    None,
    /// Differences of samples, as whole numbers of their size.
    Horizontal,
    /// Differences of the bytes of floats, the most significant bytes of a row first: Adobe's technical note 3.
    FloatingPoint,
}

/// The samples of a row.
#[derive(Clone, Copy, Debug)]
pub struct RowSamples {
    /// The bytes of one.
    pub bytes: usize,
    /// How many belong to one pixel.
    pub channels: usize,
    /// Whether the file has the most significant byte first.
    pub big_endian: bool,
}

impl Predictor {
    /// The predictor that a file's tag names.
    pub fn of(number: u16) -> Result<Predictor, String> {
        match number {
            1 => Ok(Predictor::None),
            2 => Ok(Predictor::Horizontal),
            3 => Ok(Predictor::FloatingPoint),
            other => Err(format!("has the unknown predictor {other}")),
        }
    }

    /// The number for the tag Predictor.
    pub fn number(self) -> u16 {
        match self {
            Predictor::None => 1,
            Predictor::Horizontal => 2,
            Predictor::FloatingPoint => 3,
        }
    }

    /// Makes a row of the file one of samples in this machine's byte order.
    pub fn undo(self, row: &mut [u8], samples: RowSamples) {
        match self {
            Predictor::None => to_native(row, samples),
            Predictor::Horizontal => {
                to_native(row, samples);
                match samples.bytes {
                    1 => sums::<1>(row, samples.channels, |a, b| [u8::from_ne_bytes(a).wrapping_add(b[0])]),
                    2 => sums(row, samples.channels, |a, b| add16(a, u16::from_ne_bytes(b))),
                    4 => sums(row, samples.channels, |a, b| add32(a, u32::from_ne_bytes(b))),
                    _ => sums(row, samples.channels, |a, b| add64(a, u64::from_ne_bytes(b))),
                }
            }
            Predictor::FloatingPoint => {
                for at in samples.channels..row.len() {
                    row[at] = row[at].wrapping_add(row[at - samples.channels]);
                }
                let planes = row.to_vec();
                let count = row.len() / samples.bytes;
                for (index, sample) in row.chunks_exact_mut(samples.bytes).enumerate() {
                    for (place, byte) in sample.iter_mut().enumerate() {
                        *byte = planes[significant(place, samples.bytes) * count + index];
                    }
                }
            }
        }
    }

    /// Makes a row of samples one of a file that is written in this machine's byte order.
    pub fn apply(self, row: &mut [u8], samples: RowSamples) {
        match self {
            Predictor::None => {}
            Predictor::Horizontal => match samples.bytes {
                1 => differences::<1>(row, samples.channels, |a, b| [a[0].wrapping_sub(b[0])]),
                2 => differences(row, samples.channels, |a, b| add16(a, u16::from_ne_bytes(b).wrapping_neg())),
                4 => differences(row, samples.channels, |a, b| add32(a, u32::from_ne_bytes(b).wrapping_neg())),
                _ => differences(row, samples.channels, |a, b| add64(a, u64::from_ne_bytes(b).wrapping_neg())),
            },
            Predictor::FloatingPoint => {
                let values = row.to_vec();
                let count = row.len() / samples.bytes;
                for (index, sample) in values.chunks_exact(samples.bytes).enumerate() {
                    for (place, byte) in sample.iter().enumerate() {
                        row[significant(place, samples.bytes) * count + index] = *byte;
                    }
                }
                for at in (samples.channels..row.len()).rev() {
                    row[at] = row[at].wrapping_sub(row[at - samples.channels]);
                }
            }
        }
    }
}

/// How many bytes of a sample are more significant than the one at this place in memory.
fn significant(place: usize, bytes: usize) -> usize {
    if cfg!(target_endian = "big") { place } else { bytes - 1 - place }
}

fn to_native(row: &mut [u8], samples: RowSamples) {
    if samples.big_endian != cfg!(target_endian = "big") && samples.bytes > 1 {
        row.chunks_exact_mut(samples.bytes).for_each(<[u8]>::reverse);
    }
}

fn add16(a: [u8; 2], b: u16) -> [u8; 2] {
    u16::from_ne_bytes(a).wrapping_add(b).to_ne_bytes()
}

fn add32(a: [u8; 4], b: u32) -> [u8; 4] {
    u32::from_ne_bytes(a).wrapping_add(b).to_ne_bytes()
}

fn add64(a: [u8; 8], b: u64) -> [u8; 8] {
    u64::from_ne_bytes(a).wrapping_add(b).to_ne_bytes()
}

/// Adds to each sample the one a pixel before it, from the first on.
fn sums<const N: usize>(row: &mut [u8], channels: usize, add: impl Fn([u8; N], [u8; N]) -> [u8; N]) {
    let samples = row.as_chunks_mut::<N>().0;
    for at in channels..samples.len() {
        samples[at] = add(samples[at], samples[at - channels]);
    }
}

/// Takes from each sample the one a pixel before it, from the last on.
fn differences<const N: usize>(row: &mut [u8], channels: usize, sub: impl Fn([u8; N], [u8; N]) -> [u8; N]) {
    let samples = row.as_chunks_mut::<N>().0;
    for at in (channels..samples.len()).rev() {
        samples[at] = sub(samples[at], samples[at - channels]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Predictor, RowSamples};

    #[test]
    fn rows_come_back() {
        let mut random = fastrand::Rng::with_seed(3);
        for bytes in [1, 2, 4, 8] {
            for channels in [1, 2, 3, 5] {
                for pixels in [1, 2, 9] {
                    let row: Vec<u8> = (0..pixels * channels * bytes).map(|_| random.u8(..)).collect();
                    let samples = RowSamples { bytes, channels, big_endian: cfg!(target_endian = "big") };
                    for predictor in [Predictor::None, Predictor::Horizontal, Predictor::FloatingPoint] {
                        let mut there = row.clone();
                        predictor.apply(&mut there, samples);
                        predictor.undo(&mut there, samples);
                        assert_eq!(there, row, "{predictor:?}, {samples:?}");
                    }
                }
            }
        }
    }

    /// Differences are of whole samples, between pixels and not between channels.
    #[test]
    fn differences_are_between_pixels() {
        let native = cfg!(target_endian = "big");
        let mut row = [10, 200, 13, 199, 12, 201];
        Predictor::Horizontal.apply(&mut row, RowSamples { bytes: 1, channels: 2, big_endian: native });
        assert_eq!(row, [10, 200, 3, 255, 255, 2]);
        let mut row: Vec<u8> = [1u16, 256, 255].iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        Predictor::Horizontal.apply(&mut row, RowSamples { bytes: 2, channels: 1, big_endian: native });
        let differences: Vec<u8> = [1u16, 255, 65535].iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        assert_eq!(row, differences);
        // In a file of the other byte order, each sample is turned round first.
        let mut row = [1, 0, 0, 255, 255, 255];
        Predictor::Horizontal.undo(&mut row, RowSamples { bytes: 2, channels: 1, big_endian: true });
        assert_eq!(row.to_vec(), [256u16, 511, 510].iter().flat_map(|sample| sample.to_ne_bytes()).collect::<Vec<_>>());
    }

    /// 1.0 and 1.5 as f32 are 3f800000 and 3fc00000: by significance 3f 3f 80 c0 00 00 00 00, of which differences are taken.
    #[test]
    fn bytes_of_floats_are_by_significance() {
        let mut row: Vec<u8> = [1.0f32, 1.5].iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        let samples = RowSamples { bytes: 4, channels: 1, big_endian: cfg!(target_endian = "big") };
        Predictor::FloatingPoint.apply(&mut row, samples);
        assert_eq!(row, [0x3f, 0x00, 0x41, 0x40, 0x40, 0x00, 0x00, 0x00]);
    }
}
