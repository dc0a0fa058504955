//! The names of TIFF tags, for messages.

/// Tags by number, with what the specifications call them.
const NAMES: [(u16, &str); 68] = [
    (254, "NewSubfileType"),
    (256, "ImageWidth"),
    (257, "ImageLength"),
    (258, "BitsPerSample"),
    (259, "Compression"),
    (262, "PhotometricInterpretation"),
    (266, "FillOrder"),
    (269, "DocumentName"),
    (270, "ImageDescription"),
    (271, "Make"),
    (272, "Model"),
    (273, "StripOffsets"),
    (274, "Orientation"),
    (277, "SamplesPerPixel"),
    (278, "RowsPerStrip"),
    (279, "StripByteCounts"),
    (282, "XResolution"),
    (283, "YResolution"),
    (284, "PlanarConfiguration"),
    (285, "PageName"),
    (286, "XPosition"),
    (287, "YPosition"),
    (290, "GrayResponseUnit"),
    (291, "GrayResponseCurve"),
    (296, "ResolutionUnit"),
    (297, "PageNumber"),
    (301, "TransferFunction"),
    (305, "Software"),
    (306, "DateTime"),
    (315, "Artist"),
    (316, "HostComputer"),
    (317, "Predictor"),
    (318, "WhitePoint"),
    (319, "PrimaryChromaticities"),
    (320, "ColorMap"),
    (322, "TileWidth"),
    (323, "TileLength"),
    (324, "TileOffsets"),
    (325, "TileByteCounts"),
    (332, "InkSet"),
    (333, "InkNames"),
    (334, "NumberOfInks"),
    (336, "DotRange"),
    (337, "TargetPrinter"),
    (338, "ExtraSamples"),
    (339, "SampleFormat"),
    (340, "SMinSampleValue"),
    (341, "SMaxSampleValue"),
    (347, "JPEGTables"),
    (400, "GlobalParametersIFD"),
    (700, "XMP"),
    (33_432, "Copyright"),
    (33_550, "ModelPixelScale"),
    (33_628, "MetaMorph"),
    (33_723, "IPTC"),
    (33_922, "ModelTiepoint"),
    (34_264, "ModelTransformation"),
    (34_377, "Photoshop"),
    (34_412, "Zeiss LSM"),
    (34_665, "Exif"),
    (34_675, "ICC profile"),
    (34_735, "GeoKeyDirectory"),
    (34_853, "GPS"),
    (42_112, "GDAL_METADATA"),
    (42_113, "GDAL_NODATA"),
    (50_706, "DNGVersion"),
    (50_838, "IJMetadataByteCounts"),
    (50_839, "IJMetadata"),
];

/// A tag in words: its number, and its name if it is a common one.
pub fn words_for_tag(number: u16) -> String {
    match NAMES.iter().find(|(other, _)| *other == number) {
        Some((_, name)) => format!("tag {number} ({name})"),
        None => format!("tag {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, words_for_tag};

    #[test]
    fn tags_have_names() {
        assert!(NAMES.is_sorted_by_key(|(number, _)| *number));
        assert_eq!([271, 65_000].map(words_for_tag), ["tag 271 (Make)", "tag 65000"]);
    }
}
