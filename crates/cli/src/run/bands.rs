//! The bands of one picture as the inputs of a kernel, and its outputs as the bands of one picture.

use std::path::{Path, PathBuf};

use hoodoo::{AnyArray, Kernel};
use ndarray::{ArrayD, Axis};

use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files::Format;
use crate::image::metadata::{Storage, is_opacity};
use crate::image::{Channels, Image, Layout, Metadata};
use crate::output::Target;

/// What of a file is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    /// All of it.
    Whole,
    /// A band of a picture, from 1.
    Band(usize),
    /// An array of an archive, or a channel, by its name.
    Array(String),
}

/// The path of a file, and what of it is meant, if the path says so: `picture.tif#4`, `arrays.npz#depth`.
pub fn selected(path: &Path) -> (PathBuf, Selected) {
    let whole = || (path.to_path_buf(), Selected::Whole);
    let Some((file, part)) = path.to_str().and_then(|text| text.rsplit_once('#')) else { return whole() };
    let format = Format::of(Path::new(file)).ok();
    match part.parse() {
        // A file may have such a name.
        _ if path.exists() => whole(),
        Ok(band) if !format.is_some_and(Format::is_archive) => (file.into(), Selected::Band(band)),
        _ if format.is_some_and(Format::has_names) => (file.into(), Selected::Array(part.to_string())),
        _ => whole(),
    }
}

/// What is lost where the opacity is not among the bands, in words.
const OPACITY: &str = "alpha channel";

/// One band of an image, from 1; the last one may be its opacity.
pub fn band(image: &Image, number: usize, path: &Path) -> Result<Image, Failure> {
    let count = image.channels().count();
    if !(1..=count).contains(&number) {
        return Err(Failure::at(path, format!("there is no band {number}: it has {count}, counted from 1")));
    }
    let array = match image.layout().channels {
        None => for_any!(AnyArray, &image.array, array => array.clone().into()),
        Some(_) => for_any!(AnyArray, &image.array, array => {
            array.index_axis(Axis(array.ndim() - 1), number - 1).to_owned().into()
        }),
    };
    let mut band = Image::plain(array).stacked(image.layout().stack);
    band.metadata = image.metadata.clone();
    if image.channels().alpha && number < count {
        band.metadata.unread.push(OPACITY.to_string());
    }
    Ok(band)
}

/// The inputs of a kernel that one picture is for: its bands that are named by `chosen`, or all of them in order, the last of which may be
/// its opacity.
pub fn inputs(
    kernel: &Kernel,
    chosen: &[(String, usize)],
    images: Vec<Image>,
    paths: &[PathBuf],
) -> Result<Vec<Image>, Failure> {
    let names = kernel.inputs();
    for (name, _) in chosen {
        if !names.contains(name) {
            let names = names.join(", ");
            return Err(Failure::Run(format!("--band: the kernel has no input `{name}`; its inputs are {names}")));
        }
    }
    let [image] = images.as_slice() else {
        return match chosen {
            [] => Ok(images),
            _ => Err(Failure::Run("--band: the bands are those of one file, and several are given".to_string())),
        };
    };
    if chosen.is_empty() && names.len() == 1 {
        return Ok(images);
    }
    let Channels { colours, alpha } = image.channels();
    if chosen.is_empty() && ![colours, image.channels().count()].contains(&names.len()) {
        let (needed, names) = (names.len(), names.join(", "));
        let bands = if colours == 1 { "band" } else { "bands" };
        let opacity = if alpha { ", and one of opacity" } else { "" };
        let message = format!(
            "inputs: the kernel has {needed} inputs ({names}), and 1 given, which has {colours} {bands}{opacity}"
        );
        return Err(Failure::Run(message));
    }
    let number = |(place, name): (usize, &String)| match chosen.iter().find(|(other, _)| other == name) {
        Some((_, number)) => Ok(*number),
        None if chosen.is_empty() => Ok(place + 1),
        None => Err(Failure::Run(format!("--band: which band is `{name}`? Write --band {name}=N"))),
    };
    let numbers = names.iter().enumerate().map(number).collect::<Result<Vec<usize>, Failure>>()?;
    let bands = numbers.iter().map(|number| band(image, *number, &paths[0])).collect::<Result<Vec<Image>, Failure>>();
    let mut bands = bands?;
    if alpha && numbers.contains(&(colours + 1)) {
        bands[0].metadata.unread.retain(|lost| lost != OPACITY);
    }
    Ok(bands)
}

/// The layout of a file, where several outputs of this layout are its bands.
pub fn joined_layout(mut layout: Layout, outputs: usize, targets: &[Target], first: &Metadata) -> Layout {
    if outputs != targets.len() && layout.channels.is_none() && !targets[0].is_archive() {
        layout.shape.push(outputs);
        layout.channels = Some(channels_of(outputs, targets[0].format(), first));
    }
    layout
}

/// What so many bands in a file of this format are: the last of four is the opacity, unless the first input is a file of bands that has none.
pub fn channels_of(outputs: usize, format: Format, first: &Metadata) -> Channels {
    let has_opacity = |storage: &Storage| storage.extra.iter().any(|kind| is_opacity(*kind));
    let is_plain = format.has_bands() && first.storage.as_ref().is_some_and(|storage| !has_opacity(storage));
    match outputs {
        4 if !is_plain => Channels { colours: 3, alpha: true },
        count => Channels { colours: count, alpha: false },
    }
}

/// The pictures as such channels of one; they have one type and shape, and none itself.
pub fn joined(images: Vec<Image>, channels: Channels) -> Result<Image, String> {
    fn stacked<T: hoodoo::AnyElement>(
        images: &[Image],
        of: impl Fn(&AnyArray) -> Option<&ArrayD<T>>,
    ) -> Result<AnyArray, String> {
        let views: Option<Vec<_>> = images.iter().map(|image| of(&image.array).map(|array| array.view())).collect();
        let views = views.ok_or("the outputs have several types")?;
        let axis = Axis(views[0].ndim());
        Ok(ndarray::stack(axis, &views).map_err(|error| error.to_string())?.as_standard_layout().into_owned().into())
    }
    macro_rules! stacked {
        ($($variant:ident)*) => {
            match &images[0].array {
                $(AnyArray::$variant(_) => stacked(&images, |array| match array {
                    AnyArray::$variant(array) => Some(array),
                    _ => None,
                }),)*
            }
        };
    }
    if images.iter().any(|image| image.layout().channels.is_some()) {
        return Err("several outputs of a colour picture are no bands of one; write a file for each".to_string());
    }
    let array = stacked!(Bool I8 U8 I16 U16 I32 U32 I64 U64 F16 F32 F64)?;
    let first = images.into_iter().next().ok_or("there is no output")?;
    let mut image = Image::with_channels(array, Some(channels)).stacked(first.layout().stack);
    image.metadata = first.metadata;
    Ok(image)
}
