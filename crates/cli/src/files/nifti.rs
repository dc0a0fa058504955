//! NIfTI files: volumes of brains, in two versions, with the header kept as it is but for what changes.
//!
//! <https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h> and `nifti2.h` say what is where.

use std::io::{Read, Write};

use hoodoo::{AnyArray, AnyElement, Cast, DType, Element};

use super::options::ReadOptions;
use super::sequence::{self, Order};
use crate::arrays::for_any;
use crate::image::header::Header;
use crate::image::{Channels, Image};

/// Each type of voxels, by its number in files.
const TYPES: [(i16, DType); 10] = [
    (2, DType::U8),
    (4, DType::I16),
    (8, DType::I32),
    (16, DType::F32),
    (64, DType::F64),
    (256, DType::I8),
    (512, DType::U16),
    (768, DType::U32),
    (1024, DType::I64),
    (1280, DType::U64),
];

/// The most axes of an array.
pub const MAX_AXES: usize = 7;

/// Where the fields of a header are.
struct Fields {
    /// The length of the header, without extensions.
    length: usize,
    kind: usize,
    bits: usize,
    dim: usize,
    pixdim: usize,
    offset: usize,
    slope: usize,
    intercept: usize,
    /// Three numbers of a quaternion, then three of a place.
    quaternion: usize,
    /// Three rows of a matrix.
    matrix: usize,
}

const VERSION_1: Fields = Fields {
    length: 348,
    kind: 70,
    bits: 72,
    dim: 40,
    pixdim: 76,
    offset: 108,
    slope: 112,
    intercept: 116,
    quaternion: 256,
    matrix: 280,
};

const VERSION_2: Fields = Fields {
    length: 540,
    kind: 12,
    bits: 14,
    dim: 16,
    pixdim: 104,
    offset: 168,
    slope: 176,
    intercept: 184,
    quaternion: 352,
    matrix: 400,
};

/// The bytes in front of the voxels, with what it takes to read and write them.
struct Bytes {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Bytes {
    fn fields(&self) -> &'static Fields {
        if self.is_second() { &VERSION_2 } else { &VERSION_1 }
    }

    fn is_second(&self) -> bool {
        self.bytes.get(4..7) == Some(b"n+2")
    }

    fn get<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut bytes: [u8; N] = std::array::from_fn(|index| self.bytes.get(at + index).copied().unwrap_or(0));
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    fn put<const N: usize>(&mut self, at: usize, mut little: [u8; N]) {
        if self.big_endian {
            little.reverse();
        }
        self.bytes[at..at + N].copy_from_slice(&little);
    }

    fn short(&self, at: usize) -> i16 {
        i16::from_le_bytes(self.get(at))
    }

    /// A number of an axis' elements, by its index.
    fn dim(&self, index: usize) -> i64 {
        match self.is_second() {
            true => i64::from_le_bytes(self.get(self.fields().dim + 8 * index)),
            false => self.short(self.fields().dim + 2 * index).into(),
        }
    }

    fn put_dim(&mut self, index: usize, value: usize) {
        let at = self.fields().dim;
        match self.is_second() {
            true => self.put(at + 8 * index, (value as i64).to_le_bytes()),
            false => self.put(at + 2 * index, (value as i16).to_le_bytes()),
        }
    }

    /// The bytes of a float: f32s in the first version, f64s in the second.
    fn float_bytes(&self) -> usize {
        if self.is_second() { 8 } else { 4 }
    }

    fn float(&self, at: usize) -> f64 {
        match self.is_second() {
            true => f64::from_le_bytes(self.get(at)),
            false => f32::from_le_bytes(self.get(at)).into(),
        }
    }

    fn put_float(&mut self, at: usize, value: f64) {
        match self.is_second() {
            true => self.put(at, value.to_le_bytes()),
            false => self.put(at, (value as f32).to_le_bytes()),
        }
    }

    /// Where the voxels begin.
    fn offset(&self) -> f64 {
        match self.is_second() {
            true => i64::from_le_bytes(self.get(VERSION_2.offset)) as f64,
            false => self.float(VERSION_1.offset),
        }
    }

    /// What voxels are multiplied by, and what is added then, if that changes them.
    fn scale(&self) -> Option<(f64, f64)> {
        let (slope, intercept) = (self.float(self.fields().slope), self.float(self.fields().intercept));
        let none = slope == 0.0 || !slope.is_finite() || !intercept.is_finite() || (slope, intercept) == (1.0, 0.0);
        (!none).then_some((slope, intercept))
    }

    fn unscale(&mut self) {
        let Fields { slope, intercept, .. } = *self.fields();
        self.put_float(slope, 1.0);
        self.put_float(intercept, 0.0);
    }

    /// Moves the places of voxels to where the first one has become that with these indices.
    fn begin_at(&mut self, first: &[usize]) {
        let Fields { quaternion, matrix, pixdim, .. } = *self.fields();
        let size = self.float_bytes();
        let first: [f64; 3] = std::array::from_fn(|axis| first.get(axis).copied().unwrap_or(0) as f64);
        for row in 0..3 {
            let at = |column: usize| matrix + size * (4 * row + column);
            let moved = (0..3).map(|column| self.float(at(column)) * first[column]).sum::<f64>();
            self.put_float(at(3), self.float(at(3)) + moved);
        }
        let [b, c, d] = [0, 1, 2].map(|index| self.float(quaternion + size * index));
        let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
        let handed = if self.float(pixdim) < 0.0 { -1.0 } else { 1.0 };
        let step = [1, 2, 3].map(|index| self.float(pixdim + size * index));
        let [x, y, z] = [first[0] * step[0], first[1] * step[1], first[2] * step[2] * handed];
        let rotated = [
            (a * a + b * b - c * c - d * d) * x + 2.0 * (b * c - a * d) * y + 2.0 * (b * d + a * c) * z,
            2.0 * (b * c + a * d) * x + (a * a + c * c - b * b - d * d) * y + 2.0 * (c * d - a * b) * z,
            2.0 * (b * d - a * c) * x + 2.0 * (c * d + a * b) * y + (a * a + d * d - b * b - c * c) * z,
        ];
        for (row, moved) in rotated.into_iter().enumerate() {
            let at = quaternion + size * (3 + row);
            self.put_float(at, self.float(at) + moved);
        }
    }

    /// Has voxels be so many times as long along each axis; the first one stays where it is.
    fn widen(&mut self, steps: &[usize]) {
        let Fields { matrix, pixdim, .. } = *self.fields();
        let size = self.float_bytes();
        for (axis, step) in steps.iter().enumerate().filter(|(_, step)| **step > 1) {
            let mut widened = |at: usize| self.put_float(at, self.float(at) * *step as f64);
            widened(pixdim + size * (axis + 1));
            if axis < 3 {
                (0..3).for_each(|row| widened(matrix + size * (4 * row + axis)));
            }
        }
    }

    /// A header that says nothing but what is needed.
    fn plain(shape: &[usize]) -> Bytes {
        let second = shape.iter().any(|length| i16::try_from(*length).is_err());
        let fields = if second { &VERSION_2 } else { &VERSION_1 };
        // Four bytes say that there are no extensions.
        let mut header = Bytes { bytes: vec![0; fields.length + 4], big_endian: false };
        header.put(0, (fields.length as i32).to_le_bytes());
        if second {
            header.bytes[4..12].copy_from_slice(b"n+2\0\r\n\x1a\n");
            header.put(fields.offset, (fields.length as i64 + 4).to_le_bytes());
        } else {
            header.bytes[344..348].copy_from_slice(b"n+1\0");
            header.put_float(fields.offset, fields.length as f64 + 4.0);
        }
        (0..8).for_each(|index| header.put_float(fields.pixdim + header.float_bytes() * index, 1.0));
        header.unscale();
        header
    }
}

/// What is wrong with a header whose voxels are in another file.
pub const PAIR: &str =
    "is the header of a pair (.hdr and .img), whose voxels are in the other file; write both as one .nii file";

/// Whether a file begins so.
pub fn begins(start: &[u8]) -> bool {
    start.get(344..348) == Some(b"n+1\0") || start.get(4..12) == Some(b"n+2\0\r\n\x1a\n")
}

/// Whether a file begins as the first of two do that are one volume: the header of a NIfTI or ANALYZE pair, whose voxels are in another
/// file.
pub fn begins_pair(start: &[u8]) -> bool {
    const LENGTHS: [u32; 2] = [348, 540];
    let length = start.first_chunk().map(|length| (u32::from_le_bytes(*length), u32::from_be_bytes(*length)));
    let is_header = length.is_some_and(|(little, big)| LENGTHS.contains(&little) || LENGTHS.contains(&big));
    is_header && !begins(start)
}

/// Reads a volume, or a series of volumes, whose times are channels: each is filtered on its own.
pub fn read(mut reader: impl Read, options: &ReadOptions) -> Result<Image, String> {
    let header = read_header(&mut reader)?;
    let axes = header.dim(0);
    if !(1..=MAX_AXES as i64).contains(&axes) {
        return Err(format!("corrupt NIfTI header: {axes} axes"));
    }
    let shape = (1..=axes as usize).map(|index| usize::try_from(header.dim(index)).ok().filter(|length| *length > 0));
    let shape: Vec<usize> = shape.collect::<Option<_>>().ok_or("corrupt NIfTI header: an axis without elements")?;
    options.check_pixels(&shape)?;
    let number = header.short(header.fields().kind);
    let dtype = TYPES.iter().find(|(other, _)| *other == number).map(|(_, dtype)| *dtype);
    let dtype = dtype.ok_or_else(|| {
        let kind = match number {
            1 => "bits",
            32 | 1792 | 2048 => "complex numbers",
            128 | 2304 => "colours",
            1536 => "floats of 128 bits",
            _ => "elements of an unknown type",
        };
        format!("has {kind} (NIfTI's type {number}), which can't be read; integers and floats can")
    })?;
    let order = Order { big_endian: header.big_endian, first_fastest: true };
    let voxels = sequence::read(reader, dtype, &shape, order, "voxels")?;
    let voxels = match header.scale() {
        None => voxels,
        Some((slope, intercept)) => scaled(&voxels, slope, intercept),
    };
    let times = (shape.len() == 4).then(|| Channels { colours: shape[3], alpha: false });
    let mut image = Image::with_channels(voxels, times);
    image.metadata.header = Some(Header::Nifti(header.bytes));
    Ok(image)
}

/// What voxels stand for: f32s for those of 16 bits and fewer, which have as many digits, else f64s.
fn scaled(voxels: &AnyArray, slope: f64, intercept: f64) -> AnyArray {
    fn of<T: AnyElement>(voxels: &AnyArray, slope: f64, intercept: f64) -> AnyArray {
        let value = |voxel: f64| T::from_f64(voxel * slope + intercept, Cast::Saturate);
        for_any!(AnyArray, voxels, array => array.mapv(|voxel| value(voxel.to_f64())).into())
    }
    match voxels.dtype().bytes() <= 2 || voxels.dtype() == DType::F32 {
        true => of::<f32>(voxels, slope, intercept),
        false => of::<f64>(voxels, slope, intercept),
    }
}

/// All that is in front of the voxels.
fn read_header(reader: &mut impl Read) -> Result<Bytes, String> {
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>, length: u64| {
        reader.take(length).read_to_end(bytes).map(|_| ()).map_err(|error| error.to_string())
    };
    more(&mut bytes, VERSION_1.length as u64)?;
    let sizes = [VERSION_1.length as i32, VERSION_2.length as i32];
    let size: [u8; 4] = bytes.first_chunk().copied().ok_or("truncated in the NIfTI header")?;
    let big_endian = sizes.contains(&i32::from_be_bytes(size));
    if !big_endian && !sizes.contains(&i32::from_le_bytes(size)) {
        return Err("is not a NIfTI file".to_string());
    }
    if bytes.get(344..348) == Some(b"ni1\0") {
        return Err(PAIR.to_string());
    }
    if !begins(&bytes) {
        return Err("has no mark of NIfTI: perhaps it is an older ANALYZE file".to_string());
    }
    let mut header = Bytes { bytes, big_endian };
    let (offset, length) = (header.offset(), header.fields().length);
    /// Far more than any file's extensions have.
    const MAX_OFFSET: f64 = (1 << 28) as f64;
    if !(length as f64..=MAX_OFFSET).contains(&offset) || offset.fract() != 0.0 {
        return Err(format!("corrupt NIfTI header: voxels that begin at {offset}"));
    }
    let offset = offset as usize;
    let rest = offset - header.bytes.len();
    more(&mut header.bytes, rest as u64)?;
    if header.bytes.len() < offset {
        return Err("truncated in the NIfTI header".to_string());
    }
    Ok(header)
}

/// Writes an image, with the header of the file that it came from, if that was one.
pub fn write(image: &Image, writer: &mut impl Write) -> Result<(), String> {
    let shape = match image.array.shape() {
        [] => vec![1],
        shape => shape.to_vec(),
    };
    let mut header = match &image.metadata.header {
        Some(Header::Nifti(bytes)) => {
            let sizes = [VERSION_1.length as i32, VERSION_2.length as i32];
            let size: [u8; 4] = bytes.first_chunk().copied().unwrap_or_default();
            let mut header = Bytes { bytes: bytes.clone(), big_endian: sizes.contains(&i32::from_be_bytes(size)) };
            if header.scale().is_some() {
                header.unscale();
            }
            header.begin_at(&image.metadata.first);
            header.widen(&image.metadata.steps);
            header
        }
        _ => Bytes::plain(&shape),
    };
    let dtype = image.dtype();
    let number = TYPES.iter().find(|(_, other)| *other == dtype).map_or(2, |(number, _)| *number);
    let Fields { kind, bits, .. } = *header.fields();
    header.put(kind, number.to_le_bytes());
    header.put(bits, (8 * dtype.bytes() as i16).to_le_bytes());
    header.put_dim(0, shape.len());
    (1..=MAX_AXES).for_each(|index| header.put_dim(index, shape.get(index - 1).copied().unwrap_or(1)));
    writer.write_all(&header.bytes).map_err(|error| error.to_string())?;
    let order = Order { big_endian: header.big_endian, first_fastest: true };
    sequence::write(&image.array, order, writer)
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Fields};

    /// A quarter turn about the third axis: the first axis runs along y, the second along -x.
    #[test]
    fn places_move_with_the_first_voxel() {
        let mut header = Bytes::plain(&[9, 9, 9]);
        let Fields { quaternion, matrix, pixdim, .. } = *header.fields();
        for (index, value) in [1.0, 2.0, 3.0, 4.0].into_iter().enumerate() {
            header.put_float(pixdim + 4 * index, value);
        }
        for (index, value) in [0.0, 0.0, 0.5f64.sqrt(), 10.0, 20.0, 30.0].into_iter().enumerate() {
            header.put_float(quaternion + 4 * index, value);
        }
        let rows = [[0.0, -3.0, 0.0, 10.0], [2.0, 0.0, 0.0, 20.0], [0.0, 0.0, 4.0, 30.0]];
        for (index, value) in rows.iter().flatten().enumerate() {
            header.put_float(matrix + 4 * index, *value);
        }
        header.begin_at(&[1, 2, 3]);
        header.widen(&[1, 2, 3]);
        let sizes = [1, 2, 3, 4].map(|index| header.float(pixdim + 4 * (index - 1)));
        assert_eq!(sizes, [1.0, 2.0, 6.0, 12.0]);
        let turned = [1, 4, 10].map(|place| header.float(matrix + 4 * place));
        assert_eq!(turned, [-6.0, 2.0, 12.0]);
        let place = [10.0 - 6.0, 20.0 + 2.0, 30.0 + 12.0];
        for (row, expected) in place.into_iter().enumerate() {
            assert_eq!(header.float(matrix + 4 * (4 * row + 3)), expected);
            assert!((header.float(quaternion + 4 * (3 + row)) - expected).abs() < 1e-5);
        }
    }
}
