//! YUV4MPEG2: uncompressed video, as programs pass it on through pipes.
//!
//! A line for the stream, then for each picture a line and its planes: brightness, and two of colour, which may be smaller.

use std::io::{BufRead, Read};

use hoodoo::DType;

/// How a stream begins.
pub const MAGIC: &[u8] = b"YUV4MPEG2";

/// The longest line that is read.
const MAX_LINE: u64 = 1 << 12;

/// A stream before its pictures.
#[derive(Clone, Debug)]
pub struct Header {
    /// The first line, which is passed on as it is.
    pub line: Vec<u8>,
    pub dtype: DType,
    /// The greatest sample that the format has, which may be less than that of the type.
    pub greatest: u16,
    /// Height and width of each plane.
    pub planes: Vec<[usize; 2]>,
}

impl Header {
    /// The header at the start of a stream.
    pub fn read(reader: &mut impl BufRead) -> Result<Header, String> {
        let line = line(reader)?.filter(|line| line.starts_with(MAGIC)).ok_or("is not a y4m stream")?;
        let text = String::from_utf8_lossy(&line).to_string();
        let of = |tag: char| text.split_whitespace().skip(1).find_map(|word| word.strip_prefix(tag));
        let length =
            |tag: char| of(tag).and_then(|text| text.parse().ok()).filter(|length| (1..=1 << 20).contains(length));
        let (width, height): (usize, usize) =
            length('W').zip(length('H')).ok_or("corrupt y4m header: no width or height")?;
        let colours = of('C').unwrap_or("420");
        let unknown = || format!("has the colour space {}, which can't be read", colours.escape_debug());
        let (layout, bits) = match colours.split_once('p') {
            Some((layout, bits)) if bits.parse::<u32>().is_ok() => (layout, bits.parse().unwrap_or(0)),
            _ => (colours, 8),
        };
        let bits: u32 = match layout.strip_prefix("mono") {
            Some(bits) if !bits.is_empty() => bits.parse().map_err(|_| unknown())?,
            _ => bits,
        };
        let small = match layout {
            _ if layout.starts_with("mono") => None,
            _ if layout.starts_with("420") => Some([height.div_ceil(2), width.div_ceil(2)]),
            "422" => Some([height, width.div_ceil(2)]),
            "411" => Some([height, width.div_ceil(4)]),
            "440" => Some([height.div_ceil(2), width]),
            "444" => Some([height, width]),
            _ => return Err(unknown()),
        };
        let dtype = match bits {
            8 => DType::U8,
            9..=16 => DType::U16,
            _ => return Err(unknown()),
        };
        let planes = [Some([height, width]), small, small].into_iter().flatten().collect();
        Ok(Header { line, dtype, greatest: u16::MAX >> (16 - bits), planes })
    }

    /// The bytes of a picture.
    pub fn bytes(&self) -> usize {
        self.planes.iter().map(|[height, width]| height * width).sum::<usize>() * self.dtype.bytes()
    }

    /// Whether the next picture has a line of its own that says more than that it begins, as far as that can be seen now.
    pub fn says_more(reader: &mut impl BufRead) -> bool {
        reader.fill_buf().is_ok_and(|next| next.starts_with(b"FRAME "))
    }

    /// The next picture; none at the end of the stream.
    pub fn picture(&self, reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
        let Some(line) = line(reader)? else { return Ok(None) };
        if !line.starts_with(b"FRAME") {
            return Err("corrupt y4m stream: no FRAME where a picture begins".to_string());
        }
        let mut picture = Vec::new();
        reader.take(self.bytes() as u64).read_to_end(&mut picture).map_err(|error| error.to_string())?;
        if picture.len() < self.bytes() {
            return Err("truncated in a picture of the y4m stream".to_string());
        }
        if cfg!(target_endian = "big") && self.dtype == DType::U16 {
            picture.as_chunks_mut::<2>().0.iter_mut().for_each(|sample| sample.reverse());
        }
        Ok(Some(picture))
    }
}

/// A line with its end; none where nothing follows.
fn line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err("truncated in a line of the y4m stream".to_string()),
    }
}
