//! What a filter is set to. Nothing is checked here.

use crate::callback::Callback;
use crate::error::Error;
use crate::filter::engine::Engine;
use crate::grid::boundary::Mode;
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
    pub threads: usize,
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
            threads: 0,
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
        let (needed, names) = match self {
            Function::Kernel(kernel) => (kernel.inputs().len(), format!(" ({})", kernel.inputs().join(", "))),
            Function::Callback(_) => (1, String::new()),
        };
        if inputs != needed {
            return Err(Error::argument("inputs", format!("{needed} needed{names}, and {inputs} given")));
        }
        if outputs != self.output_count() {
            return Err(Error::argument("outputs", format!("{} needed, and {outputs} given", self.output_count())));
        }
        Ok(())
    }
}
