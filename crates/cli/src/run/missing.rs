//! Which cells of the inputs have no value, as the arguments and the files say.

use std::ops::Range;

use hoodoo::{AnyArray, Element, Filter, Input};
use ndarray::{ArrayD, Slice};

use super::arguments::{Nodata, RunArguments};
use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files;
use crate::image::Image;

/// What is known of cells without a value.
#[derive(Default)]
pub struct Missing {
    /// The number that stands for none, in the first input and in the outputs.
    pub nodata: Option<f64>,
    /// The numbers that stand for none in the other inputs, where that is another one.
    others: Vec<Option<f64>>,
    /// Where there is none, as the user and the files say: each for all planes, for each plane, or for each page.
    masks: Vec<Image>,
}

impl Missing {
    /// What the arguments and the inputs say.
    pub fn of(arguments: &RunArguments, inputs: &[Image]) -> Result<Missing, Failure> {
        let own = |image: &Image| match arguments.nodata {
            None => image.metadata.nodata,
            Some(Nodata::Number(nodata)) => Some(nodata),
            Some(Nodata::None) => None,
        };
        let nodata = own(&inputs[0]);
        let others = inputs[1..].iter().map(|input| own(input).filter(|other| Some(*other) != nodata)).collect();
        let mut masks: Vec<Image> = given_mask(arguments, inputs)?.into_iter().collect();
        if !matches!(arguments.nodata, Some(Nodata::None)) {
            let stack = inputs[0].layout().stack;
            let own = inputs[0].metadata.mask.iter();
            masks.extend(own.map(|mask| Image::plain(AnyArray::from(mask.clone())).stacked(stack)));
        }
        Ok(Missing { nodata, others, masks })
    }

    /// The same for what a kernel made of this region of the inputs, as inputs of the next one.
    pub fn of_results(self, region: &[Range<usize>]) -> Missing {
        let cut = |mask: Image| {
            let stack = mask.layout().stack;
            let along = |axis: usize| match axis.checked_sub(stack).and_then(|axis| region.get(axis)) {
                Some(region) => Slice::from(region.clone()),
                None => Slice::from(..),
            };
            mask.map(|array| {
                for_any!(AnyArray, array, array => array.slice_each_axis(|axis| along(axis.axis.index())).to_owned().into())
            })
        };
        Missing { others: Vec::new(), masks: self.masks.into_iter().map(cut).collect(), ..self }
    }

    /// Whether nothing is known but that number, which is the same for all inputs and planes.
    pub fn is_number(&self) -> bool {
        self.masks.is_empty() && self.others.iter().all(Option::is_none)
    }

    /// The filter for one of so many planes of the inputs.
    pub fn apply(&self, filter: &Filter, plane: usize, planes: usize, inputs: &[Input<'_>]) -> Filter {
        let mut filter = filter.clone();
        if let Some(nodata) = self.nodata {
            filter = filter.nodata(nodata);
        }
        let mut missing: Option<ArrayD<bool>> = None;
        let mut add = |own: ArrayD<bool>| match &mut missing {
            None => missing = Some(own),
            Some(missing) => missing.zip_mut_with(&own, |missing, own| *missing |= own),
        };
        for mask in &self.masks {
            // The channels of a page are one after the other.
            let plane = mask.plane(plane * mask.planes() / planes);
            add(for_any!(Input, plane, view => view.mapv(|value| value.to_f64() != 0.0)));
        }
        for (input, nodata) in inputs.iter().skip(1).zip(&self.others) {
            let Some(nodata) = nodata else { continue };
            let none = |value: f64| value == *nodata || value.is_nan() && nodata.is_nan();
            add(for_any!(Input, input, view => view.mapv(|value| none(value.to_f64()))));
        }
        match missing {
            None => filter,
            Some(missing) => filter.mask(&missing),
        }
    }
}

/// Has the first input's mask say where any of the inputs has no value: that is where the outputs have none.
pub fn join_masks(inputs: &mut [Image]) {
    let Some((first, others)) = inputs.split_first_mut() else { return };
    for mask in others.iter_mut().filter_map(|other| other.metadata.mask.take()) {
        match &mut first.metadata.mask {
            Some(joined) => joined.zip_mut_with(&mask, |joined, missing| *joined |= missing),
            none => *none = Some(mask),
        }
    }
}

/// The mask that the user names.
fn given_mask(arguments: &RunArguments, inputs: &[Image]) -> Result<Option<Image>, Failure> {
    let Some(path) = &arguments.mask else { return Ok(None) };
    let mask = files::read(path, &arguments.reading())?.without_alpha();
    let (given, needed) = (mask.layout(), inputs[0].layout());
    if given.filtered() != needed.filtered() || ![1, needed.planes()].contains(&given.planes()) {
        let (given, needed) = (mask.describe(), inputs[0].describe());
        return Err(Failure::at(path, format!("--mask: is {given}, and the first input is {needed}")));
    }
    Ok(Some(mask))
}
