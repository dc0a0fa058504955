//! Values as the levels of a picture whose file can't hold them.

use std::str::FromStr;

use hoodoo::DType;

use crate::image::Image;
use crate::output::Target;

/// Which values are black and white in a picture of u8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// The least and the greatest that there are.
    Auto,
    /// These two; what is beyond them is as they are.
    Between(f64, f64),
}

impl FromStr for Shown {
    type Err = String;

    fn from_str(text: &str) -> Result<Shown, String> {
        if text == "auto" {
            return Ok(Shown::Auto);
        }
        let number = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        match text.split_once(',').map(|(black, white)| (number(black), number(white))) {
            Some((Some(black), Some(white))) if black != white => Ok(Shown::Between(black, white)),
            _ => Err("write auto, or two numbers: the value that is black, and the one that is white".to_string()),
        }
    }
}

impl Shown {
    /// The element type that a file gets for values of this one: u8 where it can't hold them, and they are to be shown.
    pub fn stored(shown: Option<Shown>, target: &Target, dtype: DType) -> DType {
        if shown.is_some() && !target.holds(dtype) { DType::U8 } else { dtype }
    }

    /// What is lost, in words.
    pub fn words(self) -> String {
        match self {
            Shown::Auto => "exact values: the least to the greatest are shown as 0 to 255".to_string(),
            Shown::Between(black, white) => format!("exact values: {black} to {white} are shown as 0 to 255"),
        }
    }

    /// The image in levels from 0 to 255; the number for no value is no level of its own.
    pub fn apply(self, image: &Image, nodata: Option<f64>) -> Image {
        let (black, white) = match self {
            Shown::Auto => image.finite_range(nodata),
            Shown::Between(black, white) => (black, white),
        };
        image.levels(black, white)
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn ranges_are_two_numbers() {
        assert_eq!("auto".parse(), Ok(Shown::Auto));
        assert_eq!("0,8".parse(), Ok(Shown::Between(0.0, 8.0)));
        assert_eq!("90, -1e3".parse(), Ok(Shown::Between(90.0, -1000.0)));
        for wrong in ["", "8", "1,1", "0,inf", "0,1,2", "a,b", "nan,1"] {
            assert!(wrong.parse::<Shown>().is_err(), "{wrong}");
        }
    }
}
