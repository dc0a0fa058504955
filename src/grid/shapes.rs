//! Footprints by the names of their shapes, beyond the box, the cross and the ball.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A shape around the pixel.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Shape {
    /// The cells that are at most so many steps along the axes away: a square on its corner along two axes.
    Diamond(usize),
    /// A regular octagon of which this is the inner radius; along two axes.
    Octagon(usize),
    /// The cells whose Euclidean distance is between these two, both included.
    Ring(f64, f64),
    /// An ellipse or ellipsoid of these half axes, one for each axis.
    Ellipse(Vec<f64>),
    /// A line through the pixel, of this length in cells, at this angle in degrees, counterclockwise from the direction of rows;
    /// along two axes, of which the first points down.
    Line(f64, f64),
}

/// How shapes are written, such as `diamond:R, octagon:R`.
pub fn in_words(forms: &[(&str, &str)]) -> String {
    forms.iter().map(|(name, numbers)| format!("{name}:{numbers}")).collect::<Vec<_>>().join(", ")
}

impl Shape {
    /// Their names, each with the numbers that follow it.
    pub const FORMS: [(&str, &str); 5] =
        [("diamond", "R"), ("octagon", "R"), ("ring", "R1,R2"), ("ellipse", "RY,RX"), ("line", "LENGTH,DEGREES")];

    /// How many axes there must be, if not any number.
    pub fn axes(&self) -> Option<usize> {
        match self {
            Shape::Octagon(_) | Shape::Line(..) => Some(2),
            Shape::Ellipse(radii) => Some(radii.len()),
            Shape::Diamond(_) | Shape::Ring(..) => None,
        }
    }

    /// How far it reaches along each of `axes` axes; an ellipse has its own number of them, and a line two.
    pub fn radii(&self, axes: usize) -> Vec<usize> {
        match self {
            Shape::Diamond(radius) | Shape::Octagon(radius) => vec![*radius; axes],
            Shape::Ring(_, outer) => vec![*outer as usize; axes],
            Shape::Ellipse(radii) => radii.iter().map(|radius| *radius as usize).collect(),
            Shape::Line(length, degrees) => {
                let (dy, dx) = half_line(*length, *degrees);
                vec![dy.unsigned_abs(), dx.unsigned_abs()]
            }
        }
    }

    /// Whether the cell at this offset is in it. A line has no cell at offsets along other than two axes.
    pub fn contains(&self, offset: &[isize]) -> bool {
        let steps = || offset.iter().map(|d| d.unsigned_abs()).fold(0usize, usize::saturating_add);
        match self {
            Shape::Diamond(radius) => steps() <= *radius,
            // The corners of the square are cut off where that is as long a side.
            Shape::Octagon(radius) => steps() as f64 <= (*radius as f64 * std::f64::consts::SQRT_2).round(),
            Shape::Ring(inner, outer) => {
                let square: f64 = offset.iter().map(|d| (*d as f64).powi(2)).sum();
                (inner * inner..=outer * outer).contains(&square)
            }
            Shape::Ellipse(radii) => {
                let part = |(d, radius): (&isize, &f64)| if *d == 0 { 0.0 } else { (*d as f64 / radius).powi(2) };
                offset.iter().zip(radii).map(part).sum::<f64>() <= 1.0
            }
            Shape::Line(length, degrees) => {
                let [y, x] = *offset else { return false };
                let (dy, dx) = half_line(*length, *degrees);
                // One cell for each step along the longer of the two, symmetric about the pixel.
                let on = |along: isize, across: isize, end: isize, rise: isize| match end {
                    0 => across == 0,
                    _ => across == (along as f64 * rise as f64 / end as f64).round() as isize,
                };
                if dx.abs() >= dy.abs() { on(x, y, dx, dy) } else { on(y, x, dy, dx) }
            }
        }
    }

    /// Checks that the numbers are ones of such a shape.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for radii that are negative, not finite or not in order, and for a line of no length or angle.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.wrong().map_or(Ok(()), |message| Err(Error::argument("footprint", message)))
    }

    /// What is wrong with the numbers, if something is.
    fn wrong(&self) -> Option<String> {
        let is_radius = |radius: &f64| (0.0..1e8).contains(radius);
        let wrong_radius = |radii: &[f64]| {
            let wrong = radii.iter().find(|radius| !is_radius(radius))?;
            Some(format!("the radius is {wrong}; it must be finite, at least 0 and not too large"))
        };
        match self {
            Shape::Ring(inner, outer) => wrong_radius(&[*inner, *outer]).or_else(|| {
                (inner > outer).then(|| format!("a ring from {inner} to {outer} has its inner radius first"))
            }),
            Shape::Ellipse(radii) => wrong_radius(radii),
            Shape::Line(length, degrees) => (!(1.0..1e8).contains(length) || !degrees.is_finite())
                .then(|| format!("a line has a length of at least 1 and an angle, not {length} and {degrees}")),
            Shape::Diamond(_) | Shape::Octagon(_) => None,
        }
    }
}

/// From the pixel to the end of a line: down, and to the right.
fn half_line(length: f64, degrees: f64) -> (isize, isize) {
    let (half, angle) = ((length - 1.0) / 2.0, degrees.to_radians());
    ((-half * angle.sin()).round() as isize, (half * angle.cos()).round() as isize)
}

impl FromStr for Shape {
    type Err = Error;

    fn from_str(text: &str) -> Result<Shape, Error> {
        let wrong = |message: String| Error::argument("footprint", message);
        let (name, numbers) = text.split_once(':').unwrap_or((text, ""));
        let usage = || {
            let meant: Vec<(&str, &str)> = Shape::FORMS.into_iter().filter(|form| form.0 == name).collect();
            let forms = if meant.is_empty() { &Shape::FORMS[..] } else { &meant };
            wrong(format!("`{text}` is not a shape; write {}", in_words(forms)))
        };
        let numbers = numbers.split(',').map(|number| number.trim().parse().map_err(|_| usage()));
        let numbers = numbers.collect::<Result<Vec<f64>, Error>>()?;
        let whole = |number: f64| match number.fract() == 0.0 && (0.0..1e8).contains(&number) {
            true => Ok(number as usize),
            false => Err(wrong(format!("`{number}` is not a radius in whole cells"))),
        };
        let shape = match (name, numbers.as_slice()) {
            ("diamond", [radius]) => Shape::Diamond(whole(*radius)?),
            ("octagon", [radius]) => Shape::Octagon(whole(*radius)?),
            ("ring", [inner, outer]) => Shape::Ring(*inner, *outer),
            ("ellipse", [_, _, ..]) => Shape::Ellipse(numbers),
            ("line", [length, degrees]) => Shape::Line(*length, *degrees),
            _ => return Err(usage()),
        };
        shape.check()?;
        Ok(shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Diamond(radius) => write!(f, "diamond:{radius}"),
            Shape::Octagon(radius) => write!(f, "octagon:{radius}"),
            Shape::Ring(inner, outer) => write!(f, "ring:{inner},{outer}"),
            Shape::Ellipse(radii) => {
                let radii: Vec<String> = radii.iter().map(ToString::to_string).collect();
                write!(f, "ellipse:{}", radii.join(","))
            }
            Shape::Line(length, degrees) => write!(f, "line:{length},{degrees}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::grid::footprint::Footprint;

    /// The cells as rows of 0 and 1.
    fn rows(text: &str) -> String {
        let shape: Shape = text.parse().unwrap();
        assert_eq!(shape.to_string(), text);
        let [h, w] = shape.radii(2).try_into().map(|radii: [usize; 2]| radii.map(|radius| radius as isize)).unwrap();
        let row = |y| (-w..=w).map(|x| if shape.contains(&[y, x]) { '1' } else { '0' }).collect::<String>();
        (-h..=h).map(row).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn shapes_are_what_their_names_say() {
        assert_eq!(rows("diamond:1"), "010/111/010");
        assert_eq!(rows("diamond:2"), "00100/01110/11111/01110/00100");
        assert_eq!(rows("octagon:2"), "01110/11111/11111/11111/01110");
        assert_eq!(rows("ring:1,1"), "010/101/010");
        assert_eq!(rows("ring:2,2.3"), "01110/10001/10001/10001/01110");
        assert_eq!(rows("ellipse:1,2"), "00100/11111/00100");
        assert_eq!(rows("ellipse:0,1"), "111");
        assert_eq!(rows("line:5,0"), "11111");
        assert_eq!(rows("line:3,90"), "1/1/1");
        // Counterclockwise: up to the right.
        assert_eq!(rows("line:5,45"), "001/010/100");
        assert_eq!(rows("line:5,-45"), "100/010/001");
        assert_eq!(rows("line:7,20"), "0000011/0011100/1100000");
        assert_eq!(rows("line:1,17"), "1");
    }

    #[test]
    fn wrong_numbers_are_errors() {
        for (text, message) in [
            ("ring:3,1", "a ring from 3 to 1 has its inner radius first"),
            ("ring:3", "write ring:R1,R2"),
            ("line:5", "write line:LENGTH,DEGREES"),
            ("line:0,5", "a line has a length of at least 1"),
            ("diamond:1.5", "is not a radius in whole cells"),
            ("ellipse:1", "write ellipse:RY,RX"),
            ("ellipse:-1,2", "the radius is -1"),
            ("star:3", "write diamond:R, octagon:R"),
        ] {
            let error = text.parse::<Shape>().unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    /// What was not made of a text is checked where it becomes a footprint.
    #[test]
    fn shapes_that_are_none_are_no_footprints() {
        let message = |axes, shape: Shape| Footprint::shaped(axes, &shape).unwrap_err().to_string();
        assert!(message(3, Shape::Line(5.0, 0.0)).contains("has 2 axes, and the array is filtered along 3"));
        assert!(message(1, Shape::Octagon(2)).contains("has 2 axes"));
        assert!(message(2, Shape::Ellipse(vec![1.0; 3])).contains("has 3 axes"));
        assert!(message(2, Shape::Ellipse(vec![f64::INFINITY, 2.0])).contains("the radius is inf"));
        assert!(message(2, Shape::Ring(3.0, 1.0)).contains("inner radius first"));
        assert!(message(2, Shape::Ring(1.0, f64::NAN)).contains("the radius is NaN"));
        assert!(message(2, Shape::Line(0.5, 0.0)).contains("a length of at least 1"));
        assert!(message(2, Shape::Line(3.0, f64::NAN)).contains("and an angle"));
        assert!(message(2, Shape::Diamond(usize::MAX)).contains("more than 16777216 cells"));
        assert!(!Shape::Line(3.0, 0.0).contains(&[0]) && Shape::Line(3.0, 0.0).contains(&[0, 1]));
    }
}
