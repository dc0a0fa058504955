//! Arrays in NumPy's .npy files.

use std::io::{Read, Write};

use hoodoo::{AnyArray, AnyElement, DType, f16};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use ndarray_npy::npy::header::{Header, Layout};
use ndarray_npy::{ReadableElement, WriteNpyError, WriteNpyExt};

use crate::arrays::for_any;

/// How every file begins.
const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header text that is read, and the deepest nesting in it. NumPy has the same limit of length; what we read
/// has two levels.
const MAX_HEADER: usize = 10_000;
const MAX_NESTING: usize = 8;

/// The most axes of a NumPy array.
const MAX_AXES: usize = 64;

/// Reads an array of `length` bytes in all, in its own order of elements.
pub fn read(mut reader: impl Read, length: u64) -> Result<AnyArray, String> {
    let (header, dtype, big_endian) = header(&mut reader, Some(length))?;
    match dtype {
        DType::Bool => elements::<bool>(reader, &header),
        DType::I8 => elements::<i8>(reader, &header),
        DType::U8 => elements::<u8>(reader, &header),
        DType::I16 => elements::<i16>(reader, &header),
        DType::U16 => elements::<u16>(reader, &header),
        DType::I32 => elements::<i32>(reader, &header),
        DType::U32 => elements::<u32>(reader, &header),
        DType::I64 => elements::<i64>(reader, &header),
        DType::U64 => elements::<u64>(reader, &header),
        DType::F16 => halves(reader, &header, big_endian),
        DType::F32 => elements::<f32>(reader, &header),
        DType::F64 => elements::<f64>(reader, &header),
        other => Err(format!("has {other} elements, which can't be read")),
    }
}

/// The header of an array, the type of its elements, and whether their most significant byte is first. The reader stands at the
/// elements then; `length` bytes in all, if that is known.
fn header(reader: &mut impl Read, length: Option<u64>) -> Result<(Header, DType, bool), String> {
    let bytes = header_bytes(reader)?;
    let mut header =
        Header::from_reader(&mut bytes.as_slice()).map_err(|error| format!("corrupt .npy header: {error}"))?;
    let descriptor = header.type_descriptor.as_string().cloned();
    let (dtype, descriptor) = element_type(descriptor.as_deref().unwrap_or("structured"))?;
    header.type_descriptor = format!("'{descriptor}'").parse().expect("a word in quotes is a literal of Python");
    check_length(&header.shape, dtype, length.map(|length| length.saturating_sub(bytes.len() as u64)))?;
    Ok((header, dtype, descriptor.starts_with('>')))
}

/// What is read of an array row after row, along its first axis: its shape and type, and whether the most significant byte of an
/// element is first. The reader stands at the first row then; `length` bytes in all, if that is known.
pub fn begin_rows(reader: &mut impl Read, length: Option<u64>) -> Result<(Vec<usize>, DType, bool), String> {
    let (header, dtype, big_endian) = header(reader, length)?;
    if header.shape.is_empty() {
        return Err("--stream: it is a single value, and has no rows".to_string());
    }
    if header.layout.is_fortran() && header.shape.len() > 1 {
        return Err("--stream: its first axis is the fastest; its rows do not come one after the other (numpy.ascontiguousarray makes an array whose rows do)".to_string());
    }
    Ok((header.shape, dtype, big_endian))
}

/// Writes the header of an array in C order, whose elements follow with the least significant byte first.
pub fn write_header(dtype: DType, shape: &[usize], writer: impl Write) -> Result<(), String> {
    let number = match (dtype.is_float(), dtype.limits().0 < 0.0) {
        (true, _) => 'f',
        (_, true) => 'i',
        _ => 'u',
    };
    let kind = if dtype == DType::Bool { 'b' } else { number };
    let order = if dtype.bytes() == 1 { '|' } else { '<' };
    let descriptor = format!("'{order}{kind}{}'", dtype.bytes());
    let type_descriptor = descriptor.parse().expect("a word in quotes is a literal of Python");
    let header = Header { type_descriptor, layout: Layout::Standard, shape: shape.to_vec() };
    header.write(writer).map_err(|error| error.to_string())
}

/// The bytes of a header, after a check of what its parser trusts: that the text is as long as the file says, and not deeply
/// nested.
fn header_bytes(reader: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    // Magic and version, then the length of the text in two bytes, or in four.
    extend(reader, &mut bytes, 8)?;
    if !bytes.starts_with(MAGIC) {
        return Err("is not an .npy file".to_string());
    }
    let wide = bytes[6] != 1;
    extend(reader, &mut bytes, if wide { 4 } else { 2 })?;
    let length = match *bytes {
        [.., a, b] if !wide => usize::from(u16::from_le_bytes([a, b])),
        [.., a, b, c, d] => u32::from_le_bytes([a, b, c, d]) as usize,
        _ => 0,
    };
    if length > MAX_HEADER {
        return Err(format!("corrupt .npy header: its text is {length} bytes long"));
    }
    let text = bytes.len();
    extend(reader, &mut bytes, length)?;
    let mut depth = 0usize;
    for byte in &bytes[text..] {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err("corrupt .npy header: it is nested too deeply".to_string());
        }
    }
    Ok(bytes)
}

/// Adds the next bytes of a header.
fn extend(reader: &mut impl Read, bytes: &mut Vec<u8>, more: usize) -> Result<(), String> {
    let read = reader.by_ref().take(more as u64).read_to_end(bytes).map_err(|error| error.to_string())?;
    match read {
        read if read == more => Ok(()),
        _ if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) => Err("is not an .npy file".to_string()),
        _ => Err("truncated in the .npy header".to_string()),
    }
}

/// The element type that `descriptor` means, and the descriptor in the words that ndarray-npy knows.
fn element_type(descriptor: &str) -> Result<(DType, String), String> {
    let bare = descriptor.trim_start_matches(['<', '>', '=', '|']);
    let order = match descriptor.chars().next() {
        Some('>') => '>',
        Some('=') if cfg!(target_endian = "big") => '>',
        _ => '<',
    };
    let dtype = match bare {
        "b1" | "?" => DType::Bool,
        "i1" => DType::I8,
        "u1" => DType::U8,
        "i2" => DType::I16,
        "u2" => DType::U16,
        "i4" => DType::I32,
        "u4" => DType::U32,
        "i8" => DType::I64,
        "u8" => DType::U64,
        "f2" => DType::F16,
        "f4" => DType::F32,
        "f8" => DType::F64,
        _ => {
            let kind = match bare.chars().next() {
                _ if descriptor == "structured" => "structured",
                Some('c') => "complex",
                Some('f' | 'g') => "extended-precision",
                Some('O') => "object",
                Some('S' | 'a' | 'U') => "string",
                Some('V') => "raw",
                Some('M' | 'm') => "time",
                _ => "unknown",
            };
            let types = DType::ALL.map(DType::as_str).join(", ");
            return Err(format!("has {kind} elements (`{descriptor}`); only {types} can be read"));
        }
    };
    let descriptor = match dtype {
        _ if dtype.bytes() == 1 => format!("|{}", bare.replace('?', "b1")),
        _ => format!("{order}{bare}"),
    };
    Ok((dtype, descriptor))
}

/// Checks that the file has the data that the header claims, before any memory is taken for it; of a stream nobody knows.
fn check_length(shape: &[usize], dtype: DType, available: Option<u64>) -> Result<(), String> {
    if shape.len() > MAX_AXES {
        return Err(format!("corrupt .npy header: {} axes", shape.len()));
    }
    let size = dtype.bytes() as u64;
    // ndarray counts the axes without elements as if they had one; eight bytes are for the widest output.
    let span = shape.iter().try_fold(8usize, |product, length| product.checked_mul((*length).max(1)));
    if span.is_none_or(|span| span > isize::MAX as usize) {
        return Err(format!("corrupt .npy header: an array of shape {shape:?} is too large"));
    }
    let needed = shape.iter().product::<usize>() as u64 * size;
    let available = available.unwrap_or(needed);
    if available < needed {
        return Err(format!("truncated: the header promises {needed} bytes of data, and there are {available}"));
    }
    if available > needed {
        return Err(format!("corrupt: the header promises {needed} bytes of data, and there are {available}"));
    }
    Ok(())
}

fn elements<T: AnyElement + ReadableElement>(reader: impl Read, header: &Header) -> Result<AnyArray, String> {
    let count = header.shape.iter().product();
    let values = T::read_to_end_exact_vec(reader, &header.type_descriptor, count).map_err(|error| error.to_string())?;
    let shape = IxDyn(&header.shape).set_f(header.layout.is_fortran());
    Ok(ArrayD::from_shape_vec(shape, values).map_err(|error| error.to_string())?.into())
}

/// As [`elements`], of f16s, which ndarray-npy does not know.
fn halves(mut reader: impl Read, header: &Header, big_endian: bool) -> Result<AnyArray, String> {
    let mut bytes = vec![0; 2 * header.shape.iter().product::<usize>()];
    reader.read_exact(&mut bytes).map_err(|error| error.to_string())?;
    let half = if big_endian { f16::from_be_bytes } else { f16::from_le_bytes };
    let values = bytes.as_chunks().0.iter().map(|bytes| half(*bytes)).collect();
    let shape = IxDyn(&header.shape).set_f(header.layout.is_fortran());
    Ok(ArrayD::from_shape_vec(shape, values).map_err(|error| error.to_string())?.into())
}

/// Writes an array.
pub fn write(array: &AnyArray, writer: impl Write) -> Result<(), String> {
    let problem = |error: WriteNpyError| error.to_string();
    for_any!(AnyArray, array, array => array.write_npy(writer).map_err(problem), half: write_halves(array, writer))
}

fn write_halves(array: &ArrayD<f16>, mut writer: impl Write) -> Result<(), String> {
    let type_descriptor = "'<f2'".parse().expect("a word in quotes is a literal of Python");
    let header = Header { type_descriptor, layout: Layout::Standard, shape: array.shape().to_vec() };
    header.write(&mut writer).map_err(|error| error.to_string())?;
    let bytes: Vec<u8> = array.iter().flat_map(|value| value.to_le_bytes()).collect();
    writer.write_all(&bytes).map_err(|error| error.to_string())
}
