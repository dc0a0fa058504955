//! What a session knows: what `:undo` brings back, and what was run last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hoodoo as library;
use hoodoo::lang::highlight::{Class, highlight};
use hoodoo::{DType, Input, Kernel, Output, Progress};

use super::error::Error;
use super::named::NamedImage;
use super::program::{Definitions, Program, is_result_name, result_name};
use super::settings::Settings;
use super::times::Times;
use crate::image::Image;

/// What `:undo` brings back.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub images: Vec<Arc<NamedImage>>,
    pub definitions: Definitions,
    pub settings: Settings,
    pub last: Option<Arc<Run>>,
}

/// A kernel that was run over images.
#[derive(Debug)]
pub(super) struct Run {
    pub subject: Arc<Subject>,
    pub inputs: Vec<Arc<NamedImage>>,
    pub outputs: Vec<Arc<NamedImage>>,
}

/// A program that is compiled.
#[derive(Debug)]
pub(super) struct Subject {
    pub program: Program,
    pub kernel: Kernel,
    /// How long parser and checker took.
    pub time: Duration,
}

impl State {
    /// The image that a kernel's input is: one with that name, or the one at its place.
    pub(super) fn inputs(&self, kernel: &Kernel) -> Result<Vec<Arc<NamedImage>>, Error> {
        kernel.inputs().iter().map(|name| self.input(name, kernel)).collect()
    }

    fn input(&self, name: &str, kernel: &Kernel) -> Result<Arc<NamedImage>, Error> {
        let results = self.last.as_ref().map_or(&[][..], |last| &last.outputs);
        if let Some(index) = (0..results.len()).find(|index| result_name(*index) == name) {
            return Ok(results[index].clone());
        }
        if name == "_" {
            return Err(Error::say("`_` is the last result, and there is none yet"));
        }
        if let Some(image) = self.images.iter().find(|image| image.name == name) {
            return Ok(image.clone());
        }
        let place = self.definitions.input_place(name).unwrap_or(0);
        self.images.get(place).cloned().ok_or_else(|| {
            let loaded = match self.images.len() {
                0 => "no image is loaded".to_string(),
                1 => "one image is loaded".to_string(),
                many => format!("{many} images are loaded"),
            };
            let inputs = kernel.inputs().join(", ");
            Error::hint(
                format!("there is no image for the input `{name}`: the kernel's inputs are {inputs}, and {loaded}"),
                format!("`:load {name}=FILE` loads one for it"),
            )
        })
    }

    /// The outputs of a kernel over images.
    pub(super) fn filtered(
        &self,
        subject: &Subject,
        inputs: &[Arc<NamedImage>],
        progress: &Progress,
    ) -> Result<(Vec<Arc<NamedImage>>, Times), Error> {
        let Some(first) = inputs.first() else { return Err(Error::say("the kernel has no inputs")) };
        if let Some(other) = inputs.iter().find(|other| other.layout().channels != first.layout().channels) {
            let [first, other] = [first, other].map(|image| format!("`{}` is {}", image.name, image.describe()));
            return Err(Error::say(format!("inputs must have the same channels: {first}, and {other}")));
        }
        let filter = self.settings.filter(&subject.kernel);
        let in_program = |error| subject.error(error);
        let start = Instant::now();
        let dtype = self.settings.dtype.unwrap_or(first.dtype());
        let layout = first.layout().cut(&filter.output_region(first.extent()).map_err(in_program)?);
        let dtypes: Vec<DType> = inputs.iter().map(|image| image.dtype()).collect();
        filter.compile(first.extent(), &dtypes, &vec![dtype; subject.kernel.outputs().len()]).map_err(in_program)?;
        let compile = start.elapsed();

        let start = Instant::now();
        let zeros = subject.kernel.outputs().map(|_| Image::zeros(dtype, &layout));
        let mut outputs = zeros.collect::<Result<Vec<Image>, _>>().map_err(in_program)?;
        for plane in 0..first.planes() {
            let inputs: Vec<Input<'_>> = inputs.iter().map(|image| image.plane(plane)).collect();
            let mut outputs: Vec<Output<'_>> = outputs.iter_mut().map(|image| image.plane_mut(plane)).collect();
            filter.run_all_into(&inputs, &mut outputs, progress).map_err(in_program)?;
        }
        let named = |(index, image)| Arc::new(NamedImage { name: result_name(index), image });
        Ok((outputs.into_iter().enumerate().map(named).collect(), Times { compile, run: start.elapsed() }))
    }

    /// The number of axes that windows have.
    pub(super) fn axes(&self) -> usize {
        self.images.first().map_or(2, |image| image.extent().len())
    }
}

impl Subject {
    /// An error of the kernel or of a run of it, at the place where its cause was typed.
    pub(super) fn error(&self, error: library::Error) -> Error {
        match error {
            library::Error::Kernel(error) => self.program.error(error.diagnostic().clone()),
            library::Error::Assertion { position, message, place: Some(place) } => {
                let message = format!("at pixel {position:?}: {message}");
                match self.program.typed(place.span) {
                    Some((text, span)) => {
                        Error::Assertion { message, source: text.text.clone(), origin: text.origin.clone(), span }
                    }
                    None => Error::say(message),
                }
            }
            error => Error::from(error),
        }
    }
}

/// Adds an image under a name that a kernel can use and no other image has: with a number at the end, if need be. Only the
/// first is ever called `w`, so that `w` is the first.
pub(super) fn add_image(images: &mut Vec<Arc<NamedImage>>, mut image: NamedImage) {
    let name = usable_name(&image.name);
    let taken =
        |name: &str| images.iter().enumerate().any(|(place, other)| other.name == name || (place, name) == (0, "w"));
    image.name = match taken(&name) {
        true => (2..).map(|number| format!("{name}_{number}")).find(|name| !taken(name)).unwrap_or(name),
        false => name,
    };
    images.push(Arc::new(image));
}

/// The name itself if the language allows it and no result has it, or one that resembles it.
pub(super) fn usable_name(name: &str) -> String {
    let mut usable: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if usable.chars().all(|c| c == '_') || usable.starts_with(|c: char| c.is_ascii_digit()) || is_result_name(&usable) {
        usable.insert_str(0, "image");
    }
    // Reserved words and the names of built-ins are neither.
    if !matches!(highlight(&usable).as_slice(), [(_, Class::Name)]) {
        usable.push('_');
    }
    usable
}
