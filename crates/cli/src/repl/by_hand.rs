//! The hand-written filters that a session can be compared with.

use std::any::Any;

use hoodoo::{AnyArray, AnyElement, DType, Kernel, Precision, Window};
use hoodoo_bench::handwritten::ByHand;
use hoodoo_bench::workloads::{Hand, Task, workloads};
use ndarray::ArrayD;

use crate::arrays::for_any;
use crate::session::{Rival, Rivals};

/// The filters that the benchmarks have.
#[derive(Debug)]
pub struct HandWritten;

impl Rivals for HandWritten {
    fn rivals(&self, kernel: &Kernel, window: &Window, dtype: DType, precision: Precision) -> Vec<Rival> {
        let meaning = kernel.hir().to_string();
        let same = |text: &str| Kernel::compile(text).is_ok_and(|kernel| kernel.hir().to_string() == meaning);
        let mut rivals = Vec::new();
        for workload in workloads() {
            if workload.window == *window && workload.precision == precision && same(workload.kernel) {
                rivals.extend(match &workload.task {
                    Task::U8(hand) => by_hand(hand, workload.tolerance, dtype),
                    Task::U16(hand) => by_hand(hand, workload.tolerance, dtype),
                    Task::F32(hand) => by_hand(hand, workload.tolerance, dtype),
                    Task::F64(hand) => by_hand(hand, workload.tolerance, dtype),
                });
            }
        }
        rivals
    }
}

/// The filters by hand, if they are for this type.
fn by_hand<T: AnyElement>(hand: &Hand<T>, tolerance: f64, dtype: DType) -> Vec<Rival> {
    if T::DTYPE != dtype {
        return Vec::new();
    }
    let rival = |name: &str, function: ByHand<T>, axes: usize| Rival {
        name: name.to_string(),
        tolerance,
        run: Box::new(move |array| {
            let array = typed::<T>(array).filter(|array| array.ndim() == axes)?;
            let image = array.as_standard_layout();
            let mut output = image.to_owned();
            function(image.shape(), image.as_slice()?, output.as_slice_mut()?);
            Some(output.into())
        }),
    };
    let tuned = hand.tuned.map(|function| rival("by hand, tuned", function, hand.axes));
    [rival("by hand, idiomatic", hand.idiomatic, hand.axes)].into_iter().chain(tuned).collect()
}

/// The array, if its elements are of this type.
fn typed<T: AnyElement>(array: &AnyArray) -> Option<&ArrayD<T>> {
    for_any!(AnyArray, array, array => (array as &dyn Any).downcast_ref())
}
