//! Elements one after the other in a file, in either byte order, the first or the last axis being the fastest.

use std::io::{Read, Write};

use hoodoo::{AnyArray, DType};

use super::tiff::{array, with_bytes};
use crate::arrays::for_any;

/// How elements follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Whether the most significant byte of an element comes first.
    pub big_endian: bool,
    /// Whether elements beside each other along the first axis follow each other, and not those along the last.
    pub first_fastest: bool,
}

/// Reads an array; `what` names its elements in errors.
pub fn read(reader: impl Read, dtype: DType, shape: &[usize], order: Order, what: &str) -> Result<AnyArray, String> {
    let mut stored = shape.to_vec();
    if order.first_fastest {
        stored.reverse();
    }
    let read = array(dtype, &stored, |place| {
        let found = fill(reader, place.bytes)?;
        let needed = place.bytes.len();
        if found < needed {
            return Err(format!("truncated: the header promises {needed} bytes of {what}, and there are {found}"));
        }
        if order.big_endian != cfg!(target_endian = "big") {
            swap(place.bytes, place.sample);
        }
        Ok(())
    })?;
    Ok(match order.first_fastest {
        false => read,
        true => for_any!(AnyArray, read, array => array.reversed_axes().into()),
    })
}

/// Writes an array.
pub fn write(array: &AnyArray, order: Order, writer: &mut impl Write) -> Result<(), String> {
    /// So many bytes are swapped at a time.
    const CHUNK: usize = 1 << 16;
    let sample = array.dtype().bytes();
    let swapped = sample > 1 && order.big_endian != cfg!(target_endian = "big");
    let mut write = |bytes: &[u8]| match swapped {
        false => writer.write_all(bytes),
        true => bytes.chunks(CHUNK).try_for_each(|chunk| {
            let mut chunk = chunk.to_vec();
            swap(&mut chunk, sample);
            writer.write_all(&chunk)
        }),
    };
    // Most arrays are in this order, and need no copy.
    let as_it_is = if order.first_fastest { None } else { with_bytes(array, &mut write) };
    let written = as_it_is.or_else(|| {
        let standard: AnyArray = for_any!(AnyArray, array, array => {
            let view = if order.first_fastest { array.t() } else { array.view() };
            view.as_standard_layout().into_owned().into()
        });
        with_bytes(&standard, &mut write)
    });
    written.ok_or("has no standard layout")?.map_err(|error| error.to_string())
}

/// Fills a buffer as far as there are bytes; how many there are.
pub fn fill(mut reader: impl Read, buffer: &mut [u8]) -> Result<usize, String> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]).map_err(|error| error.to_string())? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(filled)
}

/// Turns the bytes of each element around.
pub fn swap(bytes: &mut [u8], sample: usize) {
    if sample > 1 {
        bytes.chunks_exact_mut(sample).for_each(<[u8]>::reverse);
    }
}
