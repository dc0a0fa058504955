//! Value ranges.
