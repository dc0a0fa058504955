//! Pictures in TIFF files.

use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

use hoodoo::AnyArray;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::encoder::colortype::{self, ColorType as EncodedColour};
use tiff::encoder::{TiffEncoder, TiffKind, TiffValue};
use tiff::tags::{ExtraSamples, Tag};

use crate::failure::tell;
use crate::image::{Channels, Image};

/// The most bytes of picture that a byte of file can become, by the best of the compressions.
const MAX_RATIO: usize = 4096;

/// Bytes of samples from which on a file needs the offsets of BigTIFF.
const BIG: usize = 0xf000_0000;

/// Reads the first picture of a TIFF file: 8 or 16 bit or f32, grey or colour, with or without alpha.
pub fn read(path: &Path) -> Result<Image, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len() as usize;
    let mut limits = Limits::default();
    limits.decoding_buffer_size = length.saturating_mul(MAX_RATIO);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    let corrupt = |error| format!("truncated or corrupt TIFF file, or one of a kind that can't be read: {error}");
    let mut decoder = Decoder::new(BufReader::new(file)).map_err(corrupt)?.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(corrupt)?;
    let colour = decoder.colortype().map_err(corrupt)?;
    let (colours, alpha, bits) = match colour {
        ColorType::Gray(bits) => (1, false, bits),
        ColorType::GrayA(bits) => (1, true, bits),
        // What the decoder makes of a grey picture with one more sample, whatever that is for.
        ColorType::Multiband { bit_depth, num_samples: 2 } if has_alpha(&mut decoder) => (1, true, bit_depth),
        ColorType::RGB(bits) => (3, false, bits),
        ColorType::RGBA(bits) => (3, true, bits),
        other => return Err(unsupported(other)),
    };
    let channels = Channels { colours, alpha };
    let planes = decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).map_err(corrupt)?;
    if planes == Some(2) && channels.count() > 1 {
        return Err("a TIFF file with its channels in separate planes can't be read".to_string());
    }
    if decoder.more_images() {
        tell(format!("warning: {}: only the first of its pictures is read", path.display()));
    }
    let samples = decoder.read_image().map_err(corrupt)?;
    let (height, width) = (height as usize, width as usize);
    match samples {
        DecodingResult::U8(samples) if bits == 8 => Image::from_samples(height, width, channels, samples),
        DecodingResult::U16(samples) if bits == 16 => Image::from_samples(height, width, channels, samples),
        DecodingResult::F32(samples) if bits == 32 => Image::from_samples(height, width, channels, samples),
        _ => Err(unsupported(colour)),
    }
}

/// Whether the sample beyond the colours is opacity.
fn has_alpha<R: Read + Seek>(decoder: &mut Decoder<R>) -> bool {
    let kinds = [ExtraSamples::AssociatedAlpha, ExtraSamples::UnassociatedAlpha].map(|kind| kind.to_u16());
    let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples);
    extra.is_ok_and(|extra| extra.is_some_and(|extra| extra.first().is_some_and(|first| kinds.contains(first))))
}

fn unsupported(colour: ColorType) -> String {
    format!("a TIFF picture of {colour:?} can't be read; only u8, u16 and f32, grey or RGB, with or without alpha")
}

/// Writes a picture of bool, u8, u16 or f32 as a TIFF file.
pub fn write(image: &Image, writer: &mut (impl Write + Seek)) -> Result<(), String> {
    let samples = image.samples_in_order();
    let bytes = samples.as_input().shape().iter().product::<usize>().saturating_mul(4);
    let encoded = match bytes >= BIG {
        true => TiffEncoder::new_big(writer).map(|encoder| encode(encoder, image, &samples)),
        false => TiffEncoder::new(writer).map(|encoder| encode(encoder, image, &samples)),
    };
    encoded.map_err(|error| error.to_string())?
}

fn encode<K: TiffKind>(
    encoder: TiffEncoder<impl Write + Seek, K>,
    image: &Image,
    samples: &AnyArray,
) -> Result<(), String> {
    let grey = image.channels().colours == 1;
    match samples {
        AnyArray::U8(array) if grey => encode_as::<colortype::Gray8, K>(encoder, image, array.as_slice()),
        AnyArray::U8(array) => encode_as::<colortype::RGB8, K>(encoder, image, array.as_slice()),
        AnyArray::U16(array) if grey => encode_as::<colortype::Gray16, K>(encoder, image, array.as_slice()),
        AnyArray::U16(array) => encode_as::<colortype::RGB16, K>(encoder, image, array.as_slice()),
        AnyArray::F32(array) if grey => encode_as::<colortype::Gray32Float, K>(encoder, image, array.as_slice()),
        AnyArray::F32(array) => encode_as::<colortype::RGB32Float, K>(encoder, image, array.as_slice()),
        other => Err(format!("can't hold {}", other.dtype())),
    }
}

fn encode_as<C, K: TiffKind>(
    mut encoder: TiffEncoder<impl Write + Seek, K>,
    image: &Image,
    samples: Option<&[C::Inner]>,
) -> Result<(), String>
where
    C: EncodedColour,
    [C::Inner]: TiffValue,
{
    let layout = image.layout();
    let (height, width) = layout.picture().ok_or("is not a picture")?;
    let samples = samples.ok_or("has its samples in another order")?;
    // `Format::check` has seen that both fit.
    let picture = encoder.new_image::<C>(width as u32, height as u32).and_then(|mut picture| {
        if image.channels().alpha {
            picture.extra_samples(&[ExtraSamples::UnassociatedAlpha])?;
        }
        picture.write_data(samples)
    });
    picture.map_err(|error| error.to_string())
}
