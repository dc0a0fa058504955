//! The samples of pages as arrays: which element type they have, and how they are put together of strips and tiles.

use bytemuck::Pod;
use hoodoo::{AnyArray, AnyElement, Cast, DType, Element, f16};
use ndarray::{ArrayD, IxDyn};

use super::chunks::{Chunk, Chunking};
use super::directory::{PageHeader, SampleFormat};

/// The element type of the samples; smaller ones than bytes become bytes, and those of one bit booleans.
pub fn element_type(format: SampleFormat, bits: u16) -> Result<DType, String> {
    use SampleFormat::{Float, Signed, Unsigned};
    match (format, bits) {
        (Unsigned, 1) => Ok(DType::Bool),
        (Unsigned, 2 | 4 | 8) => Ok(DType::U8),
        (Unsigned, 16) => Ok(DType::U16),
        (Unsigned, 32) => Ok(DType::U32),
        (Unsigned, 64) => Ok(DType::U64),
        (Signed, 8) => Ok(DType::I8),
        (Signed, 16) => Ok(DType::I16),
        (Signed, 32) => Ok(DType::I32),
        (Signed, 64) => Ok(DType::I64),
        (Float, 16) => Ok(DType::F16),
        (Float, 32) => Ok(DType::F32),
        (Float, 64) => Ok(DType::F64),
        (format, bits) => Err(format!(
            "has {} samples of {bits} bits, which can't be read; those of 1, 2, 4, 8, 16, 32 and 64 bits can, and floats of \
             16, 32 and 64",
            format.describe()
        )),
    }
}

/// The sample format and the bits that a file has for elements of this type.
pub fn stored_as(dtype: DType) -> (SampleFormat, u16) {
    let bits = 8 * dtype.bytes() as u16;
    match dtype {
        dtype if dtype.is_float() => (SampleFormat::Float, bits),
        dtype if dtype.limits().0 < 0.0 => (SampleFormat::Signed, bits),
        _ => (SampleFormat::Unsigned, bits),
    }
}

/// Where the samples of all pages go, page after page.
pub struct Place<'a> {
    pub bytes: &'a mut [u8],
    /// The bytes of a sample here.
    pub sample: usize,
}

impl Place<'_> {
    /// Puts the rows of a chunk where they belong, in a page whose planes are one after the other.
    pub fn put(&mut self, page: &PageHeader, chunk: &Chunk, rows: &[u8]) {
        let chunking = page.chunking();
        let row_bytes = chunking.row_bytes(usize::from(page.bits));
        let wide = chunk.width * chunking.channels * self.sample;
        for (row, stored) in rows.chunks_exact(row_bytes.max(1)).take(chunk.height).enumerate() {
            let first = first_sample(&chunking, chunk, row) * self.sample;
            put_row(page, stored, &mut self.bytes[first..first + wide]);
        }
    }
}

/// Makes samples of the stored row of a chunk, in memory for those of its row that are in the page.
pub fn put_row(page: &PageHeader, stored: &[u8], to: &mut [u8]) {
    match page.bits {
        bits @ (1 | 2 | 4) => unpack(stored, bits, to),
        _ => to.copy_from_slice(&stored[..to.len()]),
    }
}

/// The place of the first sample of a chunk's row.
pub fn first_sample(chunking: &Chunking, chunk: &Chunk, row: usize) -> usize {
    let row = chunk.plane * chunking.height + chunk.y + row;
    (row * chunking.width + chunk.x) * chunking.channels
}

/// Samples of few bits as bytes.
fn unpack(stored: &[u8], bits: u16, to: &mut [u8]) {
    let in_byte = usize::from(8 / bits);
    let mask = u8::MAX >> (8 - bits);
    for (index, sample) in to.iter_mut().enumerate() {
        let shift = (in_byte - 1 - index % in_byte) * usize::from(bits);
        *sample = stored[index / in_byte] >> shift & mask;
    }
}

/// An array of this shape and type whose bytes `fill` makes.
pub fn array(
    dtype: DType,
    shape: &[usize],
    fill: impl FnOnce(Place<'_>) -> Result<(), String>,
) -> Result<AnyArray, String> {
    let count = shape.iter().product();
    let shape = IxDyn(shape);
    if dtype == DType::Bool {
        let bits = elements::<u8>(count, fill)?;
        return made(shape, bits.into_iter().map(|bit| bit != 0).collect());
    }
    match stored_as(dtype) {
        (SampleFormat::Unsigned, 8) => made(shape, elements::<u8>(count, fill)?),
        (SampleFormat::Unsigned, 16) => made(shape, elements::<u16>(count, fill)?),
        (SampleFormat::Unsigned, 32) => made(shape, elements::<u32>(count, fill)?),
        (SampleFormat::Unsigned, _) => made(shape, elements::<u64>(count, fill)?),
        (SampleFormat::Signed, 8) => made(shape, elements::<i8>(count, fill)?),
        (SampleFormat::Signed, 16) => made(shape, elements::<i16>(count, fill)?),
        (SampleFormat::Signed, 32) => made(shape, elements::<i32>(count, fill)?),
        (SampleFormat::Signed, _) => made(shape, elements::<i64>(count, fill)?),
        (SampleFormat::Float, 16) => {
            made(shape, elements::<u16>(count, fill)?.into_iter().map(f16::from_bits).collect())
        }
        (SampleFormat::Float, 32) => made(shape, elements::<f32>(count, fill)?),
        (SampleFormat::Float, _) => made(shape, elements::<f64>(count, fill)?),
    }
}

fn made<T: AnyElement>(shape: IxDyn, elements: Vec<T>) -> Result<AnyArray, String> {
    Ok(ArrayD::from_shape_vec(shape, elements).map_err(|error| error.to_string())?.into())
}

fn elements<T: Pod>(count: usize, fill: impl FnOnce(Place<'_>) -> Result<(), String>) -> Result<Vec<T>, String> {
    let mut elements = Vec::new();
    let needed = count.saturating_mul(size_of::<T>());
    elements.try_reserve_exact(count).map_err(|_| format!("there is no memory for its {needed} bytes of samples"))?;
    elements.resize(count, T::zeroed());
    fill(Place { bytes: bytemuck::cast_slice_mut(&mut elements), sample: size_of::<T>() })?;
    Ok(elements)
}

/// A value as the bytes of an element, as far as the type can hold it.
pub fn bytes_of(dtype: DType, value: f64) -> Vec<u8> {
    fn bytes<T: Element, const N: usize>(value: f64, bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        bytes(T::from_f64(value, Cast::Saturate)).to_vec()
    }
    match stored_as(dtype) {
        (SampleFormat::Unsigned, 8) => bytes(value, u8::to_ne_bytes),
        (SampleFormat::Unsigned, 16) => bytes(value, u16::to_ne_bytes),
        (SampleFormat::Unsigned, 32) => bytes(value, u32::to_ne_bytes),
        (SampleFormat::Unsigned, _) => bytes(value, u64::to_ne_bytes),
        (SampleFormat::Signed, 8) => bytes(value, i8::to_ne_bytes),
        (SampleFormat::Signed, 16) => bytes(value, i16::to_ne_bytes),
        (SampleFormat::Signed, 32) => bytes(value, i32::to_ne_bytes),
        (SampleFormat::Signed, _) => bytes(value, i64::to_ne_bytes),
        (SampleFormat::Float, 16) => bytes(value, f16::to_ne_bytes),
        (SampleFormat::Float, 32) => bytes(value, f32::to_ne_bytes),
        (SampleFormat::Float, _) => bytes(value, f64::to_ne_bytes),
    }
}

/// Runs `with` on the bytes of an array that is in standard layout.
pub fn with_bytes<T>(array: &AnyArray, with: impl FnOnce(&[u8]) -> T) -> Option<T> {
    Some(match array {
        AnyArray::Bool(array) => with(&array.iter().map(|set| u8::from(*set)).collect::<Vec<_>>()),
        AnyArray::I8(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::U8(array) => with(array.as_slice()?),
        AnyArray::I16(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::U16(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::I32(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::U32(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::I64(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::U64(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::F16(array) => {
            let bits: Vec<u16> = array.iter().map(|half| half.to_bits()).collect();
            with(bytemuck::cast_slice(&bits))
        }
        AnyArray::F32(array) => with(bytemuck::cast_slice(array.as_slice()?)),
        AnyArray::F64(array) => with(bytemuck::cast_slice(array.as_slice()?)),
    })
}

/// Runs `with` on the bytes of an array that is in standard layout, which it may change.
pub fn with_bytes_mut<T>(array: &mut AnyArray, with: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
    Some(match array {
        AnyArray::Bool(array) => {
            let mut bytes: Vec<u8> = array.iter().map(|set| u8::from(*set)).collect();
            let result = with(&mut bytes);
            array.iter_mut().zip(bytes).for_each(|(set, byte)| *set = byte != 0);
            result
        }
        AnyArray::I8(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::U8(array) => with(array.as_slice_mut()?),
        AnyArray::I16(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::U16(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::I32(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::U32(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::I64(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::U64(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::F16(array) => {
            let mut bits: Vec<u16> = array.iter().map(|half| half.to_bits()).collect();
            let result = with(bytemuck::cast_slice_mut(&mut bits));
            array.iter_mut().zip(bits).for_each(|(half, bits)| *half = f16::from_bits(bits));
            result
        }
        AnyArray::F32(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
        AnyArray::F64(array) => with(bytemuck::cast_slice_mut(array.as_slice_mut()?)),
    })
}
