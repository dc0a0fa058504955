//! Arrays of every type and layout, and arrays that end where memory ends.

use hoodoo::{AnyArray, AnyElement, Cast, DType, Input, Output, f16};
use ndarray::{ArrayD, ArrayView2, ArrayViewD, ArrayViewMut2, ArrayViewMutD, Axis, Ix2, IxDyn, ShapeBuilder, Slice};

use super::kernels::Facts;

/// How an array lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// In C order.
    Standard,
    /// In C order, as a part of a larger array along every axis.
    Inside,
    /// In Fortran order.
    Fortran,
    /// Backward along every axis.
    Reversed,
    /// Backward along the first axis.
    Flipped,
    /// Every other element of a larger array along every axis.
    Spread,
    /// The same row again and again: a stride of 0 along the first axis. An output is in C order.
    Broadcast,
}

/// Every layout.
pub const LAYOUTS: [Layout; 7] = [
    Layout::Standard,
    Layout::Inside,
    Layout::Fortran,
    Layout::Reversed,
    Layout::Flipped,
    Layout::Spread,
    Layout::Broadcast,
];

/// How often there are NaNs, infinities, zeros of both signs and the like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Special {
    None,
    Rare,
    Common,
}

macro_rules! with_type {
    ($dtype:expr, $name:ident => $body:expr) => {
        with_type!($dtype, $name => $body; Bool bool, I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64,
            U64 u64, F16 f16, F32 f32, F64 f64)
    };
    ($dtype:expr, $name:ident => $body:expr; $($variant:ident $type:ty),*) => {
        match $dtype {
            $(DType::$variant => {
                type $name = $type;
                $body
            })*
            other => unreachable!("{other} is not in the list"),
        }
    };
}

macro_rules! with_array {
    ($any:expr, $array:ident => $body:expr) => {
        with_array!($any, $array => $body; Bool, I8, U8, I16, U16, I32, U32, I64, U64, F16, F32, F64)
    };
    ($any:expr, $array:ident => $body:expr; $($variant:ident),*) => {
        match $any {
            $(AnyArray::$variant($array) => $body,)*
        }
    };
}

/// An element type.
pub trait Bits: AnyElement + PartialEq {}

impl<T: AnyElement + PartialEq> Bits for T {}

/// A view of the elements of `array`, which is as large as `layout` needs.
fn view<T>(array: &ArrayD<T>, layout: Layout) -> ArrayViewD<'_, T> {
    let mut view = array.view();
    let axes: Vec<(usize, isize)> = view.shape().iter().map(|len| *len as isize).enumerate().collect();
    match layout {
        Layout::Standard | Layout::Broadcast => {}
        Layout::Fortran => view = view.reversed_axes(),
        Layout::Reversed => axes.iter().for_each(|(axis, _)| view.invert_axis(Axis(*axis))),
        Layout::Flipped => axes.iter().take(1).for_each(|(axis, _)| view.invert_axis(Axis(*axis))),
        Layout::Inside => {
            axes.iter().for_each(|(axis, len)| view.slice_axis_inplace(Axis(*axis), Slice::new(1, Some(len - 2), 1)))
        }
        Layout::Spread => {
            axes.iter().for_each(|(axis, _)| view.slice_axis_inplace(Axis(*axis), Slice::new(0, None, 2)));
        }
    }
    view
}

/// As [`view`].
fn view_mut<T>(array: &mut ArrayD<T>, layout: Layout) -> ArrayViewMutD<'_, T> {
    let mut view = array.view_mut();
    let axes: Vec<(usize, isize)> = view.shape().iter().map(|len| *len as isize).enumerate().collect();
    match layout {
        Layout::Standard | Layout::Broadcast => {}
        Layout::Fortran => view = view.reversed_axes(),
        Layout::Reversed => axes.iter().for_each(|(axis, _)| view.invert_axis(Axis(*axis))),
        Layout::Flipped => axes.iter().take(1).for_each(|(axis, _)| view.invert_axis(Axis(*axis))),
        Layout::Inside => {
            axes.iter().for_each(|(axis, len)| view.slice_axis_inplace(Axis(*axis), Slice::new(1, Some(len - 2), 1)))
        }
        Layout::Spread => {
            axes.iter().for_each(|(axis, _)| view.slice_axis_inplace(Axis(*axis), Slice::new(0, None, 2)));
        }
    }
    view
}

/// What lies in gaps.
fn canary<T: AnyElement>() -> T {
    T::from_f64(85.0, Cast::Saturate)
}

/// The shape of the whole array for a view of `shape`.
fn whole(shape: &[usize], layout: Layout) -> Vec<usize> {
    match layout {
        Layout::Standard | Layout::Reversed | Layout::Flipped | Layout::Broadcast => shape.to_vec(),
        Layout::Fortran => shape.iter().rev().copied().collect(),
        Layout::Inside => shape.iter().map(|len| len + 3).collect(),
        Layout::Spread => shape.iter().map(|len| 2 * len).collect(),
    }
}

/// An array in memory of some layout.
pub struct Stored {
    array: AnyArray,
    pub layout: Layout,
    /// The shape of the view.
    shape: Vec<usize>,
    /// Whether one row stands for all.
    repeated: bool,
}

impl Stored {
    /// `array` in this layout. For a broadcast layout, its first row stands for all.
    pub fn new(array: AnyArray, layout: Layout) -> Stored {
        with_array!(array, array => Stored::of(array, layout))
    }

    fn of<T: Bits>(array: ArrayD<T>, layout: Layout) -> Stored {
        let shape = array.shape().to_vec();
        let repeated = layout == Layout::Broadcast && array.ndim() > 0;
        let mut stored = ArrayD::from_elem(IxDyn(&whole(&shape, layout)), canary::<T>());
        view_mut(&mut stored, layout).assign(&array);
        if repeated {
            stored.slice_axis_inplace(Axis(0), Slice::from(..1));
        }
        Stored { array: stored.into(), layout, shape, repeated }
    }

    /// An output array.
    pub fn canary(dtype: DType, shape: &[usize], layout: Layout) -> Stored {
        let layout = if layout == Layout::Broadcast { Layout::Standard } else { layout };
        with_type!(dtype, T => Stored::of(ArrayD::<T>::from_elem(IxDyn(shape), canary::<T>()), layout))
    }

    pub fn dtype(&self) -> DType {
        self.array.dtype()
    }

    pub fn input(&self) -> Input<'_> {
        with_array!(&self.array, array => match self.repeated {
            true => AnyElement::input(array.broadcast(IxDyn(&self.shape)).expect("an axis of length 1")),
            false => AnyElement::input(view(array, self.layout)),
        })
    }

    pub fn output(&mut self) -> Output<'_> {
        with_array!(&mut self.array, array => AnyElement::output(view_mut(array, self.layout)))
    }

    /// The elements as f64s in C order.
    fn values(&self) -> Vec<f64> {
        with_array!(&self.array, array => view(array, self.layout).iter().map(|x| x.to_f64()).collect())
    }

    /// Whether nothing was written between and around the elements.
    pub fn gaps_are_untouched(&self) -> bool {
        fn untouched<T: Bits>(array: &ArrayD<T>, layout: Layout) -> bool {
            let mut clean = ArrayD::from_elem(array.raw_dim(), canary::<T>());
            view_mut(&mut clean, layout).assign(&view(array, layout));
            clean.iter().zip(array).all(|(x, y)| x == y || x.to_f64().is_nan() && y.to_f64().is_nan())
        }
        with_array!(&self.array, array => untouched(array, self.layout))
    }
}

use hoodoo::Element as _;

/// How two arrays differ by more than `error`, if they do.
pub fn differs(expected: &Stored, actual: &Stored, error: f64, unsigned_zero: bool) -> Option<String> {
    let (expected, actual) = (expected.values(), actual.values());
    let same = |x: f64, y: f64| {
        let equal = x == y && (x.is_sign_negative() == y.is_sign_negative() || unsigned_zero || error > 0.0);
        equal || x.is_nan() && y.is_nan() || (x - y).abs() <= error || error == f64::INFINITY
    };
    // (A difference of 0 is not an excuse for the sign of a zero.)
    let same =
        |x: f64, y: f64| same(x, y) && (error > 0.0 || unsigned_zero || x.to_bits() == y.to_bits() || x.is_nan());
    let wrong = expected.iter().zip(&actual).filter(|(x, y)| !same(**x, **y)).count();
    let at = expected.iter().zip(&actual).position(|(x, y)| !same(*x, *y))?;
    let (x, y) = (expected[at], actual[at]);
    Some(format!("{y:?} instead of {x:?} at {at}, {wrong} of {} wrong, tolerance {error:e}", expected.len()))
}

/// An array of random elements, and what is known of them.
pub fn drawn(
    dtype: DType,
    shape: &[usize],
    random: &mut fastrand::Rng,
    special: Special,
    wild: bool,
) -> (AnyArray, Facts) {
    let is_float = dtype.is_float();
    // The limits, and what is next to them; saturated to the type.
    let limits = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        127.0,
        128.0,
        -128.0,
        255.0,
        256.0,
        32767.0,
        -32768.0,
        65535.0,
        2147483647.0,
        -2147483648.0,
        4294967295.0,
        16777217.0,
        -1e30,
        1e30,
    ];
    let floats = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        f64::MAX,
        f64::MIN,
        5e-324,
        -1e-310,
        1e-45,
        3.4028234663852886e38,
        0.1,
    ];
    let tame = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0];
    let rate = match special {
        Special::None => 0.0,
        Special::Rare => 0.01,
        Special::Common => 0.3,
    };
    let mut element = || -> f64 {
        let odd = random.f64() < rate;
        match (is_float, wild) {
            (true, true) if odd => random.choice(floats).expect("there are some"),
            (true, false) if odd => random.choice(tame).expect("there are some"),
            (false, true) if odd || special == Special::Common => random.choice(limits).expect("there are some"),
            (true, true) => (random.f64() - 0.5) * 10f64.powi(random.i32(-3..4)),
            (true, false) => f64::from(random.i32(-160..160)) / 4.0,
            (false, _) => f64::from(random.i32(-50..100)),
        }
    };
    let array: AnyArray = with_type!(dtype, T => ArrayD::<T>::from_shape_simple_fn(IxDyn(shape), || {
        <T as hoodoo::Element>::from_f64(element(), Cast::Saturate)
    })
    .into());
    // Some 64-bit integers that are no f64s.
    const LOW_BITS: i64 = 0x155;
    let array = match array {
        AnyArray::I64(array) if wild => {
            AnyArray::I64(array.mapv(|x| if x.unsigned_abs() >> 53 > 0 { x ^ LOW_BITS } else { x }))
        }
        AnyArray::U64(array) if wild => {
            AnyArray::U64(array.mapv(|x| if x >> 53 > 0 { x ^ LOW_BITS as u64 } else { x }))
        }
        other => other,
    };
    let facts = match (dtype, is_float, wild) {
        (DType::Bool, ..) => Facts::multiples(1.0, 1.0),
        (_, true, true) => Facts::multiples(f64::INFINITY, 0.0),
        (_, true, false) => Facts::multiples(40.0, 0.25),
        (DType::I64 | DType::U64, false, true) => Facts::multiples(1e30, 1.0),
        (_, false, true) => Facts::multiples(4294967296.0, 1.0),
        (_, false, false) => Facts::multiples(100.0, 1.0),
    };
    (array, facts)
}

/// An array of two axes that lies between two pages that can't be read or written.
pub struct Guarded<T> {
    mapping: *mut libc::c_void,
    bytes: usize,
    /// The first element of the memory that the array spans, and how many there are.
    first: *mut T,
    span: usize,
    shape: [usize; 2],
    pitch: usize,
    step: usize,
    reversed: bool,
}

impl<T: AnyElement + PartialEq> Guarded<T> {
    /// An array whose rows are `pitch` elements apart and whose elements `step`; its last element is the last before a
    /// guard page, or its first one the first after one.
    pub fn new(shape: [usize; 2], pitch: usize, step: usize, reversed: bool, at_end: bool) -> Guarded<T> {
        let page = 4096;
        let span = (shape[0] - 1) * pitch + (shape[1] - 1) * step + 1;
        let inside = (span * size_of::<T>()).next_multiple_of(page);
        let bytes = inside + 2 * page;
        // SAFETY: new memory, of which the first and the last page are locked.
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let mapping = libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            assert_ne!(mapping, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(mapping, page, libc::PROT_NONE), 0);
            assert_eq!(libc::mprotect(mapping.byte_add(page + inside), page, libc::PROT_NONE), 0);
            let skipped = if at_end { inside - span * size_of::<T>() } else { 0 };
            let first = mapping.byte_add(page + skipped).cast();
            Guarded { mapping, bytes, first, span, shape, pitch, step, reversed }
        }
    }

    fn elements(&self) -> &[T] {
        // SAFETY: the memory is this value's, and zeros are elements of every type.
        unsafe { std::slice::from_raw_parts(self.first, self.span) }
    }

    fn elements_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `elements`.
        unsafe { std::slice::from_raw_parts_mut(self.first, self.span) }
    }

    pub fn view(&self) -> ArrayView2<'_, T> {
        let shape = Ix2(self.shape[0], self.shape[1]).strides(Ix2(self.pitch, self.step));
        // SAFETY: the span is that of the shape and strides.
        let mut view = unsafe { ArrayView2::from_shape_ptr(shape, self.first) };
        if self.reversed {
            view.invert_axis(Axis(0));
            view.invert_axis(Axis(1));
        }
        view
    }

    pub fn view_mut(&mut self) -> ArrayViewMut2<'_, T> {
        let shape = Ix2(self.shape[0], self.shape[1]).strides(Ix2(self.pitch, self.step));
        // SAFETY: as in `view`.
        let mut view = unsafe { ArrayViewMut2::from_shape_ptr(shape, self.first) };
        if self.reversed {
            view.invert_axis(Axis(0));
            view.invert_axis(Axis(1));
        }
        view
    }

    pub fn fill_with_canary(&mut self) {
        self.elements_mut().fill(canary());
    }

    /// Whether what lies between rows and elements is as it was filled.
    pub fn gaps_are_untouched(&self) -> bool {
        let inside = |at: usize| {
            let (y, x) = (at / self.pitch, at % self.pitch);
            y < self.shape[0] && x % self.step == 0 && x / self.step < self.shape[1]
        };
        self.elements().iter().enumerate().all(|(at, element)| inside(at) || *element == canary())
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's.
        unsafe { libc::munmap(self.mapping, self.bytes) };
    }
}

/// A view of the elements of `image`, written to the memory of `array`.
pub fn guarded_input<'a, T: AnyElement + PartialEq>(array: &'a Guarded<T>, image: &ArrayD<T>) -> ArrayView2<'a, T> {
    for (at, element) in image.indexed_iter() {
        let (mut y, mut x) = (at[0], at[1]);
        if array.reversed {
            (y, x) = (array.shape[0] - 1 - y, array.shape[1] - 1 - x);
        }
        // SAFETY: the place is inside the array, and nobody else looks at it.
        unsafe { array.first.add(y * array.pitch + x * array.step).write(*element) };
    }
    array.view()
}
