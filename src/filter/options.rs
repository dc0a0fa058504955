//! What a filter is set to. Nothing is checked here.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayD, Axis};

use crate::callback::Callback;
use crate::error::Error;
use crate::filter::engine::Engine;
use crate::grid::boundary::Mode;
use crate::grid::copies::Copies;
use crate::grid::cut::Cut;
use crate::grid::element::{Cast, Precision};
use crate::grid::footprint::Window;
use crate::grid::vectors::Vectors;
use crate::kernel::Kernel;
use crate::kernel::parameters::Parameters;

/// The settings that a filter's builder collects.
#[derive(Clone, Debug)]
pub struct Options {
    pub function: Function,
    pub window: Option<Window>,
    pub modes: Vec<Mode>,
    pub cval: f64,
    pub origin: Vec<isize>,
    pub axes: Option<Vec<isize>>,
    pub parameters: Parameters,
    pub cast: Cast,
    pub engine: Engine,
    pub precision: Precision,
    pub cut: Cut,
    pub vectors: Vectors,
    pub copies: Copies,
    pub threads: usize,
    pub missing: MissingCells,
    /// For callbacks, which have no kernel that asks: which cells have no value.
    pub marked: Option<Marked>,
    /// The pixels that outputs have, by their indices along the inputs' first axes; of the other axes all.
    pub wanted: Vec<Range<usize>>,
    /// Where the inputs are in larger arrays, if they are rows of those.
    pub within: Option<Within>,
    /// How far apart the pixels of outputs are along the window's axes: one number for all, or one for each.
    pub stride: Vec<isize>,
    /// The pixels to compute, by their indices in the inputs, if they are not all.
    pub part: Option<Vec<Range<usize>>>,
}

/// Which cells of the inputs have no value, and what is made of that.
#[derive(Clone, Debug, Default)]
pub struct MissingCells {
    /// True where they have none.
    pub mask: Option<Arc<ArrayD<bool>>>,
    /// The number that stands for none, in inputs and outputs.
    pub nodata: Option<f64>,
    /// What stands for none in each input instead, if that is said.
    pub of_inputs: Option<Vec<Option<f64>>>,
    /// Whether pixels without a value get one from the cells around.
    pub fill: bool,
}

/// Which cells have no value, for callbacks: the driver leaves them out.
#[derive(Clone, Debug)]
pub struct Marked {
    /// True for those that have none; of the inputs' shape.
    pub missing: Arc<ArrayD<bool>>,
    /// The number that pixels get that see no value, or whose value is NaN.
    pub nodata: Option<f64>,
    /// Whether pixels whose own cell has no value are computed.
    pub fill: bool,
}

impl Marked {
    /// The same for a domain, to which a single value is a row of one.
    pub fn of_domain(&self) -> Marked {
        let missing = match self.missing.ndim() {
            0 => Arc::new(ArrayD::clone(&self.missing).insert_axis(Axis(0))),
            _ => self.missing.clone(),
        };
        Marked { missing, ..*self }
    }
}

impl MissingCells {
    /// Whether there may be any.
    pub fn is_set(&self) -> bool {
        self.mask.is_some() || self.nodata.is_some() || self.of_inputs.is_some()
    }

    /// The number that stands for none in the input with this number.
    pub fn of_input(&self, number: usize) -> Option<f64> {
        self.of_inputs.as_ref().map_or(self.nodata, |numbers| numbers.get(number).copied().flatten())
    }
}

/// Where rows are in a larger array.
#[derive(Clone, Copy, Debug)]
pub struct Within {
    /// The index of the first of them along the first axis.
    pub first: usize,
    /// How many rows there are in all.
    pub rows: usize,
}

impl Options {
    /// The defaults.
    pub fn new(function: Function) -> Options {
        Options {
            function,
            window: None,
            modes: vec![Mode::default()],
            cval: 0.0,
            origin: vec![0],
            axes: None,
            parameters: Parameters::new(),
            cast: Cast::default(),
            engine: Engine::default(),
            precision: Precision::default(),
            cut: Cut::default(),
            vectors: Vectors::default(),
            copies: Copies::default(),
            threads: 0,
            missing: MissingCells::default(),
            marked: None,
            wanted: Vec::new(),
            within: None,
            stride: vec![1],
            part: None,
        }
    }
}

/// What computes a pixel.
#[derive(Clone, Debug)]
pub enum Function {
    Kernel(Kernel),
    Callback(Callback),
}

impl Function {
    /// The kernel, if it is one.
    pub fn kernel(&self) -> Option<&Kernel> {
        match self {
            Function::Kernel(kernel) => Some(kernel),
            Function::Callback(_) => None,
        }
    }

    /// How many outputs there are.
    pub fn output_count(&self) -> usize {
        match self {
            Function::Kernel(kernel) => kernel.outputs().len(),
            Function::Callback(_) => 1,
        }
    }

    /// The names of the outputs, in order.
    pub fn output_names(&self) -> Vec<String> {
        match self {
            Function::Kernel(kernel) => kernel.outputs().map(str::to_string).collect(),
            Function::Callback(_) => vec!["0".to_string()],
        }
    }

    /// Checks that there are so many inputs and outputs.
    pub fn check_counts(&self, inputs: usize, outputs: usize) -> Result<(), Error> {
        let needed = match self {
            Function::Kernel(kernel) => kernel.inputs().len(),
            Function::Callback(_) => 1,
        };
        if inputs != needed {
            let names = match self {
                Function::Kernel(kernel) => format!(" ({})", kernel.inputs().join(", ")),
                Function::Callback(_) => String::new(),
            };
            return Err(Error::argument("inputs", format!("{needed} needed{names}, and {inputs} given")));
        }
        if outputs != self.output_count() {
            return Err(Error::argument("outputs", format!("{} needed, and {outputs} given", self.output_count())));
        }
        Ok(())
    }
}
