//! Arrays as memory: where their elements are, whatever their type and layout.

#![allow(unsafe_code, reason = "threads share the addresses of arrays that are borrowed for the whole run")]

use std::marker::PhantomData;

use crate::filter::arrays::{Input, Output, for_any};
use crate::grid::element::{DType, Element};

/// An array as memory, while it is borrowed.
///
/// It says where elements are, and reads and writes none; who does that gives the reason why it may.
pub struct RawView<'a> {
    /// The first element. Of an input it is only read.
    first: *mut u8,
    /// How far apart elements are along each axis, in bytes; 0 along an axis of one element, where it may be any number. A
    /// single value is a row of one.
    strides: Vec<isize>,
    dtype: DType,
    borrowed: PhantomData<&'a ()>,
}

// SAFETY: the view itself touches no element; who reads or writes one, on whatever thread, has a reason of their own.
unsafe impl Sync for RawView<'_> {}

impl<'a> RawView<'a> {
    /// An input, which is only to be read.
    pub fn of_input(input: &'a Input<'_>) -> RawView<'a> {
        for_any!(Input, input, view => RawView::new(view.as_ptr().cast_mut(), view.shape(), view.strides()))
    }

    /// An output, which nobody else reads or writes meanwhile.
    pub fn of_output(output: &'a mut Output<'_>) -> RawView<'a> {
        for_any!(Output, output, view => RawView::new(view.as_mut_ptr(), view.shape(), view.strides()))
    }

    fn new<T: Element>(first: *mut T, shape: &[usize], strides: &[isize]) -> RawView<'a> {
        let stride = |(len, stride): (&usize, &isize)| if *len > 1 { stride * size_of::<T>() as isize } else { 0 };
        let mut strides: Vec<isize> = shape.iter().zip(strides).map(stride).collect();
        if strides.is_empty() {
            strides.push(0);
        }
        RawView { first: first.cast(), strides, dtype: T::DTYPE, borrowed: PhantomData }
    }

    /// The same elements along other axes, whose strides these are.
    pub fn with_strides(self, strides: Vec<isize>) -> RawView<'a> {
        RawView { strides, ..self }
    }

    /// The same elements with this axis as the last one, in whose place is the last one.
    pub fn turned(&self, axis: usize) -> RawView<'a> {
        let mut strides = self.strides.clone();
        let last = strides.len() - 1;
        strides.swap(axis, last);
        RawView { strides, ..*self }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// How far apart elements are along each axis, in bytes.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// How far apart the elements of a row are, in bytes.
    pub fn row_stride(&self) -> isize {
        self.strides[self.strides.len() - 1]
    }

    /// How far apart the elements of a row are, in elements of type `T`, which is the array's.
    pub fn step<T: Element>(&self) -> isize {
        debug_assert_eq!(T::DTYPE, self.dtype);
        self.row_stride() / size_of::<T>() as isize
    }

    /// The address of the first element.
    pub fn first(&self) -> *mut u8 {
        self.first
    }

    /// How far an element is from another, in bytes, by the difference of their indices along the first few axes.
    pub fn distance(&self, indices: impl IntoIterator<Item = isize>) -> isize {
        indices.into_iter().zip(&self.strides).map(|(index, stride)| index * stride).sum()
    }
}

/// Runs `$body` with `$type` as the type of the elements that a [`DType`] names.
macro_rules! for_dtype {
    ($dtype:expr, $type:ident => $body:expr) => {
        for_dtype!(@ $dtype, $type => $body; Bool: bool, I8: i8, U8: u8, I16: i16, U16: u16, I32: i32, U32: u32, I64: i64,
            U64: u64, F16: half::f16, F32: f32,
            F64: f64)
    };
    (@ $dtype:expr, $type:ident => $body:expr; $($variant:ident: $element:ty),*) => {
        match $dtype {
            $($crate::grid::element::DType::$variant => {
                type $type = $element;
                $body
            })*
        }
    };
}

pub(crate) use for_dtype;
