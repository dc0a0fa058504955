//! Which cells of the inputs have no value, as the arguments and the files say.

use std::path::Path;

use hoodoo::{DType, Element, Filter, Input};
use ndarray::ArrayD;

use super::arguments::{Nodata, RunArguments};
use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files;
use crate::image::{Image, Layout, Metadata};

/// What is known of cells without a value.
#[derive(Default)]
pub struct Missing {
    /// The number that stands for none, in the first input and in the outputs.
    pub nodata: Option<f64>,
    /// The numbers that stand for none in the other inputs, where that is another one.
    others: Vec<Option<f64>>,
    /// Where the user says that there is none: for all planes, or for each.
    mask: Option<Image>,
}

impl Missing {
    /// What the arguments and the inputs say.
    pub fn of(arguments: &RunArguments, inputs: &[Image]) -> Result<Missing, Failure> {
        let mask = arguments.mask.as_ref().map(|path| {
            let mask = files::read(path, &arguments.reading())?.without_alpha();
            check_mask(path, (&mask.layout(), mask.dtype()), (&inputs[0].layout(), inputs[0].dtype())).map(|()| mask)
        });
        Ok(Missing {
            mask: mask.transpose()?,
            ..Missing::of_numbers(arguments, inputs.iter().map(|input| &input.metadata))
        })
    }

    /// The numbers that stand for no value, as the arguments and the inputs say.
    pub fn of_numbers<'m>(arguments: &RunArguments, inputs: impl Iterator<Item = &'m Metadata>) -> Missing {
        let own = |metadata: &Metadata| match arguments.nodata {
            None => metadata.nodata,
            Some(Nodata::Number(nodata)) => Some(nodata),
            Some(Nodata::None) => None,
        };
        let mut numbers = inputs.map(own);
        let nodata = numbers.next().flatten();
        Missing {
            nodata,
            others: numbers.map(|other| other.filter(|other| Some(*other) != nodata)).collect(),
            mask: None,
        }
    }

    /// The same numbers, and this mask.
    pub fn with_mask(&self, mask: Option<Image>) -> Missing {
        Missing { nodata: self.nodata, others: self.others.clone(), mask }
    }

    /// The same for what a kernel made of the inputs, as inputs of the next one.
    pub fn of_results(self) -> Missing {
        Missing { others: Vec::new(), ..self }
    }

    /// Whether nothing is known but that number, which is the same for all inputs and planes.
    pub fn is_number(&self) -> bool {
        self.mask.is_none() && self.others.iter().all(Option::is_none)
    }

    /// The filter for a plane of the inputs.
    pub fn apply(&self, filter: &Filter, plane: usize, inputs: &[Input<'_>]) -> Filter {
        let mut filter = filter.clone();
        if let Some(nodata) = self.nodata {
            filter = filter.nodata(nodata);
        }
        let mut missing: Option<ArrayD<bool>> = self.mask.as_ref().map(|mask| {
            let plane = mask.plane(if mask.planes() == 1 { 0 } else { plane });
            for_any!(Input, plane, view => view.mapv(|value| value.to_f64() != 0.0))
        });
        for (input, nodata) in inputs.iter().skip(1).zip(&self.others) {
            let Some(nodata) = nodata else { continue };
            let none = |value: f64| value == *nodata || value.is_nan() && nodata.is_nan();
            let own = for_any!(Input, input, view => view.mapv(|value| none(value.to_f64())));
            match &mut missing {
                None => missing = Some(own),
                Some(missing) => missing.zip_mut_with(&own, |missing, own| *missing |= own),
            }
        }
        match missing {
            None => filter,
            Some(missing) => filter.mask(&missing),
        }
    }
}

/// Checks that a mask of this layout and type is one for the first input, which has that layout and type.
pub fn check_mask(path: &Path, mask: (&Layout, DType), input: (&Layout, DType)) -> Result<(), Failure> {
    if mask.0.filtered() == input.0.filtered() && [1, input.0.planes()].contains(&mask.0.planes()) {
        return Ok(());
    }
    let [given, needed] = [mask, input].map(|(layout, dtype)| layout.describe(dtype));
    Err(Failure::at(path, format!("--mask: is {given}, and the first input is {needed}")))
}
