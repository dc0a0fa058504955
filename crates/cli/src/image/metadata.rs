//! What a file says besides the samples of its pictures, so that it can be written again.

use std::ops::Range;

use hoodoo::DType;
use ndarray::{ArrayD, Slice};
use tiff::tags::Type;

use super::header::{Header, PngChunk};
use super::tag_names::words_for_tag;
use crate::printable::listed;

/// What a file carries besides samples.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// The colour profile.
    pub icc: Option<Vec<u8>>,
    /// What the camera says, in Exif's own encoding.
    pub exif: Option<Vec<u8>>,
    /// The same and more, as XML.
    pub xmp: Option<Vec<u8>>,
    /// How large a pixel is on paper.
    pub resolution: Option<Resolution>,
    /// The value of pixels that have none.
    pub nodata: Option<f64>,
    /// Where pixels have none: true at those; over the axes of the image but for channels.
    pub mask: Option<ArrayD<bool>>,
    /// Whether there is such a mask in the file whose rows come one after the other, each with its own part of it.
    pub is_masked: bool,
    /// Words by keyword, as in PNG files.
    pub texts: Vec<(String, String)>,
    /// The keywords of those that a PNG file has packed.
    pub packed_texts: Vec<String>,
    /// How many bits samples had that have become bytes, if they were fewer.
    pub bits: Option<u8>,
    /// What a TIFF file says of each of its pages.
    pub pages: Vec<Page>,
    /// How the pages of a TIFF file are counted, if they are read as several volumes.
    pub slices: Option<Slices>,
    /// How a TIFF file stores its pages.
    pub storage: Option<Storage>,
    /// What a file says that files of another format have no place for.
    pub header: Option<Header>,
    /// The indices of the first element along the axes that are filtered, if that is not the first one of the file.
    pub first: Vec<usize>,
    /// How far apart elements are along them, if that is more than in the file.
    pub steps: Vec<usize>,
    /// How many pages the file has that were not asked for.
    pub other_pages: usize,
    /// What the file has that could not be read, in words.
    pub unread: Vec<String>,
    /// What of the samples is not there, in words.
    pub damage: Option<String>,
}

/// Pixels for each length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolution {
    /// Along rows, then along columns.
    pub pixels: [f64; 2],
    /// For which length.
    pub unit: Unit,
}

/// A length on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// None is said: only the ratio of the two counts.
    Unknown,
    /// 2.54 centimetres.
    Inch,
    /// A hundredth of a metre.
    Centimetre,
}

impl Resolution {
    /// Pixels per metre, if a unit is known.
    pub fn per_metre(self) -> Option<[f64; 2]> {
        match self.unit {
            Unit::Unknown => None,
            Unit::Inch => Some(self.pixels.map(|pixels| pixels / 0.0254)),
            Unit::Centimetre => Some(self.pixels.map(|pixels| pixels * 100.0)),
        }
    }

    /// Pixels per inch, if a unit is known.
    pub fn per_inch(self) -> Option<[f64; 2]> {
        match self.unit {
            // What is said in inches is not to be rounded on its way.
            Unit::Inch => Some(self.pixels),
            _ => self.per_metre().map(|pixels| pixels.map(|pixels| pixels * 0.0254)),
        }
    }
}

/// The tags of a TIFF page that do not say how its samples are stored.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// By number.
    pub tags: Vec<Tag>,
}

/// A tag with its value, in this machine's byte order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// Its number.
    pub number: u16,
    /// What it says.
    pub value: Value,
}

/// The value of a tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What its bytes are.
    pub kind: Type,
    /// In this machine's byte order.
    pub bytes: Vec<u8>,
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Value {
        Value { kind: Type::ASCII, bytes: [text.as_bytes(), &[0]].concat() }
    }

    /// A small whole number.
    pub fn short(number: u16) -> Value {
        Value { kind: Type::SHORT, bytes: number.to_ne_bytes().to_vec() }
    }

    /// A whole number.
    pub fn long(number: u32) -> Value {
        Value { kind: Type::LONG, bytes: number.to_ne_bytes().to_vec() }
    }

    /// Floats.
    pub fn doubles(numbers: &[f64]) -> Value {
        Value { kind: Type::DOUBLE, bytes: numbers.iter().flat_map(|number| number.to_ne_bytes()).collect() }
    }

    /// The nearest fraction with a denominator that is a power of ten.
    pub fn rational(value: f64) -> Value {
        let d = [1u32, 10, 100, 1000, 10_000, 100_000].into_iter().find(|d| {
            let scaled = value * f64::from(*d);
            (scaled - scaled.round()).abs() < 1e-6 * scaled || scaled * 10.0 > f64::from(u32::MAX)
        });
        let d = d.unwrap_or(1_000_000);
        let n = (value * f64::from(d)).round() as u32;
        Value { kind: Type::RATIONAL, bytes: [n, d].map(u32::to_ne_bytes).concat() }
    }

    /// The floats, if it is some.
    pub fn as_doubles(&self) -> Vec<f64> {
        match self.kind {
            Type::DOUBLE => self.bytes.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Page {
    /// Has it say this resolution, where it says one.
    pub fn set_resolution(&mut self, resolution: Resolution) {
        let [x, y] = resolution.pixels.map(Value::rational);
        for Tag { number, value } in &mut self.tags {
            match *number {
                tag::X_RESOLUTION => *value = x.clone(),
                tag::Y_RESOLUTION => *value = y.clone(),
                _ => {}
            }
        }
    }

    /// The value of a tag, if the page has it.
    pub fn find(&self, number: u16) -> Option<&Value> {
        self.tags.iter().find(|tag| tag.number == number).map(|tag| &tag.value)
    }
}

/// How the pages of a file are counted that are slices of several volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slices {
    /// The lengths of the three axes along which pages are counted: the last one is the fastest.
    pub sizes: [usize; 3],
    /// Which of them is that of slices.
    pub depth: usize,
}

/// TIFF's number for samples that are the opacity, with colours that are multiplied by it.
pub const ASSOCIATED_OPACITY: u16 = 1;
/// With colours that are not.
pub const STRAIGHT_OPACITY: u16 = 2;

/// Whether such a sample of TIFF is the opacity.
pub fn is_opacity(extra: u16) -> bool {
    matches!(extra, ASSOCIATED_OPACITY | STRAIGHT_OPACITY)
}

/// How a TIFF file stores its pages, by the numbers of the format.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// 1 for none.
    pub compression: u16,
    /// 1 for none.
    pub predictor: u16,
    /// Width and length of tiles.
    pub tile: Option<(usize, usize)>,
    /// Rows in a strip.
    pub rows: usize,
    /// Whether each channel is on its own.
    pub planar: bool,
    /// Whether it is a BigTIFF file.
    pub big: bool,
    /// What the first samples mean.
    pub photometric: u16,
    /// What the others mean.
    pub extra: Vec<u16>,
    /// Bits in a sample.
    pub bits: u16,
    /// The element type.
    pub dtype: DType,
    /// How many pages the file has, their height and width, and the samples of a pixel.
    pub shape: [usize; 4],
    /// The colours that samples are the numbers of.
    pub palette: Option<Vec<u16>>,
}

/// The number of [`Storage::photometric`] for grey pictures whose least value is white.
pub const WHITE_IS_ZERO: u16 = 0;

/// A sort of thing that a file may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The colour profile.
    Profile,
    /// What the camera says.
    Exif,
    /// The same as XML.
    Xmp,
    /// How large a pixel is on paper.
    Resolution,
    /// The value of pixels that have none.
    Nodata,
    /// Where pixels have none.
    Mask,
    /// Where on Earth the picture is.
    Georeference,
    /// Words.
    Texts,
    /// That the least value is white, in a TIFF file.
    WhiteIsZero,
    /// Other tags of a TIFF file.
    Tags,
    /// The header of a NIfTI file.
    Nifti,
    /// The header of a FITS file, and what it has besides the image.
    Fits,
    /// Other arrays.
    Arrays,
    /// The header of an EXR file.
    Exr,
    /// What a PNG file says of its colours, in other words than a profile.
    Png,
    /// Samples of fewer bits than bytes have.
    Bits,
}

/// Words for colours that become samples of their own.
pub const PALETTE_LOST: &str = "palette (its colours are written)";

/// The numbers of TIFF tags that are known by name here.
pub mod tag {
    #![allow(missing_docs, reason = "the names are those of the specifications")]
    pub const DOCUMENT_NAME: u16 = 269;
    pub const MAKE: u16 = 271;
    pub const MODEL: u16 = 272;
    pub const EXIF: u16 = 34665;
    pub const GPS: u16 = 34853;
    pub const SUBFILE: u16 = 254;
    pub const IMAGE_DESCRIPTION: u16 = 270;
    pub const X_RESOLUTION: u16 = 282;
    pub const Y_RESOLUTION: u16 = 283;
    pub const RESOLUTION_UNIT: u16 = 296;
    pub const SOFTWARE: u16 = 305;
    pub const DATE_TIME: u16 = 306;
    pub const ARTIST: u16 = 315;
    pub const XMP: u16 = 700;
    pub const COPYRIGHT: u16 = 33432;
    pub const MODEL_PIXEL_SCALE: u16 = 33550;
    pub const MODEL_TIEPOINT: u16 = 33922;
    pub const MODEL_TRANSFORMATION: u16 = 34264;
    pub const RPC: u16 = 50844;
    pub const ICC: u16 = 34675;
    pub const GEO_KEYS: u16 = 34735;
    pub const GEO_ASCII: u16 = 34737;
    pub const GDAL_METADATA: u16 = 42112;
    pub const GDAL_NODATA: u16 = 42113;
}

/// The texts that both TIFF and PNG files have, by their tags and keywords.
pub const TEXTS: [(u16, &str); 6] = [
    (tag::DOCUMENT_NAME, "Title"),
    (tag::IMAGE_DESCRIPTION, "Description"),
    (tag::SOFTWARE, "Software"),
    (tag::DATE_TIME, "Creation Time"),
    (tag::ARTIST, "Author"),
    (tag::COPYRIGHT, "Copyright"),
];

impl Carried {
    /// What a TIFF tag carries.
    pub fn of_tag(number: u16) -> Carried {
        use tag::*;
        match number {
            DOCUMENT_NAME | IMAGE_DESCRIPTION | SOFTWARE | DATE_TIME | ARTIST | COPYRIGHT => Carried::Texts,
            X_RESOLUTION | Y_RESOLUTION | RESOLUTION_UNIT => Carried::Resolution,
            XMP => Carried::Xmp,
            ICC => Carried::Profile,
            MODEL_PIXEL_SCALE | MODEL_TIEPOINT | MODEL_TRANSFORMATION | RPC | GEO_KEYS..=GEO_ASCII => {
                Carried::Georeference
            }
            GDAL_NODATA => Carried::Nodata,
            _ => Carried::Tags,
        }
    }
}

impl Metadata {
    /// Whether the file's colours are multiplied by the opacity, if it has one.
    pub fn has_associated_opacity(&self) -> bool {
        let of_tiff = self.storage.as_ref().and_then(|storage| storage.extra.last()) == Some(&ASSOCIATED_OPACITY);
        of_tiff || matches!(self.header, Some(Header::Exr(_)))
    }

    /// What is left where the image has only this region of the axes that are filtered.
    pub fn cut(&mut self, region: &[Range<usize>]) {
        if let (Some(Slices { sizes, depth }), [slices, _, _]) = (self.slices, region) {
            if slices.len() != sizes[depth] {
                // It counts slices that are no more.
                self.forget_description();
            }
        } else if let [pages, _, _] = region
            && self.pages.len() > 1
        {
            self.pages = self.pages.get(pages.clone()).unwrap_or_default().to_vec();
        }
        self.pages.iter_mut().for_each(|page| page.cut(region));
        if let Some(mask) = &mut self.mask {
            let stack = mask.ndim().saturating_sub(region.len());
            mask.slice_each_axis_inplace(|along| match along.axis.index().checked_sub(stack) {
                Some(axis) => Slice::from(region[axis].clone()),
                None => Slice::from(..),
            });
        }
        self.first.resize(region.len(), 0);
        self.first.iter_mut().zip(region).for_each(|(first, region)| *first += region.start);
    }

    /// What is left where the image has only the pixels at these steps along the axes that are filtered.
    pub fn thin_out(&mut self, steps: &[usize]) {
        if steps.iter().all(|step| *step == 1) {
            return;
        }
        if let (Some(_), [slices, _, _]) = (self.slices, steps) {
            if *slices != 1 {
                self.forget_description();
            }
        } else if let [pages, _, _] = *steps {
            let every = std::mem::take(&mut self.pages).into_iter().step_by(pages);
            self.pages = every.collect();
        }
        if let Some(mask) = &mut self.mask {
            let stack = mask.ndim().saturating_sub(steps.len());
            mask.slice_each_axis_inplace(|along| match along.axis.index().checked_sub(stack) {
                Some(axis) => Slice::from(..).step_by(steps[axis] as isize),
                None => Slice::from(..),
            });
        }
        self.steps = steps.to_vec();
        let [.., rows, columns] = *steps else { return };
        if let Some(Resolution { pixels: [x, y], .. }) = &mut self.resolution {
            (*x, *y) = (*x / columns as f64, *y / rows as f64);
        }
        let resolution = self.resolution;
        self.pages.iter_mut().for_each(|page| page.thin_out([rows, columns], resolution));
    }

    /// Has pixels without a value not be told by a mask any more.
    pub fn forget_mask(&mut self) {
        (self.mask, self.is_masked) = (None, false);
    }

    fn forget_description(&mut self) {
        self.pages.truncate(1);
        self.pages.iter_mut().for_each(|page| page.tags.retain(|tag| tag.number != tag::IMAGE_DESCRIPTION));
        self.texts.retain(|(keyword, _)| keyword != "Description");
        self.unread.push("description, which counts slices that are cut off".to_string());
    }

    /// What is carried, with the words for it.
    pub fn carried(&self) -> Vec<(Carried, String)> {
        let mut all: Vec<(Carried, String)> = Vec::new();
        let mut add = |there: bool, sort: Carried, words: &str| {
            if there && !words.is_empty() && !all.iter().any(|(other, said)| *other == sort && said == words) {
                all.push((sort, words.to_string()));
            }
        };
        add(self.icc.is_some(), Carried::Profile, "colour profile");
        add(self.exif.is_some(), Carried::Exif, "Exif data");
        add(self.xmp.is_some(), Carried::Xmp, "XMP data");
        if let Some(bits) = self.bits {
            add(
                true,
                Carried::Bits,
                &format!("samples of {bits} bit{} (8 are written)", if bits == 1 { "" } else { "s" }),
            );
        }
        add(self.resolution.is_some(), Carried::Resolution, "resolution");
        add(self.nodata.is_some(), Carried::Nodata, "nodata value");
        add(self.mask.is_some() || self.is_masked, Carried::Mask, "mask");
        let white = self.storage.as_ref().is_some_and(|storage| storage.photometric == WHITE_IS_ZERO);
        add(white, Carried::WhiteIsZero, "that 0 is white");
        match &self.header {
            None => {}
            Some(Header::Exr(_)) => add(true, Carried::Exr, "EXR header"),
            Some(Header::Png(chunks)) => add(true, Carried::Png, &meaning_of_colours(chunks, self.icc.is_some())),
            Some(Header::Nifti(_)) => add(true, Carried::Nifti, "NIfTI header"),
            Some(Header::Fits(fits)) => {
                add(true, Carried::Fits, "FITS header");
                add(fits.others > 0, Carried::Fits, &format!("{} other parts of the FITS file", fits.others));
            }
            Some(Header::Archive(archive)) => {
                for (name, _) in &archive.others {
                    add(true, Carried::Arrays, &format!("array \"{}\"", name.trim_end_matches(".npy").escape_debug()));
                }
            }
        }
        // The texts of a TIFF file are among its tags.
        for (keyword, _) in self.texts.iter().filter(|_| self.pages.is_empty()) {
            add(true, Carried::Texts, &format!("text \"{}\"", keyword.escape_debug()));
        }
        for tag in self.pages.iter().flat_map(|page| &page.tags) {
            match (Carried::of_tag(tag.number), tag.number) {
                (Carried::Georeference, _) => add(true, Carried::Georeference, "georeference"),
                (Carried::Texts, tag::IMAGE_DESCRIPTION) => add(true, Carried::Texts, "description"),
                (Carried::Texts, tag::SOFTWARE) => add(true, Carried::Texts, "software"),
                (Carried::Texts, tag::DATE_TIME) => add(true, Carried::Texts, "date"),
                (Carried::Texts, number) => add(true, Carried::Texts, &words_for_tag(number)),
                (Carried::Tags, tag::GDAL_METADATA) => add(true, Carried::Tags, "GDAL's metadata"),
                // Exif data of other files has these, too.
                (Carried::Tags, tag::MAKE | tag::MODEL) if self.exif.is_some() => {}
                (Carried::Tags, number) => add(true, Carried::Tags, &words_for_tag(number)),
                // These are above already, whatever file they are from.
                _ => {}
            }
        }
        all
    }
}

/// What of a PNG file's chunks is lost where they are, in words; none where colours mean the same without them: a profile says more, and
/// what says nothing is taken for sRGB.
fn meaning_of_colours(chunks: &[PngChunk], has_profile: bool) -> String {
    let has = |kind: &[u8; 4]| chunks.iter().any(|chunk| chunk.kind == *kind);
    let is_known = has_profile || has(b"sRGB") || has(b"cICP");
    let kinds: Vec<_> = chunks
        .iter()
        .filter(|chunk| match &chunk.kind {
            b"sRGB" => false,
            b"gAMA" | b"cHRM" => !is_known,
            _ => true,
        })
        .map(|chunk| String::from_utf8_lossy(&chunk.kind).to_string())
        .collect();
    listed("PNG chunk", &kinds).unwrap_or_default()
}
