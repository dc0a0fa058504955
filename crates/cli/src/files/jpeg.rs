//! What a JPEG file says besides its picture, and whether the picture is whole: the decoder fills what is missing with grey. And how
//! far the coder is.

use std::borrow::Cow;
use std::io::{Cursor, Write};

use hoodoo::AnyArray;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{ColorType, GenericImageView, ImageDecoder, ImageResult, Luma, Pixel, PixelWithColorType, Rgb};
use zune_jpeg::JpegDecoder as Decoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::options::CodingProgress;
use crate::image::Image;
use crate::image::metadata::{Resolution, Unit};

/// The most pixels for a byte: each block of 64 pixels of the finest channel has one bit at least.
const PIXELS_PER_BYTE: u64 = 8 * 64;

/// A decoder that sees whether the picture is whole, and decodes it either way.
pub struct Whole<'a> {
    pub inner: JpegDecoder<Cursor<&'a [u8]>>,
    pub bytes: &'a [u8],
    /// What is missing, in words, once the picture is decoded.
    pub damage: &'a mut Option<String>,
}

impl ImageDecoder for Whole<'_> {
    fn dimensions(&self) -> (u32, u32) {
        self.inner.dimensions()
    }

    fn color_type(&self) -> ColorType {
        self.inner.color_type()
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.inner.icc_profile()
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.inner.exif_metadata()
    }

    fn xmp_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        self.inner.xmp_metadata()
    }

    fn read_image(self, samples: &mut [u8]) -> ImageResult<()> {
        match decode_whole(self.bytes, self.color_type(), samples) {
            Ok(true) => Ok(()),
            // Its headers are unusual, of which nothing follows for the picture.
            Ok(false) => self.inner.read_image(samples),
            Err(reason) => {
                *self.damage = Some(format!("a part of its picture is missing, and filled with grey ({reason})"));
                self.inner.read_image(samples)
            }
        }
    }

    fn read_image_boxed(self: Box<Self>, samples: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(samples)
    }
}

/// Decodes a picture all of which is there; false if the headers don't keep to the standard to the letter.
fn decode_whole(bytes: &[u8], colour: ColorType, samples: &mut [u8]) -> Result<bool, String> {
    let space = if colour.has_color() { ColorSpace::RGB } else { ColorSpace::Luma };
    let options = DecoderOptions::default().set_max_width(usize::MAX).set_max_height(usize::MAX);
    let options = options.set_strict_mode(true).jpeg_set_out_colorspace(space);
    let countable = countable(bytes)?;
    let mut decoder = Decoder::new_with_options(ZCursor::new(&*countable), options);
    if decoder.decode_headers().is_err() || decoder.output_buffer_size() != Some(samples.len()) {
        return Ok(false);
    }
    decoder.decode_into(samples).map(|()| true).map_err(|error| error.to_string().trim_matches('"').to_string())
}

/// The bytes as a decoder can tell whether there are enough. It takes all that follows on an end marker for zeros, of which there are
/// always enough; so there is none, and only as many zeros as it reads ahead. The scans of progressive pictures end with markers in any
/// case. Where restart markers in a scan don't count up, some are missing.
fn countable(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    const READ_AHEAD: usize = 8;
    const PROGRESSIVE: u8 = 0xc2;
    // The file begins with a marker that has no length.
    let mut at = 2;
    while let Some([0xff, marker]) = bytes.get(at..at + 2) {
        let length =
            bytes.get(at + 2..at + 4).map_or(0, |length| usize::from(u16::from_be_bytes([length[0], length[1]])));
        match *marker {
            PROGRESSIVE => return Ok(Cow::Borrowed(bytes)),
            0xff => at += 1,
            0xd9 => return Ok(Cow::Owned([&bytes[..at], &[0; READ_AHEAD]].concat())),
            0xda => at = after_scan(bytes, at + 2 + length)?,
            0x01 | 0xd0..=0xd7 => at += 2,
            _ => at += 2 + length,
        }
    }
    Ok(Cow::Borrowed(bytes))
}

/// The place of the first marker after the samples of a scan, in which restart markers count from 0 to 7 and again.
fn after_scan(bytes: &[u8], mut at: usize) -> Result<usize, String> {
    let mut expected = 0xd0;
    while let Some([byte, next]) = bytes.get(at..at + 2) {
        match (byte, next) {
            (0xff, 0xd0..=0xd7) if *next != expected => return Err("restart markers are missing".to_string()),
            (0xff, 0xd0..=0xd7) => expected = 0xd0 | ((next + 1) & 7),
            (0xff, 0x00 | 0xff) => {}
            (0xff, _) => return Ok(at),
            _ => {}
        }
        at += 1;
    }
    Ok(bytes.len())
}

/// Writes a picture of u8, grey or in colour.
pub fn write(image: &Image, mut encoder: JpegEncoder<impl Write>, coded: CodingProgress<'_>) -> Result<(), String> {
    let (height, width) = image.layout().picture().ok_or("is not a picture")?;
    let AnyArray::U8(samples) = &*image.samples_in_order() else { return Err("can hold u8 only".to_string()) };
    let samples = samples.as_slice().ok_or("has its samples in another order")?;
    // `Format::check` has seen that both fit.
    let size = (width as u32, height as u32);
    let coded = match image.channels().colours {
        1 => encoder.encode_image(&Watched { samples, size, coded, pixel: Luma([0u8]) }),
        _ => encoder.encode_image(&Watched { samples, size, coded, pixel: Rgb([0u8; 3]) }),
    };
    coded.map_err(|error| error.to_string())
}

/// A picture that tells how far down whoever looks at it has come.
struct Watched<'a, P> {
    samples: &'a [u8],
    size: (u32, u32),
    coded: CodingProgress<'a>,
    /// A pixel, for its type.
    pixel: P,
}

impl<P: PixelWithColorType + Pixel<Subpixel = u8>> GenericImageView for Watched<'_, P> {
    type Pixel = P;

    fn dimensions(&self) -> (u32, u32) {
        self.size
    }

    fn get_pixel(&self, x: u32, y: u32) -> P {
        let ((width, height), count) = (self.size, self.pixel.channels().len());
        if x == 0 {
            (self.coded)(f64::from(y) / f64::from(height));
        }
        let first = (y as usize * width as usize + x as usize) * count;
        *P::from_slice(&self.samples[first..first + count])
    }
}

/// What was found in a file.
pub struct Checked {
    length: u64,
    pub resolution: Option<Resolution>,
}

impl Checked {
    /// Checks that the file is long enough for so many pixels.
    pub fn check_size(&self, (width, height): (u32, u32)) -> Result<(), String> {
        let length = self.length;
        if u64::from(width) * u64::from(height) > length.saturating_mul(PIXELS_PER_BYTE) {
            return Err(format!("truncated or corrupt JPEG file: {width} x {height} pixels in {length} bytes"));
        }
        Ok(())
    }
}

/// Looks through a file's segments.
pub fn check(bytes: &[u8]) -> Result<Checked, String> {
    // A truncated file has no end marker after its last scan.
    let find = |bytes: &[u8], marker| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    let scan = find(bytes, 0xda).unwrap_or(0);
    if find(&bytes[scan..], 0xd9).is_none() {
        return Err("truncated or corrupt JPEG file: it has no end".to_string());
    }
    Ok(Checked { length: bytes.len() as u64, resolution: resolution(bytes) })
}

/// The resolution in the JFIF segment, which is the first one.
fn resolution(bytes: &[u8]) -> Option<Resolution> {
    let segment = bytes.strip_prefix(b"\xff\xd8\xff\xe0")?.get(2..)?;
    let [_, _, unit, x, x_low, y, y_low, ..] = segment.strip_prefix(b"JFIF\0")? else { return None };
    let pixels = [[*x, *x_low], [*y, *y_low]].map(|bytes| f64::from(u16::from_be_bytes(bytes)));
    let unit = match unit {
        1 => Unit::Inch,
        2 => Unit::Centimetre,
        _ => Unit::Unknown,
    };
    // Without a unit, one to one is what everybody takes it for.
    let says = pixels.iter().all(|pixels| *pixels > 0.0) && (unit != Unit::Unknown || pixels != [1.0, 1.0]);
    says.then_some(Resolution { pixels, unit })
}
