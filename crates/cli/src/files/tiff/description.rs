//! Descriptions that programs make of how a file's pages are arranged, where what is written is arranged otherwise: tifffile's shape,
//! OME's XML, ImageJ's counts, and GDAL's items for single bands.

use std::ops::Range;

use hoodoo::DType;
use serde_json::{Map, Value as Json};

use crate::image::Layout;
use crate::image::metadata::{Metadata, Tag, Value, tag};

/// How the samples of a file are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Arranged {
    pages: usize,
    height: usize,
    width: usize,
    samples: usize,
    dtype: DType,
    /// Whether each channel is on its own.
    planar: bool,
}

/// What becomes of a description.
#[derive(Debug, PartialEq, Eq)]
enum Revised {
    Kept,
    Changed(String),
    /// What is lost, in words.
    Lost(&'static str),
}

/// Has what is said of a picture from a TIFF file be true of one of this layout and type that was made of it, or not be said.
pub fn revise(metadata: &mut Metadata, layout: &Layout, dtype: DType) {
    let (Some(storage), Some((pages, height, width))) = (&metadata.storage, layout.pictures()) else { return };
    let samples = layout.channels.map_or(1, |channels| channels.count());
    let [all, rows, columns, bands] = storage.shape;
    let was = Arranged {
        pages: all,
        height: rows,
        width: columns,
        samples: bands,
        dtype: storage.dtype,
        planar: storage.planar,
    };
    let now = Arranged { pages, height, width, samples, dtype, planar: was.planar };
    if samples != bands {
        forget_bands(metadata);
    }
    let (first, steps) = (metadata.first.clone(), metadata.steps.clone());
    let place = Place { moved: first.iter().any(|first| *first > 0), steps: &steps };
    if was == now && !place.moved && steps.iter().all(|step| *step == 1) {
        return;
    }
    let mut lost = Vec::new();
    let mut new = |text: &str| match revised(text, was, now, &place) {
        Revised::Kept => Some(text.to_string()),
        Revised::Changed(text) => Some(text),
        Revised::Lost(what) => {
            lost.push(what.to_string());
            None
        }
    };
    for (index, page) in metadata.pages.iter_mut().enumerate() {
        page.tags.retain_mut(|tag| {
            let Some(text) = text_of(tag) else { return true };
            // The first page's is for all of them, where others are no longer those that theirs counted.
            let counted = index > 0 && now.pages != was.pages && shape_of(&text).is_some();
            let new = if counted { None } else { new(&text) };
            tag.value = Value::text(new.as_deref().unwrap_or_default());
            new.is_some()
        });
    }
    metadata.texts.retain_mut(|(keyword, text)| {
        let new = if keyword == "Description" { new(text) } else { Some(text.clone()) };
        *text = new.clone().unwrap_or_default();
        new.is_some()
    });
    if !lost.is_empty() {
        // What ImageJ says of slices in tags of its own.
        let of_slices = |tag: &Tag| matches!(tag.number, 50838 | 50839);
        metadata.pages.iter_mut().for_each(|page| page.tags.retain(|tag| !of_slices(tag)));
    }
    lost.dedup();
    lost.retain(|what| !metadata.unread.contains(what));
    metadata.unread.extend(lost);
}

/// Where a picture is in the one that it was made of.
struct Place<'a> {
    /// Whether its first element is another one.
    moved: bool,
    /// How far apart its elements are along the axes that are filtered.
    steps: &'a [usize],
}

/// The text of a description.
fn text_of(tag: &Tag) -> Option<String> {
    (tag.number == tag::IMAGE_DESCRIPTION)
        .then(|| String::from_utf8_lossy(&tag.value.bytes).trim_end_matches('\0').to_string())
}

fn revised(text: &str, was: Arranged, now: Arranged, place: &Place<'_>) -> Revised {
    if text.starts_with("ImageJ=") {
        return match was.pages == now.pages {
            true => Revised::Kept,
            false => Revised::Lost("description, which counts slices that are cut off"),
        };
    }
    if text.contains("<OME") {
        let ome = ome(text, was, now, place).map(Revised::Changed);
        return ome.unwrap_or(Revised::Lost("description, which is of a picture of another shape or type"));
    }
    match shape_of(text) {
        Some((entries, shape)) => shaped(entries, &shape, was, now).map_or(Revised::Kept, Revised::Changed),
        None => Revised::Kept,
    }
}

/// What tifffile says of an array, and its shape.
fn shape_of(text: &str) -> Option<(Map<String, Json>, Vec<usize>)> {
    if !text.starts_with('{') {
        return None;
    }
    let Ok(Json::Object(mut entries)) = serde_json::from_str(text) else { return None };
    let lengths = entries.remove("shape")?;
    let length = |length: &Json| usize::try_from(length.as_u64()?).ok();
    let shape = lengths.as_array()?.iter().map(length).collect::<Option<_>>()?;
    Some((entries, shape))
}

/// tifffile's description with the shape that an array of this one has now, if that is another one.
fn shaped(mut entries: Map<String, Json>, shape: &[usize], was: Arranged, now: Arranged) -> Option<String> {
    // How a page's own axes are said, and how many of the letters for axes are theirs.
    let of_page = |all: Arranged| {
        let (plane, samples) = ([all.height, all.width], all.samples);
        let forms = [[&plane[..], &[samples]].concat(), [&[samples], &plane[..]].concat(), plane.to_vec()];
        if samples == 1 { forms.to_vec() } else { forms[..2].to_vec() }
    };
    let form = of_page(was).iter().position(|form| shape.ends_with(form));
    let usual = if now.samples == 1 { 2 } else { usize::from(now.planar) };
    let page = match form.filter(|_| was.samples == now.samples) {
        Some(form) => of_page(now)[form].clone(),
        None => of_page(now)[usual].clone(),
    };
    let stack = form.map(|form| &shape[..shape.len() - of_page(was)[form].len()]);
    let stack = match (stack, now.pages) {
        (Some(stack), pages) if pages == was.pages => stack.to_vec(),
        (_, 1) => Vec::new(),
        (_, pages) => vec![pages],
    };
    let new = [stack, page].concat();
    if new == shape {
        return None;
    }
    // Letters are for axes that are still there.
    if new.len() != shape.len() || form.is_none() {
        entries.remove("axes");
    }
    let lengths: Vec<String> = new.iter().map(ToString::to_string).collect();
    let others = Json::Object(entries).to_string();
    let comma = if others == "{}" { "" } else { ", " };
    Some(format!("{{\"shape\": [{}]{comma}{}", lengths.join(", "), &others[1..]))
}

/// What OME calls the types of elements.
const OME_TYPES: [(DType, &str); 9] = [
    (DType::Bool, "uint8"),
    (DType::U8, "uint8"),
    (DType::I8, "int8"),
    (DType::I16, "int16"),
    (DType::U16, "uint16"),
    (DType::I32, "int32"),
    (DType::U32, "uint32"),
    (DType::F32, "float"),
    (DType::F64, "double"),
];

/// OME's description of one image whose pictures have another size, type or distance of pixels; none where it counts what is no more.
fn ome(text: &str, was: Arranged, now: Arranged, place: &Place<'_>) -> Option<String> {
    const ELEMENT: &str = "<Pixels";
    let is_element = |at: &usize| text[at + ELEMENT.len()..].starts_with(char::is_whitespace);
    let mut elements = text.match_indices(ELEMENT).map(|(at, _)| at).filter(is_element);
    let (Some(at), None) = (elements.next(), elements.next()) else { return None };
    if (was.pages, was.samples) != (now.pages, now.samples) || place.moved && text.contains("PositionX=") {
        return None;
    }
    let (_, kind) = OME_TYPES.iter().find(|(dtype, _)| *dtype == now.dtype)?;
    let (head, pixels) = text.split_at(at + ELEMENT.len());
    let (attributes, tail) = pixels.split_once('>')?;
    let mut attributes = attributes.to_string();
    let (y, x) = if let [.., y, x] = *place.steps { (y, x) } else { (1, 1) };
    for (key, step) in [("PhysicalSizeX", x), ("PhysicalSizeY", y)] {
        if let Some(value) = attribute(&attributes, key) {
            let size: f64 = attributes[value].parse().ok()?;
            attributes = with_attribute(&attributes, key, &(size * step as f64).to_string());
        }
    }
    for (key, value) in [("SizeX", now.width.to_string()), ("SizeY", now.height.to_string())] {
        attribute(&attributes, key)?;
        attributes = with_attribute(&attributes, key, &value);
    }
    if was.dtype != now.dtype {
        attributes = with_attribute(&attributes, "Type", kind);
        attributes = with_attribute(&attributes, "SignificantBits", &(8 * now.dtype.bytes()).to_string());
    }
    Some(format!("{head}{attributes}>{tail}"))
}

/// Where the value of an attribute of an element is.
fn attribute(attributes: &str, key: &str) -> Option<Range<usize>> {
    let place = |(at, _): (usize, &str)| {
        // White space may be anywhere but in names, and quotes are of two kinds.
        let rest = attributes[at + key.len()..].trim_start().strip_prefix('=')?.trim_start();
        let value = rest.strip_prefix(['"', '\''])?;
        let len = value.find(&rest[..1])?;
        let start = attributes.len() - value.len();
        attributes[..at].ends_with(char::is_whitespace).then_some(start..start + len)
    };
    attributes.match_indices(key).find_map(place)
}

/// The attributes with another value of this one, if it is among them.
fn with_attribute(attributes: &str, key: &str, value: &str) -> String {
    match attribute(attributes, key) {
        Some(place) => [&attributes[..place.start], value, &attributes[place.end..]].concat(),
        None => attributes.to_string(),
    }
}

/// Drops what GDAL says of single bands, which are others now.
fn forget_bands(metadata: &mut Metadata) {
    let mut dropped = false;
    for tag in metadata.pages.iter_mut().flat_map(|page| &mut page.tags) {
        if tag.number == tag::GDAL_METADATA {
            let new = without_items(tag.value.clone(), |item| {
                item.split_once('>').is_some_and(|(attributes, _)| attributes.contains(" sample=\""))
            });
            dropped |= new != tag.value;
            tag.value = new;
        }
    }
    if dropped {
        metadata.unread.push("GDAL's metadata of single bands".to_string());
    }
}

/// GDAL's metadata without the items that are not wanted, each of which begins with its attributes.
pub fn without_items(value: Value, unwanted: impl Fn(&str) -> bool) -> Value {
    let text = String::from_utf8_lossy(&value.bytes).into_owned();
    let Some((head, items)) = text.split_once("<Item ") else { return value };
    let mut kept = head.to_string();
    for item in items.split("<Item ") {
        let (own, after) = item.split_once("</Item>").unwrap_or((item, ""));
        match unwanted(&format!(" {}", own.trim_start())) {
            true => kept.push_str(after.trim_start()),
            false => kept.push_str(&format!("<Item {item}")),
        }
    }
    if kept == text { value } else { Value::text(kept.trim_end_matches('\0')) }
}
