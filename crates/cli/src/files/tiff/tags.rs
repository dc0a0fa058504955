//! The tags of TIFF pages that are about the picture and not about how it is stored.

use hoodoo::DType;
use tiff::tags::Type;

use super::directory::PageHeader;
use super::exif::Exif;
use crate::image::metadata::{Carried, Metadata, Page, Resolution, Storage, TEXTS, Tag, Unit, Value, tag};

/// What the pages say.
pub fn metadata(pages: &[PageHeader], storage: Storage, big: bool) -> Metadata {
    let first = &pages[0].page;
    let bytes = |number| first.find(number).map(|value| value.bytes.clone());
    let mut pages: Vec<Page> = pages.iter().map(|page| page.page.clone()).collect();
    let mut unread = Vec::new();
    for page in &mut pages {
        // A text that is no number says nothing, to others neither.
        let text = page.find(tag::GDAL_NODATA).filter(|text| nodata(&text.bytes, storage.dtype).is_none());
        if let Some(text) = text.map(|text| String::from_utf8_lossy(&text.bytes).trim_end_matches('\0').to_string()) {
            unread.push(format!("nodata value \"{}\", which is no number", text.escape_debug()));
            set_nodata(page, None);
        }
    }
    unread.dedup();
    Metadata {
        icc: bytes(tag::ICC),
        xmp: bytes(tag::XMP),
        resolution: resolution(first),
        nodata: bytes(tag::GDAL_NODATA).and_then(|text| nodata(&text, storage.dtype)),
        texts: TEXTS
            .into_iter()
            .filter_map(|(number, keyword)| Some((keyword.to_string(), text(first, number)?)))
            .collect(),
        pages,
        unread,
        storage: Some(Storage { big, ..storage }),
        ..Metadata::default()
    }
}

/// Whether the pages say where on Earth they are.
pub fn is_georeferenced(metadata: &Metadata) -> bool {
    let mut tags = metadata.pages.iter().flat_map(|page| &page.tags);
    tags.any(|tag| Carried::of_tag(tag.number) == Carried::Georeference)
}

/// The number that GDAL's text stands for, as an element of this type has it.
fn nodata(text: &[u8], dtype: DType) -> Option<f64> {
    let text = String::from_utf8_lossy(text);
    let value: f64 = text.trim_matches(['\0', ' ', '\n']).parse().ok()?;
    // Texts of few digits may be beyond the greatest number of the type that they are meant for.
    let single = dtype == DType::F32 && value.is_finite();
    Some(if single { f64::from((value as f32).clamp(f32::MIN, f32::MAX)) } else { value })
}

/// The words of a tag.
fn text(page: &Page, number: u16) -> Option<String> {
    let value = page.find(number).filter(|value| value.kind == Type::ASCII)?;
    let text = String::from_utf8_lossy(&value.bytes);
    Some(text.trim_end_matches('\0').to_string()).filter(|text| !text.is_empty() && !text.contains('\0'))
}

fn resolution(page: &Page) -> Option<Resolution> {
    let along = |number| {
        let value = page.find(number)?;
        let ([above, below], []) = value.bytes.as_chunks::<4>() else { return None };
        let [above, below] = [above, below].map(|bytes| f64::from(u32::from_ne_bytes(*bytes)));
        Some(above / below).filter(|pixels| pixels.is_finite() && *pixels > 0.0)
    };
    let unit = match page.find(tag::RESOLUTION_UNIT).map(|value| value.bytes.as_slice()) {
        Some(&[low, high]) => match u16::from_ne_bytes([low, high]) {
            1 => Unit::Unknown,
            3 => Unit::Centimetre,
            _ => Unit::Inch,
        },
        _ => Unit::Inch,
    };
    Some(Resolution { pixels: [along(tag::X_RESOLUTION)?, along(tag::Y_RESOLUTION)?], unit })
}

/// The tags for a page of a file whose picture came from a file of another kind.
pub fn page_of(metadata: &Metadata) -> Page {
    let mut tags = Vec::new();
    let mut add = |number, value| tags.push(Tag { number, value });
    if let Some(icc) = &metadata.icc {
        add(tag::ICC, Value { kind: Type::UNDEFINED, bytes: icc.clone() });
    }
    if let Some(xmp) = &metadata.xmp {
        add(tag::XMP, Value { kind: Type::BYTE, bytes: xmp.clone() });
    }
    if let Some(Resolution { pixels: [x, y], unit }) = metadata.resolution {
        add(tag::X_RESOLUTION, Value::rational(x));
        add(tag::Y_RESOLUTION, Value::rational(y));
        let unit: u16 = match unit {
            Unit::Unknown => 1,
            Unit::Inch => 2,
            Unit::Centimetre => 3,
        };
        add(tag::RESOLUTION_UNIT, Value::short(unit));
    }
    for (number, keyword) in TEXTS {
        if let Some((_, text)) = metadata.texts.iter().find(|(other, _)| other == keyword) {
            add(number, Value::text(text));
        }
    }
    // The rest of the Exif data has directories of its own.
    tags.extend(metadata.exif.as_deref().and_then(Exif::from_bytes).into_iter().flat_map(|exif| exif.camera));
    let mut page = Page { tags };
    set_nodata(&mut page, metadata.nodata);
    page
}

/// Has a page say that this number stands for no value, or that none does.
pub fn set_nodata(page: &mut Page, nodata: Option<f64>) {
    page.tags.retain(|tag| tag.number != tag::GDAL_NODATA);
    page.tags.extend(nodata.map(|nodata| Tag { number: tag::GDAL_NODATA, value: Value::text(&nodata_text(nodata)) }));
}

/// As GDAL writes it.
fn nodata_text(nodata: f64) -> String {
    if nodata.is_nan() { "nan".to_string() } else { nodata.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{nodata, nodata_text};

    #[test]
    fn nodata_is_a_number_of_the_type() {
        assert_eq!(nodata(b"-9999\0", hoodoo::DType::I16), Some(-9999.0));
        assert_eq!(nodata(b"-3.40282346638529e+38\0", hoodoo::DType::F32), Some(f64::from(f32::MIN)));
        assert!(nodata(b"nan\0", hoodoo::DType::F32).unwrap().is_nan());
        assert_eq!(nodata(b"none\0", hoodoo::DType::F32), None);
        assert_eq!((nodata_text(-9999.0), nodata_text(f64::NAN)), ("-9999".to_string(), "nan".to_string()));
    }
}
