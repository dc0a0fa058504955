//! Which cells of the inputs have no value, as the arguments and the files say.

use std::iter;
use std::ops::Range;
use std::path::Path;

use hoodoo::{AnyArray, DType, Element, Filter, Input, Output};
use ndarray::{ArrayD, Slice};

use super::arguments::{Nodata, RunArguments};
use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files;
use crate::image::{Image, Layout, Metadata};

/// What is known of cells without a value.
#[derive(Default)]
pub struct Missing {
    /// The number that stands for none, in the first input and in the outputs, and in others that say nothing else.
    pub nodata: Option<f64>,
    /// The numbers that stand for none in the other inputs, which say another one.
    others: Vec<Option<f64>>,
    /// Where there is none, as the user says, and as the files do: each for all planes, for each plane, or for each page.
    users: Option<Image>,
    own: Option<Image>,
}

impl Missing {
    /// What the arguments and the inputs say.
    pub fn of(arguments: &RunArguments, inputs: &[Image]) -> Result<Missing, Failure> {
        let mut users = None;
        if let Some(path) = &arguments.mask {
            let mask = arguments.of_mask(|reading| files::read(path, reading))?.without_alpha();
            check_mask(path, (&mask.layout(), mask.dtype()), (&inputs[0].layout(), inputs[0].dtype()))?;
            users = Some(mask);
        }
        let stack = inputs[0].layout().stack;
        let own = inputs[0].metadata.mask.iter().find(|_| masks_count(arguments));
        let own = own.map(|mask| Image::plain(AnyArray::from(mask.clone())).stacked(stack));
        Ok(Missing {
            users,
            own,
            ..Missing::of_numbers(arguments, inputs.iter().map(|input| (&input.metadata, input.dtype())))
        })
    }

    /// The numbers that stand for no value, as the arguments and the inputs say.
    pub fn of_numbers<'m>(arguments: &RunArguments, inputs: impl Iterator<Item = (&'m Metadata, DType)>) -> Missing {
        let own = |(metadata, dtype): (&Metadata, DType)| match arguments.nodata {
            // No sample is a number that a file says and its type has not.
            None => metadata.nodata.filter(|nodata| dtype.standing_for(*nodata).is_some()),
            Some(Nodata::Number(nodata)) => Some(nodata),
            Some(Nodata::None) => None,
        };
        let mut numbers = inputs.map(own);
        let nodata = numbers.next().flatten();
        Missing {
            nodata,
            others: numbers.map(|other| other.filter(|other| Some(*other) != nodata)).collect(),
            users: None,
            own: None,
        }
    }

    /// Checks that outputs of this type can hold the number that stands for no value.
    pub fn check_fits(&self, dtype: DType) -> Result<(), Failure> {
        match self.nodata {
            Some(nodata) if dtype.standing_for(nodata).is_none() => {
                let message = format!("--nodata: outputs of {dtype} can't hold {nodata}; give another number, or none");
                Err(Failure::Run(message))
            }
            _ => Ok(()),
        }
    }

    /// The same numbers, and these masks: that of the user, and that of the files, if it counts.
    pub fn with_masks(&self, arguments: &RunArguments, users: Option<Image>, own: Option<&ArrayD<bool>>) -> Missing {
        let own = own.filter(|_| masks_count(arguments)).map(|mask| Image::plain(mask.clone().into()));
        Missing { users, own, ..self.numbers() }
    }

    /// The same numbers, and no masks.
    pub fn numbers(&self) -> Missing {
        Missing { nodata: self.nodata, others: self.others.clone(), users: None, own: None }
    }

    /// The same for what a kernel made of this region of the inputs, of the pixels at these steps, as inputs of the next one.
    pub fn of_results(self, region: &[Range<usize>], steps: &[usize]) -> Missing {
        let cut = |mask: Option<Image>| mask.map(|mask| cut(&mask, region, steps));
        Missing { others: Vec::new(), users: cut(self.users), own: cut(self.own), ..self }
    }

    /// The user's mask for what a kernel made of this region, of the pixels at these steps, if there is one.
    pub fn mask_of_results(&self, region: &[Range<usize>], steps: &[usize]) -> Option<Image> {
        self.users.as_ref().map(|mask| cut(mask, region, steps))
    }

    /// Has the mask that the first input carries, if it carries one, say as well where the user's mask says that there is no value.
    pub fn add_to(&self, first: &mut Image) {
        if let Some(users) = &self.users {
            add_users(users, first);
        }
    }

    /// The same for the next kernel, where all of this was filled but the pixels that are `absent` in each plane of images of this layout.
    pub fn filled(self, absent: &[ArrayD<bool>], layout: &Layout) -> Result<Missing, Failure> {
        let mut users = Image::zeros(DType::Bool, layout)?;
        for (plane, absent) in absent.iter().enumerate() {
            if let (Output::Bool(mut mask), Some(masked)) = (users.plane_mut(plane), self.masked(plane, absent.len())) {
                ndarray::Zip::from(&mut mask)
                    .and(&masked)
                    .and(absent)
                    .for_each(|mask, masked, absent| *mask = *masked && *absent);
            }
        }
        Ok(Missing { users: Some(users), ..self.numbers() })
    }

    /// The mask of the user, or what stands for it.
    pub fn into_users(self) -> Option<Image> {
        self.users
    }

    /// Whether there is a mask.
    pub fn has_masks(&self) -> bool {
        self.users.is_some() || self.own.is_some()
    }

    /// Where the masks say that one of so many planes has no value.
    fn masked(&self, plane: usize, planes: usize) -> Option<ArrayD<bool>> {
        // The channels of a page are one after the other.
        let masks = self.users.iter().chain(&self.own).map(|mask| is_set(&mask.plane(plane * mask.planes() / planes)));
        masks.reduce(either)
    }

    /// Whether nothing is known but that number, which is the same for all inputs and planes.
    pub fn is_number(&self) -> bool {
        self.users.is_none() && self.own.is_none() && self.others.iter().all(Option::is_none)
    }

    /// The filter for one of so many planes of the inputs.
    pub fn apply(&self, filter: &Filter, plane: usize, planes: usize) -> Filter {
        let mut filter = filter.clone();
        if let Some(nodata) = self.nodata {
            filter = filter.nodata(nodata);
        }
        if self.others.iter().any(Option::is_some) {
            let others = self.others.iter().map(|other| other.or(self.nodata));
            filter = filter.nodata_of_inputs(iter::once(self.nodata).chain(others));
        }
        match self.masked(plane, planes) {
            None => filter,
            Some(missing) => filter.mask(&missing),
        }
    }
}

/// Where one of two masks is true.
pub fn either(mut one: ArrayD<bool>, other: ArrayD<bool>) -> ArrayD<bool> {
    one.zip_mut_with(&other, |one, other| *one |= other);
    one
}

/// Whether the masks of files say where there is no value.
fn masks_count(arguments: &RunArguments) -> bool {
    !matches!(arguments.nodata, Some(Nodata::None))
}

/// Has the mask that an input carries, if it carries one, say as well where the user's mask says that there is no value: in all channels of
/// the pixel.
pub fn add_users(users: &Image, input: &mut Image) {
    let (planes, stack) = (input.planes(), input.layout().stack);
    let Some(mask) = &mut input.metadata.mask else { return };
    let mut pages = Image::plain(AnyArray::from(std::mem::take(mask))).stacked(stack);
    let channels = planes / pages.planes().max(1);
    for page in 0..pages.planes() {
        let plane = |channel: usize| is_set(&users.plane((page * channels + channel) * users.planes() / planes));
        let all = (0..channels).map(plane).reduce(|mut all, one| {
            all.zip_mut_with(&one, |all, one| *all &= one);
            all
        });
        if let (Output::Bool(mut page), Some(all)) = (pages.plane_mut(page), all) {
            page.zip_mut_with(&all, |page, all| *page |= all);
        }
    }
    if let AnyArray::Bool(joined) = pages.array {
        *mask = joined;
    }
}

/// Where a mask is not 0.
fn is_set(mask: &Input<'_>) -> ArrayD<bool> {
    for_any!(Input, mask, view => view.mapv(|value| value.to_f64() != 0.0))
}

/// This region of a mask, at these steps along the axes that are filtered.
pub fn cut(mask: &Image, region: &[Range<usize>], steps: &[usize]) -> Image {
    let stack = mask.layout().stack;
    let along = |axis: usize| match axis.checked_sub(stack).and_then(|axis| region.get(axis).zip(steps.get(axis))) {
        Some((region, step)) => Slice::from(region.clone()).step_by(*step as isize),
        None => Slice::from(..),
    };
    mask.with_array(for_any!(AnyArray, &mask.array, array => {
        array.slice_each_axis(|axis| along(axis.axis.index())).to_owned().into()
    }))
}

/// Checks that a mask of this layout and type is one for the first input, which has that layout and type.
pub fn check_mask(path: &Path, mask: (&Layout, DType), input: (&Layout, DType)) -> Result<(), Failure> {
    if mask.0.filtered() == input.0.filtered() && [1, input.0.planes()].contains(&mask.0.planes()) {
        return Ok(());
    }
    let [given, needed] = [mask, input].map(|(layout, dtype)| layout.describe(dtype));
    Err(Failure::at(path, format!("--mask: is {given}, and the first input is {needed}")))
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
