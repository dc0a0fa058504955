//! A filter for each channel of each page of images.

use hoodoo::{Engine, Filter, Input, Kernel, Output, Progress, Repeat};

use ndarray::ArrayD;

use super::missing::{Missing, either};
use crate::failure::Failure;
use crate::image::{Image, Layout};

/// A filter, and how often it runs.
pub struct Planes<'a> {
    pub filter: &'a Filter,
    pub kernel: &'a Kernel,
    /// The axes to filter along that the user names, of those that are filtered; none for all.
    pub axes: &'a [isize],
    pub missing: &'a Missing,
    pub repeat: Option<Repeat>,
    pub progress: &'a Progress,
}

impl Planes<'_> {
    /// Filters each channel of each page; the most runs that one took.
    pub fn filter(&self, inputs: &[Image], outputs: &mut [Image]) -> Result<usize, Failure> {
        if let Some(filter) = self.for_all(&inputs[0].layout()) {
            let inputs: Vec<_> = inputs.iter().map(|image| image.array.as_input()).collect();
            let outputs = outputs.iter_mut().map(|image| image.array.as_output()).collect();
            return self.run(&filter, &inputs, outputs);
        }
        let mut most = 0;
        let planes = inputs[0].layout().planes();
        for plane in 0..planes {
            let inputs: Vec<_> = inputs.iter().map(|image| image.plane(plane)).collect();
            let outputs = outputs.iter_mut().map(|image| image.plane_mut(plane)).collect();
            let filter = self.missing.apply(self.filter, plane, planes);
            most = most.max(self.run(&filter, &inputs, outputs)?);
        }
        Ok(most)
    }

    /// For each channel of each page of results, which pixels have no value, be it in one of several results: where numbers can't tell.
    pub fn absent(&self, inputs: &[Image], outputs: &[Image]) -> Result<Vec<ArrayD<bool>>, Failure> {
        let planes = inputs[0].layout().planes();
        let like = |output: &Image| Image::zeros(output.dtype(), &output.layout());
        let mut values = outputs.iter().map(like).collect::<Result<Vec<Image>, hoodoo::Error>>()?;
        let kernel = self.kernel.with_absent_outputs(&vec![true; outputs.len()]);
        // A callback has one output.
        let filter = self.filter.clone().kernel(&kernel).engine(Engine::Auto);
        let of_plane = |plane: usize| {
            let inputs: Vec<_> = inputs.iter().map(|image| image.plane(plane)).collect();
            let filter = self.missing.apply(&filter, plane, planes);
            let mut all: Vec<Output<'_>> = values.iter_mut().map(|image| image.plane_mut(plane)).collect();
            let mut told = vec![ArrayD::from_elem(all[0].shape(), false); all.len()];
            all.extend(told.iter_mut().map(Output::from));
            filter.run_all_into(&inputs, &mut all, self.progress)?;
            drop(all);
            Ok(told.into_iter().reduce(either).unwrap_or_default())
        };
        (0..planes).map(of_plane).collect()
    }

    /// One filter for all channels and pages together, along the axes that are filtered: channels lie beside each other in memory, and
    /// rows of all of them are read faster than those of one. (It computes what becomes of the opacity, too, which is replaced.)
    pub fn for_all(&self, layout: &Layout) -> Option<Filter> {
        // An error names a pixel of one plane; and each plane may have a mask of its own.
        let fails = !self.kernel.hir().assertions.is_empty();
        if layout.channels.is_none() || fails || !self.missing.is_number() {
            return None;
        }
        let (first, count) = (layout.stack as isize, layout.filtered().len() as isize);
        let axis = |axis: &isize| {
            let axis = if *axis < 0 { axis + count } else { *axis };
            (0..count).contains(&axis).then_some(first + axis)
        };
        let axes: Vec<isize> = match self.axes {
            [] => (first..first + count).collect(),
            // One that is not there is an error of each plane.
            named => named.iter().map(axis).collect::<Option<_>>()?,
        };
        Some(self.missing.apply(&self.filter.clone().axes(axes), 0, 1))
    }

    fn run(&self, filter: &Filter, inputs: &[Input<'_>], mut outputs: Vec<Output<'_>>) -> Result<usize, Failure> {
        let Some(repeat) = self.repeat else {
            filter.run_all_into(inputs, &mut outputs, self.progress)?;
            return Ok(0);
        };
        let output = outputs.pop().filter(|_| outputs.is_empty());
        let one = output.ok_or_else(|| Failure::Run("--repeat: the kernel must have one output".into()))?;
        Ok(filter.repeat(repeat, inputs, one, self.progress)?)
    }
}
