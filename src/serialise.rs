//! Serialisation, for configuration files and messages: kernels as their source, options by the names that the command line
//! has for them. What is deserialised is checked as if it were given to the constructors.

use std::str::FromStr;

use ndarray::{ArrayD, IxDyn};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::filter::engine::Engine;
use crate::grid::boundary::Mode;
use crate::grid::copies::Copies;
use crate::grid::cut::Cut;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::footprint::Footprint;
use crate::grid::vectors::Vectors;
use crate::kernel::Kernel;

macro_rules! as_text {
    ($($type:ty: $text:ident),*) => {
        $(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.$text())
                }
            }

            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                    let text = String::deserialize(deserializer)?;
                    <$type>::from_str(&text).map_err(D::Error::custom)
                }
            }
        )*
    };
}

// A kernel has the default limits; for others, deserialise a string and compile that.
as_text!(
    Kernel: source,
    Mode: as_str,
    DType: as_str,
    Cast: as_str,
    Precision: as_str,
    Engine: as_str,
    Cut: as_str,
    Vectors: as_str,
    Copies: as_str
);

/// A footprint in parts: a mask of its bounding box, and where that lies.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "Footprint", deny_unknown_fields)]
struct Mask {
    shape: Vec<usize>,
    origin: Vec<isize>,
    /// The positions of the cells in the bounding box.
    cells: Vec<usize>,
}

impl Serialize for Footprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (shape, origin, cells) =
            (self.shape().to_vec(), self.origin().to_vec(), self.positions().collect::<Vec<usize>>());
        Mask { shape, origin, cells }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Footprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Footprint, D::Error> {
        let Mask { shape, origin, cells } = Mask::deserialize(deserializer)?;
        // Checks the shape, so that there is memory for the mask.
        let whole = Footprint::size(&shape).map_err(D::Error::custom)?;
        let mut mask = ArrayD::from_elem(IxDyn(&shape), false);
        for cell in cells {
            let place = mask.as_slice_mut().and_then(|mask| mask.get_mut(cell));
            *place.ok_or_else(|| D::Error::custom(format!("there is no cell {cell} among {}", whole.len())))? = true;
        }
        Footprint::from_array(mask.view())
            .and_then(|footprint| footprint.with_origin(&origin))
            .map_err(D::Error::custom)
    }
}
