//! Arrays whose element type is known at run time only.

use half::f16;
use ndarray::{Array, ArrayBase, ArrayD, ArrayViewD, ArrayViewMutD, Data, DataMut, Dimension, IxDyn};

use crate::error::Error;
use crate::grid::element::{DType, Element};

macro_rules! any_arrays {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $array:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[allow(missing_docs, reason = "the names are the types")]
        pub enum $name $(<$life>)? {
            Bool($array<$($life,)? bool>),
            I8($array<$($life,)? i8>),
            U8($array<$($life,)? u8>),
            I16($array<$($life,)? i16>),
            U16($array<$($life,)? u16>),
            I32($array<$($life,)? i32>),
            U32($array<$($life,)? u32>),
            I64($array<$($life,)? i64>),
            U64($array<$($life,)? u64>),
            F16($array<$($life,)? f16>),
            F32($array<$($life,)? f32>),
            F64($array<$($life,)? f64>),
        }

        impl $(<$life>)? $name $(<$life>)? {
            /// The element type.
            pub fn dtype(&self) -> DType {
                match self {
                    $name::Bool(_) => DType::Bool,
                    $name::I8(_) => DType::I8,
                    $name::U8(_) => DType::U8,
                    $name::I16(_) => DType::I16,
                    $name::U16(_) => DType::U16,
                    $name::I32(_) => DType::I32,
                    $name::U32(_) => DType::U32,
                    $name::I64(_) => DType::I64,
                    $name::U64(_) => DType::U64,
                    $name::F16(_) => DType::F16,
                    $name::F32(_) => DType::F32,
                    $name::F64(_) => DType::F64,
                }
            }

            /// The lengths along each axis.
            pub fn shape(&self) -> &[usize] {
                for_any!($name, self, array => array.shape())
            }
        }
    };
}

/// Runs `$body` with the array inside.
macro_rules! for_any {
    ($name:ident, $value:expr, $array:ident => $body:expr) => {
        match $value {
            $name::Bool($array) => $body,
            $name::I8($array) => $body,
            $name::U8($array) => $body,
            $name::I16($array) => $body,
            $name::U16($array) => $body,
            $name::I32($array) => $body,
            $name::U32($array) => $body,
            $name::I64($array) => $body,
            $name::U64($array) => $body,
            $name::F16($array) => $body,
            $name::F32($array) => $body,
            $name::F64($array) => $body,
        }
    };
}

/// Does the same with two arrays of one element type, whichever it is, and something else with those of two.
macro_rules! for_both {
    (($first:ident, $a:expr, $x:ident), ($second:ident, $b:expr, $y:ident) => $body:expr, else $other:expr) => {
        match ($a, $b) {
            ($first::Bool($x), $second::Bool($y)) => $body,
            ($first::I8($x), $second::I8($y)) => $body,
            ($first::U8($x), $second::U8($y)) => $body,
            ($first::I16($x), $second::I16($y)) => $body,
            ($first::U16($x), $second::U16($y)) => $body,
            ($first::I32($x), $second::I32($y)) => $body,
            ($first::U32($x), $second::U32($y)) => $body,
            ($first::I64($x), $second::I64($y)) => $body,
            ($first::U64($x), $second::U64($y)) => $body,
            ($first::F16($x), $second::F16($y)) => $body,
            ($first::F32($x), $second::F32($y)) => $body,
            ($first::F64($x), $second::F64($y)) => $body,
            _ => $other,
        }
    };
}

any_arrays!(
    /// A view of an input array of any element type, shape and layout.
    Input<'a>, ArrayViewD
);
any_arrays!(
    /// A mutable view of an output array of any element type, shape and layout.
    Output<'a>, ArrayViewMutD
);
any_arrays!(
    /// An array of any element type and shape.
    AnyArray, ArrayD
);

/// An array of zeros, if there is memory for it.
pub fn zeros<T: Element, D: Dimension>(shape: D) -> Result<Array<T, D>, Error> {
    let len = shape.slice().iter().try_fold(1usize, |len, axis| len.checked_mul(*axis)).unwrap_or(usize::MAX);
    let elements = Error::filled("an array", len, T::default())?;
    Ok(Array::from_shape_vec(shape, elements).expect("as many elements as the shape has"))
}

/// What the enums need to know about each element type.
#[diagnostic::on_unimplemented(
    message = "arrays of `{Self}` can't be filtered",
    label = "not an element type",
    note = "element types are bool, i8 to u64, f16, f32 and f64; `array.mapv(...)` makes an array of one of them, and the channels of a \
            picture are one more axis"
)]
pub trait AnyElement: Element {
    /// The view as an input.
    fn input(view: ArrayViewD<'_, Self>) -> Input<'_>;
    /// The view as an output.
    fn output(view: ArrayViewMutD<'_, Self>) -> Output<'_>;
    /// The array with its type forgotten.
    fn any(array: ArrayD<Self>) -> AnyArray;
}

macro_rules! any_element {
    ($($variant:ident: $type:ty),*) => {
        $(impl AnyElement for $type {
            fn input(view: ArrayViewD<'_, $type>) -> Input<'_> {
                Input::$variant(view)
            }

            fn output(view: ArrayViewMutD<'_, $type>) -> Output<'_> {
                Output::$variant(view)
            }

            fn any(array: ArrayD<$type>) -> AnyArray {
                AnyArray::$variant(array)
            }
        })*

        impl AnyArray {
            /// An array of zeros. Where there is no memory for it, the process ends, as for all of Rust's arrays;
            /// [`AnyArray::try_zeros`] is an error instead.
            ///
            /// # Panics
            ///
            /// If it would have more bytes than an `isize` counts.
            pub fn zeros(dtype: DType, shape: &[usize]) -> AnyArray {
                match dtype {
                    $(DType::$variant => AnyArray::$variant(ArrayD::default(IxDyn(shape)))),*
                }
            }

            /// An array of zeros, if there is memory for it.
            ///
            /// # Errors
            ///
            /// [`Error::Memory`], which says how much is needed.
            pub fn try_zeros(dtype: DType, shape: &[usize]) -> Result<AnyArray, Error> {
                Ok(match dtype {
                    $(DType::$variant => AnyArray::$variant(zeros(IxDyn(shape))?)),*
                })
            }
        }
    };
}

any_element!(
    Bool: bool, I8: i8, U8: u8, I16: i16, U16: u16, I32: i32, U32: u32, I64: i64, U64: u64, F16: f16, F32: f32, F64: f64
);

impl AnyArray {
    /// The array as an input.
    pub fn as_input(&self) -> Input<'_> {
        for_any!(AnyArray, self, array => AnyElement::input(array.view()))
    }

    /// The array with its elements as f64s.
    pub fn to_f64(&self) -> ArrayD<f64> {
        for_any!(AnyArray, self, array => array.mapv(Element::to_f64))
    }

    /// The array as an output.
    pub fn as_output(&mut self) -> Output<'_> {
        for_any!(AnyArray, self, array => AnyElement::output(array.view_mut()))
    }
}

impl<'a> Input<'a> {
    /// The same view, for as long as this one is there.
    pub(crate) fn view(&self) -> Input<'_> {
        for_any!(Input, self, view => AnyElement::input(view.view()))
    }

    /// Whether no element has a greater magnitude than this; NaN has none.
    pub(crate) fn is_within(&self, greatest: f64) -> bool {
        fn within<T: Element>(view: &ArrayViewD<'_, T>, greatest: f64) -> bool {
            const TOGETHER: usize = 1 << 12;
            let is_beyond = |element: &T| element.to_f64().abs() > greatest;
            !match view.as_slice_memory_order() {
                // Many at once are compared by vector registers.
                Some(all) => all.chunks(TOGETHER).any(|some| some.iter().fold(false, |any, one| any | is_beyond(one))),
                None => view.iter().any(is_beyond),
            }
        }
        let bounds = |(least, greatest): (f64, f64)| least.abs().max(greatest);
        let dtype = self.dtype();
        (!dtype.is_float() && bounds(dtype.limits()) <= greatest)
            || for_any!(Input, self, view => within(view, greatest))
    }

    /// The subview at `index` along `axis`, which goes away.
    ///
    /// # Panics
    ///
    /// If there is no such axis or index.
    pub fn index_axis(self, axis: usize, index: usize) -> Input<'a> {
        for_any!(Input, self, view => AnyElement::input(view.index_axis_move(ndarray::Axis(axis), index)))
    }
}

impl<'a> Output<'a> {
    /// The same view, for as long as nobody uses this one.
    pub(crate) fn reborrow(&mut self) -> Output<'_> {
        for_any!(Output, self, view => AnyElement::output(view.view_mut()))
    }

    /// The subview at `index` along `axis`, which goes away.
    ///
    /// # Panics
    ///
    /// If there is no such axis or index.
    pub fn index_axis(self, axis: usize, index: usize) -> Output<'a> {
        for_any!(Output, self, view => AnyElement::output(view.index_axis_move(ndarray::Axis(axis), index)))
    }
}

impl<T: AnyElement> From<ArrayD<T>> for AnyArray {
    fn from(array: ArrayD<T>) -> AnyArray {
        T::any(array)
    }
}

impl<'a, T, S, D> From<&'a ArrayBase<S, D>> for Input<'a>
where
    T: AnyElement,
    S: Data<Elem = T>,
    D: Dimension,
{
    fn from(array: &'a ArrayBase<S, D>) -> Input<'a> {
        T::input(array.view().into_dyn())
    }
}

impl<'a, T, S, D> From<&'a mut ArrayBase<S, D>> for Output<'a>
where
    T: AnyElement,
    S: DataMut<Elem = T>,
    D: Dimension,
{
    fn from(array: &'a mut ArrayBase<S, D>) -> Output<'a> {
        T::output(array.view_mut().into_dyn())
    }
}

impl<'a> From<&'a AnyArray> for Input<'a> {
    fn from(array: &'a AnyArray) -> Input<'a> {
        array.as_input()
    }
}

impl<'a> From<&'a mut AnyArray> for Output<'a> {
    fn from(array: &'a mut AnyArray) -> Output<'a> {
        array.as_output()
    }
}

pub(crate) use {for_any, for_both};
