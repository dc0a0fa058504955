//! What files keep of what pictures carry, and words for what they lose.

use hoodoo::DType;

use super::format::Format;
use super::{exr, fits, tiff};
use crate::image::header::Header;
use crate::image::metadata::{Carried, PALETTE_LOST, Storage, TEXTS};
use crate::image::{Layout, Metadata};

/// Takes from what an image of this type carries what a file of this format can't keep; what that is, in words.
pub fn keep(format: Format, metadata: &mut Metadata, dtype: DType) -> Vec<String> {
    let mut lost = std::mem::take(&mut metadata.unread);
    lost.extend(metadata.damage.take().map(|damage| format!("the whole picture: {damage}")));
    match std::mem::take(&mut metadata.other_pages) {
        0 => {}
        1 => lost.push("the other page".to_string()),
        pages => lost.push(format!("the {pages} other pages")),
    }
    let palette = metadata.storage.as_ref().is_some_and(|storage| storage.palette.is_some());
    if palette && format != Format::Tiff {
        lost.push(PALETTE_LOST.to_string());
    }
    if format == Format::Tiff {
        lost.extend(metadata.storage.iter().flat_map(tiff::not_written));
        let known = |(keyword, _): &(String, String)| TEXTS.iter().any(|(_, other)| other == keyword);
        let (kept, others): (Vec<_>, Vec<_>) = std::mem::take(&mut metadata.texts).into_iter().partition(known);
        metadata.texts = kept;
        lost.extend(others.iter().map(|(keyword, _)| format!("text \"{}\"", keyword.escape_debug())));
    }
    if let (Format::Exr, Some(Header::Exr(header))) = (format, &metadata.header) {
        lost.extend(exr::not_written(header));
    }
    if let (Format::Fits | Format::FitsGz, Some(Header::Fits(header))) = (format, &metadata.header) {
        lost.extend(fits::not_written(header, &metadata.first, &metadata.steps));
    }
    if metadata.storage.as_ref().is_some_and(|storage| storage.dtype != dtype && storage.photometric == 3) {
        // What the numbers of a palette become has no colours.
        metadata.storage = metadata.storage.take().map(|storage| without_palette(storage, &mut lost));
    }
    for (carried, words) in metadata.carried() {
        if !format.keeps(carried) {
            lost.push(words);
            drop_carried(metadata, carried);
        }
    }
    if let Some(nodata) = metadata.nodata.filter(|nodata| dtype.standing_for(*nodata).is_none()) {
        lost.push(format!("nodata value {nodata}, which {dtype} can't hold"));
        drop_carried(metadata, Carried::Nodata);
    }
    let is_fits = matches!(format, Format::Fits | Format::FitsGz);
    if let Some(nodata) = metadata.nodata.filter(|nodata| is_fits && dtype.is_float() && nodata.is_finite()) {
        lost.push(format!("nodata value {nodata}, which is NaN in FITS files of floats"));
        drop_carried(metadata, Carried::Nodata);
    }
    lost.dedup();
    lost
}

/// Takes the colour profile from what an image carries that is grey now and was not, or the other way round; what is lost, in words.
pub fn drop_profile(metadata: &mut Metadata, layout: &Layout) -> Option<String> {
    let colours = layout.channels.map_or(1, |channels| channels.colours);
    // Where a profile says what its colours are.
    let (space, words) = match metadata.icc.as_deref().and_then(|icc| icc.get(16..20))? {
        b"GRAY" => (1, "grey"),
        b"RGB " => (3, "red, green and blue"),
        _ => return None,
    };
    if space == colours || ![1, 3].contains(&colours) {
        return None;
    }
    drop_carried(metadata, Carried::Profile);
    Some(format!("colour profile, which is one for {words}"))
}

/// What a file of this format says of its colours and their opacity that is not so, in words.
pub fn opacity_lost(format: Format, metadata: &Metadata, layout: &Layout) -> Option<String> {
    let multiplied = match format {
        Format::Exr => true,
        // TIFF has both, as its own files say.
        Format::Tiff if metadata.storage.is_some() => return None,
        Format::Tiff | Format::Png | Format::WebP | Format::Pam | Format::Qoi | Format::Tga => false,
        _ => return None,
    };
    let has_opacity = layout.channels.is_some_and(|channels| channels.alpha);
    let is_lost = has_opacity && metadata.has_associated_opacity() != multiplied;
    is_lost.then(|| match multiplied {
        true => "that colours are not multiplied by the opacity, as those of such a file are".to_string(),
        false => "that colours are multiplied by the opacity, as those of such a file are not".to_string(),
    })
}

/// Has an image say that this number stands for no value, or that none does.
pub fn set_nodata(metadata: &mut Metadata, nodata: Option<f64>) {
    let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
    // What the file says stays as it says it.
    if metadata.nodata.zip(nodata).is_some_and(|(old, new)| same(old, new)) {
        return;
    }
    metadata.nodata = nodata;
    metadata.pages.iter_mut().for_each(|page| tiff::set_nodata(page, nodata));
}

fn without_palette(mut storage: Storage, lost: &mut Vec<String>) -> Storage {
    lost.push("palette".to_string());
    storage.palette = None;
    storage.photometric = 1;
    storage
}

fn drop_carried(metadata: &mut Metadata, carried: Carried) {
    match carried {
        Carried::Profile => metadata.icc = None,
        Carried::Exif => metadata.exif = None,
        Carried::Xmp => metadata.xmp = None,
        Carried::Resolution => metadata.resolution = None,
        Carried::Nodata => metadata.nodata = None,
        Carried::Mask => metadata.forget_mask(),
        Carried::Texts => metadata.texts.clear(),
        Carried::Nifti | Carried::Fits | Carried::Arrays | Carried::Exr | Carried::Png => metadata.header = None,
        Carried::Bits => metadata.bits = None,
        Carried::Georeference | Carried::WhiteIsZero | Carried::Tags => {}
    }
    for page in &mut metadata.pages {
        page.tags.retain(|tag| Carried::of_tag(tag.number) != carried);
    }
}
