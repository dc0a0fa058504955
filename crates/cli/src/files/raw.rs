//! Elements without a header: what they are, the user says.

use std::io::{Read, Write};
use std::str::FromStr;

use hoodoo::{AnyArray, DType};

use super::sequence::{self, Order};

/// What a raw file has, as `u16:100,512,512` says; `u16be` is for elements whose most significant byte comes first, and `*` for as
/// many rows as there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    pub dtype: DType,
    pub big_endian: bool,
    /// How many rows there are along the first axis, if that is said.
    pub rows: Option<usize>,
    /// The shape of a row.
    pub row: Vec<usize>,
}

impl FromStr for Raw {
    type Err = String;

    fn from_str(text: &str) -> Result<Raw, String> {
        let wrong =
            || "write TYPE:N[,N...], as u16:480,640; u16be for big-endian, * for as many rows as there are".to_string();
        let (dtype, lengths) = text.split_once(':').ok_or_else(wrong)?;
        let (dtype, big_endian) = dtype.strip_suffix("be").map_or((dtype, false), |dtype| (dtype, true));
        let dtype: DType = dtype.parse().map_err(|_| wrong())?;
        let length = |text: &str| text.trim().parse::<usize>().ok().filter(|length| *length > 0);
        let (first, row) = lengths.split_once(',').map_or((lengths, None), |(first, row)| (first, Some(row)));
        let rows = match first.trim() {
            "*" => None,
            first => Some(length(first).ok_or_else(wrong)?),
        };
        let row = row.map_or(Some(Vec::new()), |row| row.split(',').map(length).collect()).ok_or_else(wrong)?;
        let raw = Raw { dtype, big_endian, rows, row };
        match raw.bytes(rows.unwrap_or(1)) {
            Some(_) => Ok(raw),
            None => Err("there is no memory for so many elements".to_string()),
        }
    }
}

impl Raw {
    /// How many bytes so many rows have, if that is a number that memory may have.
    fn bytes(&self, rows: usize) -> Option<usize> {
        // Eight bytes are for the widest output.
        let mut lengths = self.row.iter().chain([&rows]);
        let span = lengths.try_fold(8usize, |product, length| product.checked_mul(*length));
        span.filter(|span| *span <= isize::MAX as usize).map(|span| span / 8 * self.dtype.bytes())
    }

    /// How many rows a file of so many bytes has, or a stream, if that is known.
    pub fn rows(&self, length: Option<u64>) -> Result<Option<usize>, String> {
        let (Some(length), Some(row)) = (length, self.bytes(1)) else { return Ok(self.rows) };
        let found = usize::try_from(length).map_err(|error| error.to_string())?;
        match self.rows {
            None if found.is_multiple_of(row) => Ok(Some(found / row)),
            None => Err(format!("--raw: the file has {found} bytes, which are not whole rows of {row}")),
            Some(rows) if self.bytes(rows) == Some(found) => Ok(Some(rows)),
            Some(rows) => {
                let needed = self.bytes(rows).unwrap_or(usize::MAX);
                Err(format!("--raw: the file has {found} bytes, and {needed} are said"))
            }
        }
    }

    /// Reads all elements of a file of so many bytes.
    pub fn read(&self, reader: impl Read, length: u64) -> Result<AnyArray, String> {
        let rows = self.rows(Some(length))?.unwrap_or(0);
        let shape: Vec<usize> = [&[rows], self.row.as_slice()].concat();
        let order = Order { big_endian: self.big_endian, first_fastest: false };
        sequence::read(reader, self.dtype, &shape, order, "elements")
    }
}

/// Writes the elements of an array, the least significant byte of each first.
pub fn write(array: &AnyArray, writer: &mut impl Write) -> Result<(), String> {
    sequence::write(array, Order { big_endian: false, first_fastest: false }, writer)
}

#[cfg(test)]
mod tests {
    use super::Raw;

    #[test]
    fn what_is_said_of_raw_files() {
        let raw: Raw = "u16be:*,480,640".parse().unwrap();
        assert_eq!(
            (raw.dtype, raw.big_endian, raw.rows, raw.row.as_slice()),
            (hoodoo::DType::U16, true, None, &[480, 640][..])
        );
        assert_eq!(raw.rows(Some(3 * 480 * 640 * 2)), Ok(Some(3)));
        assert!(raw.rows(Some(5)).unwrap_err().contains("not whole rows"));
        let line: Raw = "f32:7".parse().unwrap();
        assert_eq!((line.rows(Some(28)), line.row.is_empty()), (Ok(Some(7)), true));
        assert!(line.rows(Some(27)).unwrap_err().contains("27 bytes, and 28 are said"));
        for wrong in ["u8", "u8:", "u9:3", "u8:0", "u8:3,", "u8:3,*", "u8:-1", "f64:4294967296,4294967296"] {
            assert!(wrong.parse::<Raw>().is_err(), "{wrong}");
        }
    }
}
