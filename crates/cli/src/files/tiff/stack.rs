//! Stacks of microscopes: which pages are the slices of one volume, as ImageJ's and OME's descriptions say.

use ndarray::ArrayD;

use crate::arrays::for_any;
use crate::image::Image;
use crate::image::metadata::{Metadata, Slices};

/// How the pages of a file are counted, if its description says that they are several volumes.
pub fn slices(metadata: &Metadata, pages: usize) -> Option<Slices> {
    let (_, description) = metadata.texts.iter().find(|(keyword, _)| keyword == "Description")?;
    let found = of_imagej(description).or_else(|| of_ome(description))?;
    let volumes = found.sizes.iter().product::<usize>() / found.sizes[found.depth].max(1);
    (found.sizes.iter().product::<usize>() == pages && volumes > 1).then_some(found)
}

/// ImageJ counts channels first, then slices, then frames.
fn of_imagej(description: &str) -> Option<Slices> {
    description.strip_prefix("ImageJ=")?;
    let size = |key: &str| {
        let value = description.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.map_or(Some(1), |value| value.trim().parse().ok())
    };
    Some(Slices { sizes: [size("frames")?, size("slices")?, size("channels")?], depth: 1 })
}

/// OME says in which order it counts: `XYCZT` is as ImageJ does.
fn of_ome(description: &str) -> Option<Slices> {
    let (_, pixels) = description.split_once("<Pixels")?;
    let (pixels, _) = pixels.split_once('>')?;
    let attribute = |key: &str| Some(pixels.split_once(&format!(" {key}=\""))?.1.split_once('"')?.0);
    // The fastest axis is the first letter after those of the plane.
    let order: Vec<char> = attribute("DimensionOrder")?.strip_prefix("XY")?.chars().rev().collect();
    let size = |axis: &char| attribute(&format!("Size{axis}"))?.parse().ok();
    let sizes: Vec<usize> = order.iter().map(size).collect::<Option<_>>()?;
    Some(Slices { sizes: sizes.try_into().ok()?, depth: order.iter().position(|axis| *axis == 'Z')? })
}

/// The volumes of an image whose first axis is all pages, and of its mask: two axes for which volume, then one of slices.
pub fn volumes(mut image: Image, slices: Slices) -> Image {
    let mask = image.metadata.mask.take().map(|mask| volumes_of(mask, slices));
    let mut image = image.map(|array| for_any!(AnyArray, array, array => volumes_of(array, slices).into()));
    image.metadata.mask = mask;
    image
}

fn volumes_of<T: Clone>(pages: ArrayD<T>, slices: Slices) -> ArrayD<T> {
    let shape: Vec<usize> = slices.sizes.into_iter().chain(pages.shape()[1..].iter().copied()).collect();
    let pages = pages.as_standard_layout().into_owned().into_shape_with_order(shape).expect("there are as many pages");
    let mut order: Vec<usize> = (0..pages.ndim()).filter(|axis| *axis != slices.depth).collect();
    order.insert(2, slices.depth);
    pages.permuted_axes(order).as_standard_layout().into_owned()
}

/// An image of volumes in the order of a file's pages, and its mask; none where it is not made of volumes.
pub fn in_file_order(image: &Image) -> Option<Image> {
    let slices = image.metadata.slices.filter(|_| image.layout().stack == 2)?;
    let array = for_any!(AnyArray, &image.array, array => pages_of(array, slices).into());
    let mut ordered = image.with_array(array);
    ordered.metadata.mask = image.metadata.mask.as_ref().map(|mask| pages_of(mask, slices));
    Some(ordered)
}

fn pages_of<T: Clone>(volumes: &ArrayD<T>, slices: Slices) -> ArrayD<T> {
    let mut order: Vec<usize> = (0..volumes.ndim()).filter(|axis| *axis != 2).collect();
    order.insert(slices.depth, 2);
    volumes.view().permuted_axes(order).as_standard_layout().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Slices, of_imagej, of_ome};

    #[test]
    fn descriptions_say_how_pages_are_counted() {
        let imagej = "ImageJ=1.11a\nimages=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\n";
        assert_eq!(of_imagej(imagej), Some(Slices { sizes: [2, 3, 2], depth: 1 }));
        assert_eq!(of_imagej("ImageJ=1.11a\nimages=5\nslices=5\n"), Some(Slices { sizes: [1, 5, 1], depth: 1 }));
        let ome = "<OME><Image><Pixels ID=\"P\" DimensionOrder=\"XYZCT\" SizeX=\"9\" SizeY=\"8\" SizeC=\"2\" SizeZ=\"3\" SizeT=\"4\" Type=\"uint8\">";
        assert_eq!(of_ome(ome), Some(Slices { sizes: [4, 2, 3], depth: 2 }));
        for other in ["", "a picture", "<Pixels>", "<OME><Pixels DimensionOrder=\"XYQ\">", "ImageJ=1\nslices=many"] {
            assert_eq!((of_imagej(other), of_ome(other)), (None, None), "{other}");
        }
    }
}
