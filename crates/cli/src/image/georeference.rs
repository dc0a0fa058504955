//! Where on Earth the pixels of a part of a picture are.

use std::ops::Range;

use super::metadata::{Page, Tag, Value, tag};

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
                _ => continue,
            }
            *value = Value::doubles(&numbers);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::image::metadata::{Page, Tag, Value, tag};

    fn page(tags: &[(u16, &[f64])]) -> Page {
        let tag = |(number, values): &(u16, &[f64])| Tag { number: *number, value: Value::doubles(values) };
        Page { tags: tags.iter().map(tag).collect() }
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
