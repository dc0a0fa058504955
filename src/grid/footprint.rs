//! Which cells belong to the window.

use std::fmt;
use std::str::FromStr;

use ndarray::{ArrayD, ArrayViewD, IxDyn};

use super::shapes::{Shape, in_words};
use crate::error::Error;
use crate::lang::cells::Cells;

/// The most cells that a footprint's bounding box may have.
const MAX_CELLS: usize = 1 << 24;

/// The cells of a window, as offsets from the pixel, in C order.
///
/// Along each axis, cell `k` of a footprint of that many cells is at offset `k - size / 2 - origin`: the centre of an
/// even size is right of the middle, and a positive origin moves the window toward lower indices, as in SciPy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    shape: Vec<usize>,
    origin: Vec<isize>,
    /// The positions of the cells in the bounding box, in C order; `None` for all of them.
    positions: Option<Vec<usize>>,
}

impl Footprint {
    /// Every cell of a box with `shape[a]` cells along axis `a`.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for a length of 0, and for a box of more than 2^24 cells.
    pub fn size(shape: &[usize]) -> Result<Footprint, Error> {
        checked_cells(shape, "size")?;
        Ok(Footprint { shape: shape.to_vec(), origin: vec![0; shape.len()], positions: None })
    }

    /// The cells where `mask` is true; there may be none.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for an axis of length 0, and for a mask of more than 2^24 cells.
    pub fn from_array(mask: ArrayViewD<'_, bool>) -> Result<Footprint, Error> {
        checked_cells(mask.shape(), "footprint")?;
        let inside = || mask.iter().enumerate().filter(|(_, inside)| **inside).map(|(position, _)| position);
        let positions = if mask.iter().all(|inside| *inside) { None } else { Some(inside().collect()) };
        Ok(Footprint { shape: mask.shape().to_vec(), origin: vec![0; mask.ndim()], positions })
    }

    /// The cells within `radius` of the centre along every axis: (2 `radius` + 1) cells along each of `axes` axes.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for a box of more than 2^24 cells.
    pub fn cube(axes: usize, radius: usize) -> Result<Footprint, Error> {
        Footprint::around(axes, radius, |_| true)
    }

    /// The cells within `radius` of the centre along one axis, and on it along the others.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for a box of more than 2^24 cells.
    pub fn cross(axes: usize, radius: usize) -> Result<Footprint, Error> {
        Footprint::around(axes, radius, |offset| offset.iter().filter(|d| **d != 0).count() <= 1)
    }

    /// The cells whose centre is within Euclidean distance `radius` of the centre: a disk along two axes.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for a radius that is negative or not finite, and for a box of more than 2^24 cells.
    pub fn ball(axes: usize, radius: f64) -> Result<Footprint, Error> {
        check_radius(radius)?;
        Footprint::around(axes, radius as usize, |offset| {
            offset.iter().map(|d| (*d as f64).powi(2)).sum::<f64>() <= radius * radius
        })
    }

    /// The cells of a shape along `axes` axes.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for a shape of another number of axes, for radii that are negative, not finite or not in order, for a line of
    /// no length, and for a box of more than 2^24 cells around it.
    pub fn shaped(axes: usize, shape: &Shape) -> Result<Footprint, Error> {
        shape.axes().map_or(Ok(()), |needed| check_axes("footprint", needed, axes))?;
        shape.check()?;
        Footprint::within(&shape.radii(axes), |offset| shape.contains(offset))
    }

    fn around(axes: usize, radius: usize, inside: impl Fn(&[isize]) -> bool) -> Result<Footprint, Error> {
        Footprint::within(&vec![radius; axes], inside)
    }

    fn within(radii: &[usize], inside: impl Fn(&[isize]) -> bool) -> Result<Footprint, Error> {
        let shape: Vec<usize> = radii.iter().map(|radius| radius.saturating_mul(2).saturating_add(1)).collect();
        checked_cells(&shape, "footprint")?;
        let mask = ArrayD::from_shape_fn(IxDyn(&shape), |index| {
            let along = radii.iter().enumerate();
            let offset: Vec<isize> = along.map(|(axis, radius)| index[axis] as isize - *radius as isize).collect();
            inside(&offset)
        });
        Footprint::from_array(mask.view())
    }

    /// The same cells, moved by -`origin`.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] unless there is one origin for each axis with `0 <= size / 2 + origin < size`.
    pub fn with_origin(mut self, origin: &[isize]) -> Result<Footprint, Error> {
        if origin.len() != self.shape.len() {
            return Err(Error::argument(
                "origin",
                format!("{} origins for a window of {} axes", origin.len(), self.shape.len()),
            ));
        }
        for (axis, (&origin, &size)) in origin.iter().zip(&self.shape).enumerate() {
            let centre = (size / 2) as isize;
            let (least, most) = (-centre, size as isize - 1 - centre);
            if !(least..=most).contains(&origin) {
                return Err(Error::argument(
                    "origin",
                    format!("invalid origin {origin} along axis {axis}: a size of {size} allows {least} to {most}"),
                ));
            }
        }
        self.origin = origin.to_vec();
        Ok(self)
    }

    /// The number of axes.
    pub fn axes(&self) -> usize {
        self.shape.len()
    }

    /// The lengths of the bounding box.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How far the cells were moved along each axis, toward lower indices.
    pub fn origin(&self) -> &[isize] {
        &self.origin
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.positions.as_ref().map_or_else(|| self.shape.iter().product(), Vec::len)
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The positions of the cells in the bounding box, in C order.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).map(|cell| self.positions.as_ref().map_or(cell, |positions| positions[cell]))
    }

    /// The least and the greatest offset that the bounding box has along `axis`.
    ///
    /// # Panics
    ///
    /// If there is no such axis.
    pub fn reach(&self, axis: usize) -> (isize, isize) {
        let first = -((self.shape[axis] / 2) as isize) - self.origin[axis];
        (first, first + self.shape[axis] as isize - 1)
    }

    /// The offsets of the cells from the pixel, `axes` numbers for each.
    pub fn offsets(&self) -> Vec<i32> {
        let reach = self.reaches();
        if self.positions.is_none() {
            return offsets_of_box(&reach);
        }
        let mut offsets = Vec::with_capacity(self.len() * self.axes());
        let mut here = vec![0; self.axes()];
        for position in self.positions() {
            let mut rest = position;
            for axis in (0..self.axes()).rev() {
                here[axis] = reach[axis].0 + (rest % self.shape[axis]) as i32;
                rest /= self.shape[axis];
            }
            offsets.extend(&here);
        }
        offsets
    }

    /// The cells as a kernel sees them.
    pub(crate) fn cells(&self) -> Cells {
        let (offsets, is_box) = (self.offsets(), self.positions.is_none() && self.axes() > 0);
        match is_box {
            true => Cells::of_box(&self.reaches(), offsets),
            false => Cells::of_footprint(self.axes(), self.len(), offsets),
        }
    }

    fn reaches(&self) -> Vec<(i32, i32)> {
        let reach = |axis: usize| self.reach(axis);
        (0..self.axes()).map(reach).map(|(least, most)| (least as i32, most as i32)).collect()
    }
}

/// The offsets of all cells of a box, in C order: from one to the next as an odometer, for there may be millions, and divisions take several times as
/// long.
fn offsets_of_box(reach: &[(i32, i32)]) -> Vec<i32> {
    let Some((row, outer)) = reach.split_last() else { return Vec::new() };
    let count: usize = reach.iter().map(|(least, most)| (most - least + 1) as usize).product();
    let mut offsets = Vec::with_capacity(count * reach.len());
    let mut here: Vec<i32> = outer.iter().map(|(least, _)| *least).collect();
    while offsets.len() < count * reach.len() {
        for along in row.0..=row.1 {
            offsets.extend(&here);
            offsets.push(along);
        }
        for (along, (least, most)) in here.iter_mut().zip(outer).rev() {
            if *along < *most {
                *along += 1;
                break;
            }
            *along = *least;
        }
    }
    offsets
}

fn check_axes(argument: &'static str, given: usize, axes: usize) -> Result<(), Error> {
    match given == axes {
        true => Ok(()),
        false => {
            let message = format!("the window has {given} axes, and the array is filtered along {axes}");
            Err(Error::argument(argument, message))
        }
    }
}

fn check_radius(radius: f64) -> Result<f64, Error> {
    let wrong = if !(0.0..f64::INFINITY).contains(&radius) {
        format!("the radius is {radius}; it must be finite and at least 0")
    } else if radius >= MAX_CELLS as f64 {
        format!("a radius of {radius} is too large: a footprint has at most {MAX_CELLS} cells")
    } else {
        return Ok(radius);
    };
    Err(Error::argument("footprint", wrong))
}

fn checked_cells(shape: &[usize], argument: &'static str) -> Result<usize, Error> {
    if shape.contains(&0) {
        return Err(Error::argument(argument, format!("{shape:?} has an axis of length 0")));
    }
    let cells = shape.iter().try_fold(1usize, |cells, length| cells.checked_mul(*length));
    cells
        .filter(|cells| *cells <= MAX_CELLS)
        .ok_or_else(|| Error::argument(argument, format!("{shape:?} has more than {MAX_CELLS} cells")))
}

/// A footprint in the user's words: complete once the number of axes is known.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Window {
    /// A box; one length for every axis, or one for each.
    Size(Vec<usize>),
    /// [`Footprint::cube`] with this radius.
    Box(usize),
    /// [`Footprint::cross`] with this radius.
    Cross(usize),
    /// [`Footprint::ball`] with this radius, along two axes only.
    Disk(f64),
    /// [`Footprint::ball`] with this radius.
    Ball(f64),
    /// [`Footprint::shaped`].
    Shape(Shape),
    /// The cells where the array is true.
    Array(ArrayD<bool>),
    /// These cells; [`Filter::origin`](crate::Filter::origin) moves them further.
    Footprint(Footprint),
}

impl Window {
    /// The names of shapes, each with the numbers that follow it after a colon.
    pub const FORMS: [(&str, &str); 9] = {
        let [diamond, octagon, ring, ellipse, line] = Shape::FORMS;
        [("box", "R"), ("cross", "R"), ("disk", "R"), ("ball", "R"), diamond, octagon, ring, ellipse, line]
    };

    /// The footprint for `axes` axes.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if the window does not have that many axes, or is not legal.
    pub fn footprint(&self, axes: usize) -> Result<Footprint, Error> {
        match self {
            Window::Size(sizes) if sizes.len() == 1 => Footprint::size(&vec![sizes[0]; axes]),
            Window::Size(sizes) => {
                check_axes("size", sizes.len(), axes)?;
                Footprint::size(sizes)
            }
            Window::Box(radius) => Footprint::cube(axes, *radius),
            Window::Cross(radius) => Footprint::cross(axes, *radius),
            Window::Disk(radius) => {
                check_axes("footprint", 2, axes)?;
                Footprint::ball(2, *radius)
            }
            Window::Ball(radius) => Footprint::ball(axes, *radius),
            Window::Shape(shape) => Footprint::shaped(axes, shape),
            Window::Array(mask) => {
                check_axes("footprint", mask.ndim(), axes)?;
                Footprint::from_array(mask.view())
            }
            Window::Footprint(footprint) => {
                check_axes("footprint", footprint.axes(), axes)?;
                Ok(footprint.clone())
            }
        }
    }
}

impl FromStr for Window {
    type Err = Error;

    /// `box:R`, `cross:R`, `disk:R`, `ball:R`, a [`Shape`], or rows of 0 and 1 such as `010/111/010`.
    fn from_str(text: &str) -> Result<Window, Error> {
        let wrong = |message: String| Error::argument("footprint", message);
        if let Some((shape, radius)) = text.split_once(':') {
            let whole = || radius.parse().map_err(|_| wrong(format!("`{radius}` is not a radius in whole cells")));
            let real = || {
                let radius = radius.parse().map_err(|_| wrong(format!("`{radius}` is not a radius")))?;
                check_radius(radius)
            };
            return match shape {
                "box" => Ok(Window::Box(whole()?)),
                "cross" => Ok(Window::Cross(whole()?)),
                "disk" => Ok(Window::Disk(real()?)),
                "ball" => Ok(Window::Ball(real()?)),
                _ if Shape::FORMS.iter().any(|form| form.0 == shape) => text.parse().map(Window::Shape),
                _ => {
                    let forms = in_words(&Window::FORMS);
                    Err(wrong(format!("`{shape}` is not a shape; the shapes are {forms}")))
                }
            };
        }
        if text.is_empty() || !text.chars().all(|c| matches!(c, '0' | '1' | '/')) {
            let forms = in_words(&Window::FORMS);
            return Err(wrong(format!("`{text}` is not a footprint; write {forms}, or rows such as 010/111/010")));
        }
        let rows: Vec<&str> = text.split('/').collect();
        if rows.iter().any(|row| row.len() != rows[0].len()) {
            return Err(wrong(format!("the rows of `{text}` have different lengths")));
        }
        let cells: Vec<bool> = rows.concat().chars().map(|c| c == '1').collect();
        let shape = if rows.len() == 1 { vec![cells.len()] } else { vec![rows.len(), rows[0].len()] };
        let mask = ArrayD::from_shape_vec(IxDyn(&shape), cells).expect("the rows have one length");
        Ok(Window::Array(mask))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Size(sizes) => {
                let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
                write!(f, "size {}", sizes.join("x"))
            }
            Window::Box(radius) => write!(f, "box:{radius}"),
            Window::Cross(radius) => write!(f, "cross:{radius}"),
            Window::Disk(radius) => write!(f, "disk:{radius}"),
            Window::Ball(radius) => write!(f, "ball:{radius}"),
            Window::Shape(shape) => write!(f, "{shape}"),
            Window::Array(mask) => write!(f, "array of shape {:?}", mask.shape()),
            Window::Footprint(footprint) => write!(f, "footprint of shape {:?}", footprint.shape()),
        }
    }
}

impl From<Footprint> for Window {
    fn from(footprint: Footprint) -> Window {
        Window::Footprint(footprint)
    }
}

impl From<&Footprint> for Window {
    fn from(footprint: &Footprint) -> Window {
        Window::Footprint(footprint.clone())
    }
}

impl From<Shape> for Window {
    fn from(shape: Shape) -> Window {
        Window::Shape(shape)
    }
}

impl From<usize> for Window {
    fn from(size: usize) -> Window {
        Window::Size(vec![size])
    }
}

impl From<&[usize]> for Window {
    fn from(sizes: &[usize]) -> Window {
        Window::Size(sizes.to_vec())
    }
}

impl<const N: usize> From<[usize; N]> for Window {
    fn from(sizes: [usize; N]) -> Window {
        Window::Size(sizes.to_vec())
    }
}

impl From<Vec<usize>> for Window {
    fn from(sizes: Vec<usize>) -> Window {
        Window::Size(sizes)
    }
}

impl From<(usize, usize)> for Window {
    fn from((rows, columns): (usize, usize)) -> Window {
        Window::Size(vec![rows, columns])
    }
}

impl From<(usize, usize, usize)> for Window {
    fn from((planes, rows, columns): (usize, usize, usize)) -> Window {
        Window::Size(vec![planes, rows, columns])
    }
}

impl<S, D> From<ndarray::ArrayBase<S, D>> for Window
where
    S: ndarray::Data<Elem = bool>,
    D: ndarray::Dimension,
{
    fn from(mask: ndarray::ArrayBase<S, D>) -> Window {
        Window::Array(mask.into_owned().into_dyn())
    }
}

impl<S, D> From<&ndarray::ArrayBase<S, D>> for Window
where
    S: ndarray::Data<Elem = bool>,
    D: ndarray::Dimension,
{
    fn from(mask: &ndarray::ArrayBase<S, D>) -> Window {
        Window::Array(mask.to_owned().into_dyn())
    }
}
