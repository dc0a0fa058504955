//! What a file of one format says that files of others have no place for, so that it can be written again.

/// What a file says in its own way.
#[derive(Clone, Debug)]
pub enum Header {
    /// NIfTI: all bytes in front of the voxels.
    Nifti(Vec<u8>),
    /// FITS.
    Fits(FitsHeader),
    /// An archive of arrays.
    Archive(Archive),
    /// OpenEXR.
    Exr(Box<ExrHeader>),
    /// PNG: chunks that say what the numbers of colours mean.
    Png(Vec<PngChunk>),
}

/// A chunk of a PNG file.
#[derive(Clone, Debug)]
pub struct PngChunk {
    /// Its four letters.
    pub kind: [u8; 4],
    /// What it has.
    pub bytes: Vec<u8>,
}

/// What an EXR file says of a layer.
#[derive(Clone, Debug)]
pub struct ExrHeader {
    /// The names of the channels, in the order of the image's.
    pub channels: Vec<String>,
    /// What is said of all layers.
    pub image: exr::prelude::ImageAttributes,
    /// What is said of this one.
    pub layer: exr::prelude::LayerAttributes,
    /// How its samples are stored.
    pub encoding: exr::prelude::Encoding,
}

/// The parts of a FITS file around the pixels of one of its images.
#[derive(Clone, Debug, Default)]
pub struct FitsHeader {
    /// All header and data units before the image's.
    pub before: Vec<u8>,
    /// The cards of the image's header.
    pub cards: Vec<[u8; 80]>,
    /// All header and data units after the image's.
    pub after: Vec<u8>,
    /// How many other units there are.
    pub others: usize,
}

/// The arrays of an .npz file.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The name of the array that the image is.
    pub name: String,
    /// The names of the others' files in the archive, and their bytes.
    pub others: Vec<(String, Vec<u8>)>,
    /// Whether they are compressed.
    pub compressed: bool,
}
