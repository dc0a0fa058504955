//! OpenEXR: pictures of light with named channels, which are colours or bands.

use std::io::{Seek, Write};

use ::exr::block::samples::Sample;
use ::exr::meta::attribute::Text;
use ::exr::prelude::{
    AnyChannel, AnyChannels, Compression, Encoding, Error, FlatSamples, Layer, MetaData, ReadChannels, ReadLayers,
    SmallVec, Vec2, WritableImage, read as reader_of,
};
use hoodoo::{AnyArray, AnyElement};
use ndarray::{ArrayD, Axis, IxDyn};

use super::options::ReadOptions;
use super::source::Source;
use crate::arrays::for_any;
use crate::image::header::{ExrHeader, Header};
use crate::image::{Channels, Image};

/// The most bytes of samples that a byte of file can become, by the best of the compressions.
const MAX_RATIO: u64 = 4096;

/// The names of colours, in the order of other pictures.
const COLOURS: [&str; 4] = ["R", "G", "B", "A"];
const GREYS: [&str; 2] = ["Y", "A"];

/// Reads a layer: the first one, or the one that is asked for as a page; of its channels, one if a name is asked for.
pub fn read(mut source: Source, options: &ReadOptions) -> Result<Image, String> {
    let meta = MetaData::read_from_buffered(&mut source.reader, false).map_err(corrupt)?;
    check(&meta, source.length, options)?;
    source.reader.rewind().map_err(|error| error.to_string())?;
    let read = reader_of().no_deep_data().largest_resolution_level().all_channels().all_layers().all_attributes();
    let mut image = read.non_parallel().from_buffered(source.reader).map_err(corrupt)?;
    let count = image.layer_data.len();
    let number = options.page.unwrap_or(0);
    if number >= count {
        return Err(format!("--page: there is no layer {number}; the last one is {}", count - 1));
    }
    let layer = image.layer_data.swap_remove(number);
    let size = layer.size;
    let (channels, order) = chosen(layer.channel_data, options.array.as_deref())?;
    let names = order.iter().map(|place| channels[*place].name.to_string()).collect::<Vec<_>>();
    let mut read = joined(&channels, &order, size)?;
    read.metadata.other_pages = count - 1;
    read.metadata.header = Some(Header::Exr(Box::new(ExrHeader {
        channels: names,
        image: image.attributes,
        layer: layer.attributes,
        encoding: layer.encoding,
    })));
    Ok(read)
}

/// Checks what the headers say before memory is taken for it.
fn check(meta: &MetaData, length: u64, options: &ReadOptions) -> Result<(), String> {
    let mut bytes = 0u64;
    for header in &meta.headers {
        let Vec2(width, height) = header.layer_size;
        options.check_pixels(&[height, width])?;
        if header.deep {
            return Err("has deep samples, several for a pixel, which can't be read".to_string());
        }
        for channel in &header.channels.list {
            if channel.sampling != Vec2(1, 1) {
                let name = channel.name.to_string();
                return Err(format!(
                    "its channel {} has fewer samples than pixels, and can't be read",
                    name.escape_debug()
                ));
            }
        }
        let pixels = (width as u64).saturating_mul(height as u64);
        bytes = bytes.saturating_add(pixels.saturating_mul(header.channels.bytes_per_pixel as u64));
    }
    if bytes > length.saturating_mul(MAX_RATIO) {
        return Err(format!("truncated or corrupt EXR file: {bytes} bytes of samples in {length} bytes"));
    }
    let memory = usize::try_from(bytes).map(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    if memory == Ok(true) { Ok(()) } else { Err(format!("there is no memory for its {bytes} bytes of samples")) }
}

fn corrupt(error: Error) -> String {
    match error {
        Error::NotSupported(what) => format!("an EXR file that can't be read: {what}"),
        error => format!("truncated or corrupt EXR file: {error}"),
    }
}

type List = SmallVec<[AnyChannel<FlatSamples>; 4]>;

/// The channels, and the order in which they are read: colours as in other pictures, or as the file has them.
fn chosen(channels: AnyChannels<FlatSamples>, name: Option<&str>) -> Result<(List, Vec<usize>), String> {
    let list = channels.list;
    let names: Vec<String> = list.iter().map(|channel| channel.name.to_string()).collect();
    if let Some(name) = name {
        let place = names.iter().position(|other| other == name);
        let place = place.ok_or_else(|| {
            let names = names.join(", ").escape_debug().to_string();
            format!("has no channel {}; it has {names}", name.escape_debug())
        })?;
        return Ok((list, vec![place]));
    }
    let in_order = |order: &[&str]| -> Option<Vec<usize>> {
        let places =
            order.iter().map(|colour| names.iter().position(|name| name == colour)).collect::<Option<Vec<_>>>();
        places.filter(|places| places.len() == names.len())
    };
    let known = [&COLOURS[..], &COLOURS[..3], &GREYS[..], &GREYS[..1]];
    let order = known.into_iter().find_map(in_order).unwrap_or_else(|| (0..names.len()).collect());
    Ok((list, order))
}

/// The channels of one picture, of the type that all have or that holds all of theirs.
fn joined(list: &List, order: &[usize], Vec2(width, height): Vec2<usize>) -> Result<Image, String> {
    let chosen: Vec<&FlatSamples> = order.iter().map(|place| &list[*place].sample_data).collect();
    let all = |is_it: fn(&FlatSamples) -> bool| chosen.iter().all(|samples| is_it(samples));
    let names: Vec<String> = order.iter().map(|place| list[*place].name.to_string()).collect();
    let alpha = names == COLOURS || names == GREYS;
    let channels = Channels { colours: order.len() - usize::from(alpha), alpha };
    let shape = [height, width, order.len()];
    let array = if all(|samples| matches!(samples, FlatSamples::F16(_))) {
        interleaved(&chosen, shape, Sample::to_f16)
    } else if all(|samples| matches!(samples, FlatSamples::U32(_))) {
        interleaved(&chosen, shape, Sample::to_u32)
    } else if all(|samples| !matches!(samples, FlatSamples::U32(_))) {
        interleaved(&chosen, shape, Sample::to_f32)
    } else {
        interleaved(&chosen, shape, |sample| match sample {
            Sample::U32(value) => f64::from(value),
            other => f64::from(other.to_f32()),
        })
    }?;
    Ok(match order.len() {
        1 => Image::plain(array_without_last(array)),
        _ => Image::with_channels(array, Some(channels)),
    })
}

fn array_without_last(array: AnyArray) -> AnyArray {
    for_any!(AnyArray, array, array => array.index_axis_move(Axis(2), 0).into())
}

fn interleaved<T: AnyElement>(
    channels: &[&FlatSamples],
    [height, width, count]: [usize; 3],
    element: impl Fn(Sample) -> T,
) -> Result<AnyArray, String> {
    let mut samples = Vec::with_capacity(height * width * count);
    for pixel in 0..height * width {
        samples.extend(channels.iter().map(|channel| element(channel.value_by_flat_index(pixel))));
    }
    let array = ArrayD::from_shape_vec(IxDyn(&[height, width, count]), samples);
    Ok(array.map_err(|error| error.to_string())?.into())
}

/// Writes a picture of f16, f32 or u32 as one layer.
pub fn write(image: &Image, writer: impl Write + Seek) -> Result<(), String> {
    let (height, width) = image.layout().picture().ok_or("is not a picture")?;
    let had = match &image.metadata.header {
        Some(Header::Exr(header)) => Some(header),
        _ => None,
    };
    let count = image.channels().count();
    let names = names(image.channels(), had.map(|header| header.channels.as_slice()));
    let samples = image.samples_in_order();
    let channel = |(place, name): (usize, &String)| {
        let data = match &*samples {
            AnyArray::F16(array) => FlatSamples::F16(every(array, place, count)),
            AnyArray::F32(array) => FlatSamples::F32(every(array, place, count)),
            AnyArray::U32(array) => FlatSamples::U32(every(array, place, count)),
            other => return Err(format!("can't hold {}", other.dtype())),
        };
        let name = Text::new_or_none(name).ok_or_else(|| format!("can't name a channel {}", name.escape_debug()))?;
        Ok(AnyChannel::new(name, data))
    };
    let list = names.iter().enumerate().map(channel).collect::<Result<List, String>>()?;
    let size = Vec2(width, height);
    let mut layer = Layer::new(
        size,
        had.map(|header| header.layer.clone()).unwrap_or_default(),
        had.map_or(Encoding::SMALL_LOSSLESS, |header| Encoding {
            compression: written(header.encoding.compression),
            ..header.encoding
        }),
        AnyChannels::sort(list),
    );
    let mut attributes = match had {
        Some(header) => header.image.clone(),
        None => ::exr::prelude::ImageAttributes::with_size(size),
    };
    if let [y, x] = image.metadata.first.as_slice() {
        let Vec2(left, top) = &mut layer.attributes.layer_position;
        (*left, *top) = (left.saturating_add(*x as i32), top.saturating_add(*y as i32));
    }
    if let [.., rows, columns] = *image.metadata.steps {
        let every = |Vec2(x, y): Vec2<i32>| Vec2(x.div_euclid(columns as i32), y.div_euclid(rows as i32));
        let window = &mut attributes.display_window;
        layer.attributes.layer_position = every(layer.attributes.layer_position);
        window.position = every(window.position);
        window.size = Vec2(window.size.0.div_ceil(columns), window.size.1.div_ceil(rows));
    }
    let file = ::exr::prelude::Image::empty(attributes).with_layer(layer);
    file.write().non_parallel().to_buffered(writer).map_err(|error| error.to_string())
}

/// The samples of a channel.
fn every<T: Copy>(array: &ArrayD<T>, place: usize, count: usize) -> Vec<T> {
    array.iter().skip(place).step_by(count).copied().collect()
}

/// The names of a picture's channels: those that it had, if there are as many, or those of colours or numbers.
fn names(channels: Channels, had: Option<&[String]>) -> Vec<String> {
    if let Some(had) = had.filter(|had| had.len() == channels.count()) {
        return had.to_vec();
    }
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    match (channels.colours, channels.alpha) {
        (1, false) => owned(&GREYS[..1]),
        (1, true) => owned(&GREYS),
        (3, false) => owned(&COLOURS[..3]),
        (3, true) => owned(&COLOURS),
        _ => {
            // Files have channels in the order of their names.
            let count = channels.count();
            let digits = count.to_string().len();
            (1..=count).map(|number| format!("band{number:0digits$}")).collect()
        }
    }
}

/// The compression that a file is written with: one that loses nothing.
fn written(had: Compression) -> Compression {
    match had {
        Compression::Uncompressed | Compression::RLE | Compression::ZIP1 | Compression::ZIP16 | Compression::PIZ => had,
        _ => Compression::ZIP16,
    }
}

/// What of the way that a file stores its samples can't be written again, in words.
pub fn not_written(header: &ExrHeader) -> Option<String> {
    let had = header.encoding.compression;
    (written(had) != had).then(|| format!("{had}, which loses something (ZIP is written)"))
}
