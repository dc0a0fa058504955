//! The directories of a TIFF file: what each page is like, and where its samples are.

use std::collections::HashSet;
use std::io::{Read, Seek};

use tiff::Directory;
use tiff::decoder::{Decoder, IfdDecoder};
use tiff::tags::{ByteOrder, Tag as Name, Type, ValueBuffer};

use super::description::without_items;
use super::exif;
use super::predictor::Predictor;
use super::repeated::first_description;
use crate::image::metadata::{Page, Tag, Value, tag};
use crate::image::tag_names::words_for_tag;

/// The most numbers of a tag that a message has.
const MOST_SHOWN: usize = 8;

/// More pages than any file has; a file may say so in a loop of directories.
const MAX_PAGES: usize = 1 << 20;

/// A page, as its directory describes it.
#[derive(Debug)]
pub struct PageHeader {
    /// Its place in the file's chain of directories.
    pub index: usize,
    pub width: usize,
    pub height: usize,
    /// Samples of a pixel.
    pub samples: usize,
    pub bits: u16,
    pub format: SampleFormat,
    pub photometric: u16,
    pub extra: Vec<u16>,
    pub planar: bool,
    pub compression: u16,
    pub predictor: Predictor,
    /// Width and length of a tile; strips have none.
    pub tile: Option<(usize, usize)>,
    /// Rows of a strip, or of a tile.
    pub rows: usize,
    pub offsets: Vec<u64>,
    pub lengths: Vec<u64>,
    /// Whether the first bit of each stored byte is its least one.
    pub reversed: bool,
    pub orientation: u8,
    pub palette: Option<Vec<u16>>,
    /// The page that says where this one has values: 0 is where not.
    pub mask: Option<Box<PageHeader>>,
    /// Where the directories of Exif data are, and the tags that say so.
    pub exif: Vec<(u16, u64)>,
    /// What else is said.
    pub page: Page,
}

/// What the bits of a sample are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    Unsigned,
    Signed,
    Float,
}

impl PageHeader {
    /// Makes a page of one sample for each pixel of it, none of which is read.
    pub fn become_unread_mask(&mut self) {
        (self.samples, self.bits, self.format, self.planar) = (1, 8, SampleFormat::Unsigned, false);
        (self.extra, self.palette, self.tile, self.rows) = (Vec::new(), None, None, self.height);
        (self.offsets, self.lengths) = (vec![0], vec![0]);
    }

    /// Whether this can be the mask of a page: of its size, with one sample for each pixel.
    fn is_mask_of(&self, page: &PageHeader) -> bool {
        let alike = (self.width, self.height) == (page.width, page.height);
        let flags = self.samples == 1 && self.format == SampleFormat::Unsigned && self.bits <= 8;
        alike && flags && page.mask.is_none()
    }
}

impl SampleFormat {
    /// The number for the tag SampleFormat.
    pub fn number(self) -> u16 {
        match self {
            SampleFormat::Unsigned => 1,
            SampleFormat::Signed => 2,
            SampleFormat::Float => 3,
        }
    }

    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            SampleFormat::Unsigned => "unsigned",
            SampleFormat::Signed => "signed",
            SampleFormat::Float => "float",
        }
    }
}

/// All pages of a file, and in words what there is besides them.
pub struct Directories {
    pub pages: Vec<PageHeader>,
    pub others: Vec<String>,
}

/// Tags that say how samples are stored, or what their least and greatest are: they are made anew.
const OF_STORAGE: [u16; 34] = [
    255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 284, 288, 289, 290, 291, 292,
    293, 317, 320, 322, 323, 324, 325, 338, 339, 340, 341,
];

/// Tags with places in the file, or tables of a compression that is not written: they can't be copied.
const NOT_COPIED: [(u16, &str); 4] = [
    (330, "smaller pictures inside of a page"),
    (40965, "Exif data"),
    (37724, "Photoshop's layers"),
    (400, "tag 400 (GlobalParametersIFD)"),
];

/// The tables of JPEG compression and the kinds of YCbCr: the samples are written as they were read, without them.
fn is_of_jpeg(number: u16) -> bool {
    number == 347 || (512..=532).contains(&number)
}

impl Directories {
    /// Reads all directories of a file of `length` bytes.
    pub fn read<R: Read + Seek>(decoder: &mut Decoder<R>, length: u64) -> Result<Directories, String> {
        let (mut pages, mut others): (Vec<PageHeader>, _) = (Vec::new(), Vec::new());
        let mut next = decoder.ifd_pointer();
        let mut seen = HashSet::new();
        let order = decoder.byte_order();
        let (mut reduced, mut masks) = (0, 0);
        for index in 0.. {
            let Some(pointer) = next.filter(|pointer| pointer.0 != 0) else { break };
            if !seen.insert(pointer.0) || index > MAX_PAGES {
                return Err("corrupt TIFF file: its directories go round in a circle".to_string());
            }
            let of_page = |error| format!("page {index}: {error}");
            let directory = decoder.read_directory(pointer).map_err(|error| of_page(error.to_string()))?;
            next = directory.next();
            let described = first_description(decoder.inner(), pointer.0, order, length);
            let mut tags = Tags { tags: decoder.read_directory_tags(&directory), directory: &directory, order };
            match tags.number(254).map_err(of_page)?.unwrap_or(0) {
                kind if kind & 1 != 0 && index > 0 => reduced += 1,
                kind if kind & 4 != 0 => {
                    let mask = tags.page(index, length, &mut Vec::new()).map_err(of_page)?;
                    match pages.last_mut() {
                        Some(page) if mask.is_mask_of(page) => page.mask = Some(Box::new(mask)),
                        _ => masks += 1,
                    }
                }
                _ => {
                    let mut page = tags.page(index, length, &mut others).map_err(of_page)?;
                    if let Some(text) = described {
                        page.page.describe(text, &mut others);
                    }
                    pages.push(page);
                }
            }
        }
        let mut counted = |count: usize, what: &str| match count {
            0 => {}
            1 => others.push(format!("a {what}")),
            count => others.push(format!("{count} {what}s")),
        };
        counted(reduced, "reduced picture");
        counted(masks, "transparency mask");
        Ok(Directories { pages, others })
    }
}

impl Page {
    /// Has the page's description be the first one of two.
    fn describe(&mut self, text: Vec<u8>, others: &mut Vec<String>) {
        let what = "second description of a page";
        for tag in self.tags.iter_mut().filter(|tag| tag.number == tag::IMAGE_DESCRIPTION && tag.value.bytes != text) {
            tag.value = Value { kind: Type::ASCII, bytes: text.clone() };
            if others.iter().all(|other| other != what) {
                others.push(what.to_string());
            }
        }
    }
}

/// The tags of one directory.
struct Tags<'a> {
    tags: IfdDecoder<'a>,
    directory: &'a Directory,
    order: ByteOrder,
}

impl Tags<'_> {
    /// The value of a tag, in this machine's byte order.
    fn value(&mut self, number: u16) -> Result<Option<Value>, String> {
        let mut value = ValueBuffer::empty(Type::BYTE);
        let found = self.tags.find_tag_buf(Name::from_u16_exhaustive(number), &mut value);
        match found.map_err(|error| format!("{}: {error}", words_for_tag(number)))? {
            None => Ok(None),
            Some(_) => {
                value.set_byte_order(ByteOrder::native());
                Ok(Some(Value { kind: value.data_type(), bytes: value.as_bytes().to_vec() }))
            }
        }
    }

    fn numbers(&mut self, number: u16) -> Result<Option<Vec<u64>>, String> {
        let tag = Name::from_u16_exhaustive(number);
        self.tags.find_tag_unsigned_vec(tag).map_err(|error| format!("{}: {error}", words_for_tag(number)))
    }

    fn number(&mut self, number: u16) -> Result<Option<u64>, String> {
        Ok(self.numbers(number)?.and_then(|numbers| numbers.first().copied()))
    }

    fn length(&mut self, number: u16, name: &str) -> Result<usize, String> {
        let length = self.number(number)?.ok_or_else(|| format!("has no {name}"))?;
        match usize::try_from(length) {
            Ok(length) if (1..=u32::MAX as usize).contains(&length) => Ok(length),
            _ => Err(format!("its {name} is {length}")),
        }
    }

    /// The one number that all of a tag's are.
    fn uniform(&mut self, number: u16, default: u16, name: &str) -> Result<u16, String> {
        let all = self.numbers(number)?.unwrap_or_default();
        let first = all.first().copied().unwrap_or(default.into());
        if all.iter().any(|other| *other != first) {
            let few = &all[..all.len().min(MOST_SHOWN)];
            let more = if few.len() < all.len() { ", ..." } else { "" };
            let few: Vec<String> = few.iter().map(ToString::to_string).collect();
            return Err(format!("its channels differ in {name}: {}{more}", few.join(", ")));
        }
        u16::try_from(first).map_err(|_| format!("its {name} is {first}"))
    }

    fn page(&mut self, index: usize, length: u64, others: &mut Vec<String>) -> Result<PageHeader, String> {
        let (width, height) = (self.length(256, "width")?, self.length(257, "height")?);
        let samples = self.number(277)?.unwrap_or(1);
        let samples = usize::try_from(samples).ok().filter(|samples| (1..=usize::from(u16::MAX)).contains(samples));
        let samples = samples.ok_or("its number of channels is not one")?;
        let tile = match self.number(322)? {
            None => None,
            Some(_) => Some((self.length(322, "tile width")?, self.length(323, "tile length")?)),
        };
        let (offsets, lengths) = if tile.is_some() { (324, 325) } else { (273, 279) };
        let offsets = self.numbers(offsets)?.ok_or("has no samples")?;
        let lengths = match self.numbers(lengths)? {
            Some(lengths) => lengths,
            // Old files without compression may leave it out where there is one strip.
            None => offsets.iter().map(|offset| length.saturating_sub(*offset)).collect(),
        };
        let rows = self.number(278)?.map_or(height, |rows| (rows as usize).clamp(1, height));
        let extra = self.numbers(338)?.unwrap_or_default();
        let colours = self.numbers(320)?;
        Ok(PageHeader {
            index,
            width,
            height,
            samples,
            bits: self.uniform(258, 1, "bits of a sample")?,
            format: match self.uniform(339, 1, "sample format")? {
                2 => SampleFormat::Signed,
                3 => SampleFormat::Float,
                1 | 4 => SampleFormat::Unsigned,
                other => {
                    return Err(format!("has complex samples, or others that can't be read (sample format {other})"));
                }
            },
            photometric: self.uniform(262, 1, "photometric interpretation")?,
            extra: extra.into_iter().map(|kind| kind as u16).collect(),
            planar: self.uniform(284, 1, "planar configuration")? == 2 && samples > 1,
            compression: self.uniform(259, 1, "compression")?,
            predictor: Predictor::of(self.uniform(317, 1, "predictor")?)?,
            tile,
            rows: tile.map_or(rows, |(_, length)| length),
            offsets,
            lengths,
            reversed: self.number(266)? == Some(2),
            orientation: u8::try_from(self.number(274)?.unwrap_or(1)).unwrap_or(1),
            mask: None,
            exif: self.exif()?,
            palette: colours.map(|colours| colours.into_iter().map(|colour| colour as u16).collect()),
            page: self.kept(others)?,
        })
    }

    /// Where the directories of Exif data are.
    fn exif(&mut self) -> Result<Vec<(u16, u64)>, String> {
        let mut places = Vec::new();
        for pointer in exif::POINTERS {
            places.extend(self.number(pointer)?.map(|place| (pointer, place)));
        }
        Ok(places)
    }

    /// The tags that are written again as they are; says what can't be.
    fn kept(&mut self, others: &mut Vec<String>) -> Result<Page, String> {
        let numbers: Vec<(u16, Type)> =
            self.directory.iter().map(|(tag, entry)| (tag.to_u16(), entry.field_type())).collect();
        let mut tags = Vec::new();
        for (number, kind) in numbers {
            if OF_STORAGE.contains(&number) || is_of_jpeg(number) || exif::POINTERS.contains(&number) {
                continue;
            }
            // ImageJ's own tags are bytes in the file's order.
            let foreign = matches!(number, 50838 | 50839) && self.order != ByteOrder::native();
            let what = NOT_COPIED.iter().find(|(other, _)| *other == number).map(|(_, what)| what.to_string());
            let pointer = matches!(kind, Type::IFD | Type::IFD8) || foreign;
            if let Some(what) = what.or(pointer.then(|| words_for_tag(number))) {
                if !others.contains(&what) {
                    others.push(what);
                }
                continue;
            }
            if let Some(value) = self.value(number)? {
                let value = if number == tag::GDAL_METADATA { without_statistics(value) } else { value };
                tags.push(Tag { number, value });
            }
        }
        Ok(Page { tags })
    }
}

/// GDAL's metadata without the least, the greatest and the mean of the samples, which are others now.
fn without_statistics(value: Value) -> Value {
    without_items(value, |item| item.starts_with(" name=\"STATISTICS_"))
}
