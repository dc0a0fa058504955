//! Where on Earth the pixels of a part of a picture are.

use std::ops::Range;

use super::metadata::{Page, Resolution, Tag, Value, tag};

/// In the coefficients of a rational polynomial, which place is the middle of the picture, and how far its ends are from there
/// (<https://geotiff.maptools.org/rpc_prop.html>).
const LINE_OFFSET: usize = 2;
const SAMPLE_OFFSET: usize = 3;
const LINE_SCALE: usize = 7;
const SAMPLE_SCALE: usize = 8;

impl Page {
    /// The tags where the page's first row and column are others: what is placed by tie points moves along.
    pub fn cut(&mut self, region: &[Range<usize>]) {
        let [.., rows, columns] = region else { return };
        let (dy, dx) = (rows.start as f64, columns.start as f64);
        if (dy, dx) == (0.0, 0.0) {
            return;
        }
        let scale = self.find(tag::MODEL_PIXEL_SCALE).map(Value::as_doubles);
        for Tag { number, value } in &mut self.tags {
            let mut numbers = value.as_doubles();
            match (*number, &scale, numbers.len()) {
                (tag::MODEL_TIEPOINT, Some(scale), 6) if scale.len() >= 2 => {
                    numbers[3] += dx * scale[0];
                    numbers[4] -= dy * scale[1];
                }
                // Without a scale, these are places in the picture whose places on Earth are known.
                (tag::MODEL_TIEPOINT, _, _) => {
                    for point in numbers.as_chunks_mut::<6>().0 {
                        point[0] -= dx;
                        point[1] -= dy;
                    }
                }
                (tag::MODEL_TRANSFORMATION, _, 16) => {
                    for row in numbers.as_chunks_mut::<4>().0.iter_mut().take(3) {
                        row[3] += dx * row[0] + dy * row[1];
                    }
                }
                (tag::RPC, _, 9..) => {
                    numbers[LINE_OFFSET] -= dy;
                    numbers[SAMPLE_OFFSET] -= dx;
                }
                _ => continue,
            }
            *value = Value::doubles(&numbers);
        }
    }
}

/// In the list of geographic keys, that which says what a pixel's place is, and its value for the pixel's centre.
const RASTER_TYPE: u16 = 1025;
const IS_POINT: u16 = 2;

impl Page {
    /// The tags where the page has only every n-th row and column: pixels are as much larger. The centre of the first one stays where
    /// it is, so that its corner moves, of which tie points speak unless the keys say that they are about centres.
    pub fn thin_out(&mut self, [rows, columns]: [usize; 2], resolution: Option<Resolution>) {
        let (rows, columns) = (rows as f64, columns as f64);
        let corner =
            if self.has_places_of_centres() { [0.0; 2] } else { [rows, columns].map(|step| (step - 1.0) / 2.0) };
        let scale = self.find(tag::MODEL_PIXEL_SCALE).map(Value::as_doubles);
        for Tag { number, value } in &mut self.tags {
            let mut numbers = value.as_doubles();
            match (*number, &scale, numbers.len()) {
                (tag::MODEL_PIXEL_SCALE, _, 2..) => {
                    numbers[0] *= columns;
                    numbers[1] *= rows;
                }
                (tag::MODEL_TIEPOINT, Some(scale), 6) if scale.len() >= 2 => {
                    numbers[3] -= (numbers[0] + corner[1]) * scale[0];
                    numbers[4] += (numbers[1] + corner[0]) * scale[1];
                    (numbers[0], numbers[1]) = (0.0, 0.0);
                }
                (tag::MODEL_TIEPOINT, _, _) => {
                    for point in numbers.as_chunks_mut::<6>().0 {
                        point[0] = (point[0] + corner[1]) / columns;
                        point[1] = (point[1] + corner[0]) / rows;
                    }
                }
                (tag::MODEL_TRANSFORMATION, _, 16) => {
                    for row in numbers.as_chunks_mut::<4>().0.iter_mut().take(3) {
                        row[3] -= corner[1] * row[0] + corner[0] * row[1];
                        row[0] *= columns;
                        row[1] *= rows;
                    }
                }
                (tag::RPC, _, 9..) => {
                    // They are about centres.
                    numbers[LINE_OFFSET] /= rows;
                    numbers[LINE_SCALE] /= rows;
                    numbers[SAMPLE_OFFSET] /= columns;
                    numbers[SAMPLE_SCALE] /= columns;
                }
                _ => continue,
            }
            *value = Value::doubles(&numbers);
        }
        if let Some(resolution) = resolution {
            self.set_resolution(resolution);
        }
    }

    /// Whether its place is that of its centre.
    fn has_places_of_centres(&self) -> bool {
        let keys = self.find(tag::GEO_KEYS).map_or(&[][..], |value| &value.bytes);
        let numbers: Vec<u16> = keys.as_chunks().0.iter().map(|bytes| u16::from_ne_bytes(*bytes)).collect();
        // Number, place of the value (0 for here), count, value.
        numbers.as_chunks::<4>().0.contains(&[RASTER_TYPE, 0, 1, IS_POINT])
    }
}

#[cfg(test)]
mod tests {
    use crate::image::metadata::{Page, Tag, Value, tag};

    fn page(tags: &[(u16, &[f64])]) -> Page {
        let tag = |(number, values): &(u16, &[f64])| Tag { number: *number, value: Value::doubles(values) };
        Page { tags: tags.iter().map(tag).collect() }
    }

    /// A pixel of three by two stands in the place of the first of six.
    #[test]
    fn pixels_become_larger() {
        let scale = (tag::MODEL_PIXEL_SCALE, &[30.0, 20.0, 0.0][..]);
        let mut areas = page(&[scale, (tag::MODEL_TIEPOINT, &[0.0, 0.0, 0.0, 500_000.0, 4_600_000.0, 0.0])]);
        areas.thin_out([2, 3], None);
        assert_eq!(areas.find(tag::MODEL_PIXEL_SCALE).unwrap().as_doubles(), [90.0, 40.0, 0.0]);
        // The centre was at 500015, 4599990.
        let corner = [0.0, 0.0, 0.0, 499_970.0, 4_600_010.0, 0.0];
        assert_eq!(areas.find(tag::MODEL_TIEPOINT).unwrap().as_doubles(), corner);

        let mut points = page(&[scale, (tag::MODEL_TIEPOINT, &[0.0, 0.0, 0.0, 500_000.0, 4_600_000.0, 0.0])]);
        let keys: Vec<u8> = [1u16, 1, 0, 1, 1025, 0, 1, 2].iter().flat_map(|key| key.to_ne_bytes()).collect();
        points.tags.push(Tag { number: tag::GEO_KEYS, value: Value { kind: tiff::tags::Type::SHORT, bytes: keys } });
        points.thin_out([2, 3], None);
        let same = [0.0, 0.0, 0.0, 500_000.0, 4_600_000.0, 0.0];
        assert_eq!(points.find(tag::MODEL_TIEPOINT).unwrap().as_doubles(), same);

        let matrix = [30.0, 0.0, 0.0, 500_000.0, 0.0, -20.0, 0.0, 4_600_000.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        let mut turned = page(&[(tag::MODEL_TRANSFORMATION, &matrix)]);
        turned.thin_out([2, 3], None);
        let large = turned.find(tag::MODEL_TRANSFORMATION).unwrap().as_doubles();
        assert_eq!(large[..8], [90.0, 0.0, 0.0, 499_970.0, 0.0, -40.0, 0.0, 4_600_010.0]);
    }

    #[test]
    fn places_move_with_the_first_pixel() {
        let region = [2..8, 3..9];
        let mut scaled = page(&[
            (tag::MODEL_PIXEL_SCALE, &[30.0, 20.0, 0.0]),
            (tag::MODEL_TIEPOINT, &[0.0, 0.0, 0.0, 500_000.0, 4_600_000.0, 0.0]),
        ]);
        scaled.cut(&region);
        let moved = [0.0, 0.0, 0.0, 500_090.0, 4_599_960.0, 0.0];
        assert_eq!(scaled.find(tag::MODEL_TIEPOINT).unwrap().as_doubles(), moved);
        assert_eq!(scaled.find(tag::MODEL_PIXEL_SCALE).unwrap().as_doubles(), [30.0, 20.0, 0.0]);

        let matrix = [2.0, 0.5, 0.0, 100.0, 0.25, -3.0, 0.0, 200.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        let mut turned = page(&[(tag::MODEL_TRANSFORMATION, &matrix)]);
        turned.cut(&region);
        let moved = turned.find(tag::MODEL_TRANSFORMATION).unwrap().as_doubles();
        assert_eq!(
            (moved[3], moved[7], moved[11]),
            (100.0 + 3.0 * 2.0 + 2.0 * 0.5, 200.0 + 3.0 * 0.25 - 2.0 * 3.0, 0.0)
        );

        let mut points = page(&[(tag::MODEL_TIEPOINT, &[5.0, 6.0, 0.0, 1.0, 2.0, 0.0, 7.0, 8.0, 0.0, 3.0, 4.0, 0.0])]);
        points.cut(&region);
        let moved = points.find(tag::MODEL_TIEPOINT).unwrap().as_doubles();
        assert_eq!(moved, [2.0, 4.0, 0.0, 1.0, 2.0, 0.0, 4.0, 6.0, 0.0, 3.0, 4.0, 0.0]);
    }
}
