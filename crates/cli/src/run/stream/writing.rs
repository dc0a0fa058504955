//! Output files whose rows come in parts.

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use hoodoo::{AnyArray, DType};
use ndarray::{Axis, Slice};
use serde_json::Value;

use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files::{Format, elements, write_npy_header, write_pages, write_png_rows, write_raw, y4m};
use crate::image::{Image, Layout, Metadata};
use crate::output::{Sink, Target, Written};
use crate::report::{Values, describe};

/// The rows of one file that were computed together: for each plane of a video, or of anything else the one that there is.
pub type Block = Vec<Image>;

/// What a file is to be.
pub struct Output {
    kind: Kind,
    dtype: DType,
    /// Its shape, if that is known before the last row.
    layout: Option<Layout>,
    metadata: Metadata,
    /// What it can't keep of what the input carries.
    lost: Vec<String>,
}

enum Kind {
    /// An array; with its header, or without one.
    Array { header: bool },
    /// Pages.
    Pages(Layout),
    /// A PNG picture.
    Picture(Layout),
    /// A video that begins with this line.
    Video(Vec<u8>),
}

/// A file that is written.
pub struct Wrote<'t> {
    /// What is to be published, unless it was a stream.
    pub written: Option<Written<'t>>,
    pub time: Duration,
    dtype: DType,
    shape: Vec<usize>,
    lost: Vec<String>,
    values: Values,
}

impl Wrote<'_> {
    /// What is said of it.
    pub fn describe(&self, name: &str, path: &Path) -> Value {
        describe(name, path, (self.dtype, &self.shape), self.values, &self.lost)
    }
}

impl Output {
    /// A file for arrays of this layout, if that is known, and element type. `line` is what a video begins with.
    pub fn new(
        target: &Target,
        (layout, dtype): (Option<Layout>, DType),
        metadata: Metadata,
        lost: Vec<String>,
        line: Option<&[u8]>,
    ) -> Result<Output, Failure> {
        let wrong = |message: &str| Err(Failure::at(target.path(), message));
        if let Some(layout) = &layout {
            target.check_fit(dtype, layout)?;
        }
        let kind = match (line, target.format(), &layout) {
            (Some(line), Format::Y4m, _) => Kind::Video(line.to_vec()),
            (Some(line), _, _) if target.is_standard() => Kind::Video(line.to_vec()),
            (Some(_), ..) => return wrong("a video is written as .y4m, or to standard output"),
            (None, Format::Raw, _) => Kind::Array { header: false },
            (None, Format::Npy, Some(_)) => Kind::Array { header: true },
            (None, Format::Tiff, Some(layout)) => Kind::Pages(target.layout(layout.clone(), dtype)),
            (None, Format::Png, Some(layout)) => Kind::Picture(target.layout(layout.clone(), dtype)),
            (None, Format::Npy | Format::Tiff | Format::Png, None) => {
                return wrong("--raw: how many rows there are has to be said, as the file begins with it");
            }
            _ => return wrong("--stream: is written as a whole; .npy, .tif, .png, .raw and .y4m are not"),
        };
        Ok(Output { kind, dtype, layout, metadata, lost })
    }

    /// Writes the rows that come, and looks at their values if that is wanted.
    pub fn write<'t>(&self, target: &'t Target, blocks: Receiver<Block>, looked: bool) -> Result<Wrote<'t>, Failure> {
        let mut values = Values::default();
        let (mut time, mut rows) = (Duration::ZERO, 0);
        let mut waited = Duration::ZERO;
        let start = Instant::now();
        let mut blocks = std::iter::from_fn(|| {
            let start = Instant::now();
            let block: Block = blocks.recv().ok()?;
            waited += start.elapsed();
            rows += block.first().map_or(0, |image| image.array.shape()[0]);
            if looked {
                block.iter().for_each(|image| values.add(&image.array));
            }
            Some(block)
        });
        let written = target
            .write_by(|sink| self.put(target, sink, &mut blocks).map_err(|error| Failure::at(target.path(), error)))?;
        time += start.elapsed().saturating_sub(waited);
        let shape = self.layout.as_ref().map_or_else(|| vec![rows], |layout| layout.shape.clone());
        Ok(Wrote { written, time, dtype: self.dtype, shape, lost: self.lost.clone(), values })
    }

    fn put(&self, target: &Target, sink: Sink<'_>, blocks: &mut dyn Iterator<Item = Block>) -> Result<(), String> {
        match (&self.kind, sink) {
            (Kind::Array { header }, Sink::File(mut writer)) => self.array(*header, &mut writer, blocks),
            (Kind::Array { header }, Sink::Stream(mut writer)) => self.array(*header, &mut writer, blocks),
            (Kind::Video(line), Sink::File(mut writer)) => video(line, &mut writer, blocks),
            (Kind::Video(line), Sink::Stream(mut writer)) => video(line, &mut writer, blocks),
            (Kind::Pages(layout), Sink::File(mut writer)) => {
                let mut parts = blocks.flat_map(in_turns).map(|part| target.shaped(part));
                write_pages(layout, self.dtype, &self.metadata, &mut writer, &mut parts)
            }
            (Kind::Picture(layout), Sink::File(mut writer)) => self.picture(layout, target, &mut writer, blocks),
            (Kind::Picture(layout), Sink::Stream(mut writer)) => self.picture(layout, target, &mut writer, blocks),
            (Kind::Pages(_), Sink::Stream(_)) => Err("--stream: a TIFF file can't be written to a pipe".to_string()),
        }
    }

    fn picture(
        &self,
        layout: &Layout,
        target: &Target,
        writer: &mut impl Write,
        blocks: &mut dyn Iterator<Item = Block>,
    ) -> Result<(), String> {
        let mut parts = blocks.flatten().map(|part| target.shaped(part));
        write_png_rows(layout, self.dtype, &self.metadata, writer, &mut parts)
    }

    fn array(
        &self,
        header: bool,
        writer: &mut impl Write,
        blocks: &mut dyn Iterator<Item = Block>,
    ) -> Result<(), String> {
        if let Some(layout) = self.layout.as_ref().filter(|_| header) {
            write_npy_header(self.dtype, &layout.shape, &mut *writer)?;
        }
        blocks.flatten().try_for_each(|part| write_raw(&part.array, writer))
    }
}

/// The planes of rows of pages, in the order of a file: where there are several, row by row.
fn in_turns(planes: Block) -> Block {
    let rows = match planes.as_slice() {
        [] | [_] => return planes,
        [first, ..] => first.array.shape()[0],
    };
    let page = |plane: &Image, row: usize| {
        plane.with_array(for_any!(AnyArray, &plane.array, array => {
            array.slice_axis(Axis(0), Slice::from(row..row + 1)).to_owned().into()
        }))
    };
    (0..rows).flat_map(|row| planes.iter().map(move |plane| page(plane, row))).collect()
}

/// Writes a video that begins with this line.
fn video(line: &[u8], writer: &mut impl Write, blocks: &mut dyn Iterator<Item = Block>) -> Result<(), String> {
    let problem = |error: std::io::Error| error.to_string();
    writer.write_all(line).map_err(problem)?;
    let greatest = y4m::Header::read(&mut &*line)?.greatest;
    for mut planes in blocks {
        for plane in &mut planes {
            if let AnyArray::U16(samples) = &mut plane.array {
                samples.mapv_inplace(|sample| sample.min(greatest));
            }
        }
        let count = planes.first().map_or(0, |plane| plane.array.shape()[0]);
        let of_plane = |plane: &Image| elements::little(&plane.array);
        let planes = planes.iter().map(of_plane).collect::<Result<Vec<Vec<u8>>, String>>()?;
        for picture in 0..count {
            writer.write_all(b"FRAME\n").map_err(problem)?;
            for plane in &planes {
                let bytes = plane.len() / count;
                writer.write_all(&plane[picture * bytes..][..bytes]).map_err(problem)?;
            }
        }
    }
    Ok(())
}
