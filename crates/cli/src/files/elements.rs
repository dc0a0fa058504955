//! Elements as bytes in this machine's order.

use hoodoo::{AnyArray, Cast, DType, Element};

use super::sequence::{self, Order};
use super::tiff::with_bytes;
use crate::arrays::for_any;

const NATIVE: Order = Order { big_endian: cfg!(target_endian = "big"), first_fastest: false };

/// The array of this shape whose elements have these bytes.
pub fn array(bytes: &[u8], dtype: DType, shape: &[usize]) -> Result<AnyArray, String> {
    sequence::read(bytes, dtype, shape, NATIVE, "elements")
}

/// The bytes of an array's elements, the least significant first, as most files have them.
pub fn little(array: &AnyArray) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    sequence::write(array, Order { big_endian: false, first_fastest: false }, &mut bytes)?;
    Ok(bytes)
}

/// Adds an element with this value as often as it takes for so many bytes.
pub fn repeat(dtype: DType, value: f64, bytes: usize, to: &mut Vec<u8>) {
    let mut element = AnyArray::zeros(dtype, &[1]);
    for_any!(AnyArray, &mut element, array => array.fill(Element::from_f64(value, Cast::Saturate)));
    let one = with_bytes(&element, <[u8]>::to_vec).unwrap_or_default();
    to.extend(one.iter().copied().cycle().take(bytes));
}
