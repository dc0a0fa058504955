//! Elements as bytes.

use hoodoo::AnyArray;

use super::sequence::{self, Order};

/// The bytes of an array's elements, the least significant first, as most files have them.
pub fn little(array: &AnyArray) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    sequence::write(array, Order { big_endian: false, first_fastest: false }, &mut bytes)?;
    Ok(bytes)
}
