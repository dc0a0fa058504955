//! How much of the terminal a picture takes.

use crate::image::Picture;

/// A picture that is smaller than this is drawn larger, so that it can be seen.
pub const SHORTEST: usize = 16;

/// The rows of the terminal that are left to text.
const TEXT_ROWS: usize = 6;

/// The most columns of a picture.
const MOST_COLUMNS: usize = 72;

/// A part of the terminal, in cells, which are twice as high as wide; at least one each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// From left to right.
    pub columns: u32,
    /// From top to bottom.
    pub rows: u32,
}

impl Cells {
    /// What a picture takes of a terminal with so many columns and rows.
    pub fn of(picture: &Picture, columns: usize, rows: usize) -> Cells {
        let (width, height) = (picture.width as f64, picture.height as f64);
        let enlarged =
            if picture.width.max(picture.height) < SHORTEST { SHORTEST as f64 / width.max(height) } else { 1.0 };
        let most_columns = columns.clamp(1, MOST_COLUMNS) as f64;
        let most_rows = rows.saturating_sub(TEXT_ROWS).max(1) as f64;
        let scale = enlarged.min(most_columns / width).min(2.0 * most_rows / height);
        let cells = |length: f64| (length * scale).round().max(1.0) as u32;
        Cells { columns: cells(width).min(most_columns as u32), rows: cells(height / 2.0).min(most_rows as u32) }
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;
    use crate::image::Picture;

    #[test]
    fn pictures_fit_into_any_window() {
        for (width, height) in [(1, 1), (1, 1024), (1024, 1), (1024, 1024), (3, 5), (640, 480)] {
            let picture = Picture { width, height, rgb: Vec::new() };
            for (columns, rows) in [(0, 0), (1, 1), (10, 3), (80, 24), (1000, 1000)] {
                let Cells { columns: across, rows: down } = Cells::of(&picture, columns, rows);
                assert!((1..=columns.max(1) as u32).contains(&across), "{width} x {height} in {columns} x {rows}");
                assert!((1..=rows.max(1) as u32).contains(&down), "{width} x {height} in {columns} x {rows}");
            }
        }
        let square = Picture { width: 512, height: 512, rgb: Vec::new() };
        assert_eq!(Cells::of(&square, 80, 24), Cells { columns: 36, rows: 18 });
        let small = Picture { width: 3, height: 3, ..square };
        assert_eq!(Cells::of(&small, 80, 24), Cells { columns: 16, rows: 8 });
    }
}
