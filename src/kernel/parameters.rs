//! What a kernel is run with: values for its params and weights.

use std::collections::HashMap;

use ndarray::{ArrayBase, Data, Dimension};

use crate::error::Error;
use crate::grid::footprint::Footprint;
use crate::lang::hir::Kernel;
use crate::lang::interpret::Settings;

/// Values for a kernel's params and weights, by name.
///
/// ```
/// use hoodoo::{Filter, Kernel, Parameters};
///
/// let kernel = Kernel::compile("param t; weights k; t * sum(w * k)")?;
/// let parameters = Parameters::new().param("t", 2.0).weights("k", [1.0, 0.0, 1.0]);
/// let sums = Filter::new(&kernel).size(3).parameters(parameters).run(&ndarray::array![1.0, 5.0, 3.0])?;
/// assert_eq!(sums, ndarray::array![12.0, 8.0, 16.0]);
/// # Ok::<(), hoodoo::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Parameters {
    params: HashMap<String, f64>,
    weights: HashMap<String, Weights>,
}

/// A weights vector.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
struct Weights {
    values: Vec<f64>,
    /// The shape of the array that they come from, if they do.
    shape: Option<Vec<usize>>,
}

impl Parameters {
    /// No values yet.
    pub fn new() -> Parameters {
        Parameters::default()
    }

    /// Sets the scalar param `name`.
    #[must_use = "the parameters are changed by value"]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<f64>) -> Parameters {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Sets the weights vector `name`: one value for each cell of the footprint, or for each cell of its bounding box, in
    /// C order.
    #[must_use = "the parameters are changed by value"]
    pub fn weights(mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Parameters {
        self.weights.insert(name.into(), Weights { values: values.into_iter().collect(), shape: None });
        self
    }

    /// Sets the weights vector `name` to an array, which must have the shape of the footprint: that of its bounding box.
    #[must_use = "the parameters are changed by value"]
    pub fn weights_array<S, D>(mut self, name: impl Into<String>, array: &ArrayBase<S, D>) -> Parameters
    where
        S: Data<Elem = f64>,
        D: Dimension,
    {
        let weights = Weights { values: array.iter().copied().collect(), shape: Some(array.shape().to_vec()) };
        self.weights.insert(name.into(), weights);
        self
    }

    /// The values for `kernel` in its order, complete and checked.
    pub(crate) fn settings(&self, kernel: &Kernel, footprint: Option<&Footprint>) -> Result<Settings, Error> {
        self.known_settings(kernel, footprint)?
    }

    /// The same for a look at a kernel that need not run: the error inside is that a value is missing, and any other the one outside.
    pub(crate) fn known_settings(
        &self,
        kernel: &Kernel,
        footprint: Option<&Footprint>,
    ) -> Result<Result<Settings, Error>, Error> {
        let (params, weights) = (kernel.params.iter().map(|param| &param.name), kernel.weights.iter());
        check_names("param", "param", self.params.keys(), params)?;
        check_names("weights", "weights vector", self.weights.keys(), weights)?;
        let mut checked: Vec<Vec<f64>> = Vec::new();
        for (name, given) in kernel.weights.iter().filter_map(|name| Some((name, self.weights.get(name)?))) {
            let values = match footprint {
                Some(footprint) => given.of_cells(name, footprint)?,
                // The first vector says how many cells there are.
                None => {
                    let (values, cells) = (given.values.len(), checked.first().unwrap_or(&given.values).len());
                    if values != cells {
                        return Err(wrong_count(name, values, cells));
                    }
                    given.values.clone()
                }
            };
            checked.push(values);
        }
        let params = kernel.params.iter().map(|param| {
            let value = self.params.get(&param.name).copied().or(param.default);
            value.ok_or_else(|| Error::argument("param", format!("the kernel's param `{}` has no value", param.name)))
        });
        let unset = kernel.weights.iter().find(|name| !self.weights.contains_key(*name));
        Ok(params.collect::<Result<Vec<f64>, Error>>().and_then(|params| match unset {
            Some(name) => Err(Error::argument("weights", format!("the kernel's weights `{name}` have no values"))),
            None => Ok(Settings { params, weights: checked }),
        }))
    }
}

impl Weights {
    /// The weights of the cells of `footprint`, checked.
    fn of_cells(&self, name: &str, footprint: &Footprint) -> Result<Vec<f64>, Error> {
        let box_len: usize = footprint.shape().iter().product();
        match &self.shape {
            Some(shape) if shape != footprint.shape() => Err(Error::argument(
                "weights",
                format!("the array for `{name}` has shape {shape:?}, and the footprint {:?}", footprint.shape()),
            )),
            None if self.values.len() == footprint.len() => Ok(self.values.clone()),
            _ if self.values.len() == box_len => {
                Ok(footprint.positions().map(|position| self.values[position]).collect())
            }
            _ => Err(wrong_count(name, self.values.len(), footprint.len())),
        }
    }
}

fn wrong_count(name: &str, values: usize, cells: usize) -> Error {
    Error::argument("weights", format!("`{name}` has {values} values for {cells} cells"))
}

/// Checks that every name that is given is known.
fn check_names<'n>(
    argument: &'static str,
    what: &str,
    given: impl Iterator<Item = &'n String>,
    known: impl Iterator<Item = &'n String>,
) -> Result<(), Error> {
    let known: Vec<&str> = known.map(String::as_str).collect();
    for name in given {
        if !known.contains(&name.as_str()) {
            let has = if known.is_empty() { "none at all".to_string() } else { known.join(", ") };
            return Err(Error::argument(argument, format!("the kernel has no {what} `{name}`; it has {has}")));
        }
    }
    Ok(())
}
