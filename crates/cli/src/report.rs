//! What `hoodoo run` says about a run: how long the steps took, and, as JSON, what was written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hoodoo::{AnyArray, DType, Element};
use serde_json::{Map, Value, json};

use crate::arrays::for_any;
use crate::failure::{Failure, tell};

/// How long the steps took.
#[derive(Default)]
pub struct Times {
    steps: Vec<(&'static str, Duration)>,
}

impl Times {
    /// Does a step, or more of one.
    pub fn take<T>(&mut self, step: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(step, start.elapsed());
        result
    }

    /// A step, or more of one, took so long.
    pub fn add(&mut self, step: &'static str, elapsed: Duration) {
        match self.steps.iter_mut().find(|(name, _)| *name == step) {
            Some((_, time)) => *time += elapsed,
            None => self.steps.push((step, elapsed)),
        }
    }

    /// Prints a line for each step to standard error.
    pub fn print(&self) {
        for (step, time) in &self.steps {
            tell(format!("{step:<8} {:>10.3} ms", milliseconds(*time)));
        }
    }

    fn json(&self) -> Value {
        self.steps
            .iter()
            .map(|(step, time)| (step.to_string(), milliseconds(*time).into()))
            .collect::<Map<_, _>>()
            .into()
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What became of the inputs of one run of the kernel.
#[derive(Debug)]
pub struct Filtered {
    /// The files that were filtered.
    pub inputs: Vec<PathBuf>,
    /// What was written, as JSON.
    pub outputs: Vec<Value>,
    /// How often the kernel was run on its own result, if it was.
    pub runs: Option<usize>,
}

/// What the values of an output are like, of which more and more come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values {
    min: Option<f64>,
    max: Option<f64>,
    /// Of the finite ones, the sum and how many there are.
    sum: f64,
    count: usize,
}

impl Values {
    /// These come, too.
    pub fn add(&mut self, array: &AnyArray) {
        for_any!(AnyArray, array, array => for value in array {
            let value = Element::to_f64(*value);
            if value.is_finite() {
                self.min = Some(self.min.map_or(value, |min| min.min(value)));
                self.max = Some(self.max.map_or(value, |max| max.max(value)));
                self.sum += value;
                self.count += 1;
            }
        });
    }
}

/// What is said of an output: its name in the kernel, its file, its type and shape, what its values are like, and what it lost.
/// Where no element is finite, there is no least and no greatest.
pub fn describe(name: &str, path: &Path, (dtype, shape): (DType, &[usize]), values: Values, lost: &[String]) -> Value {
    json!({
        "name": name,
        "path": path.display().to_string(),
        "dtype": dtype.as_str(),
        "shape": shape,
        "min": values.min,
        "mean": (values.count > 0).then(|| values.sum / values.count as f64),
        "max": values.max,
        "lost": lost,
    })
}

/// What there is to say about a run, however it ended.
#[derive(Default)]
pub struct Report {
    /// The kernel's text, if it could be read.
    pub kernel: Option<String>,
    /// The files that were filtered.
    pub filtered: Vec<Filtered>,
    /// How long the steps took.
    pub times: Times,
}

impl Report {
    /// The report on a run that ended with this failure, or with none.
    pub fn json(&self, failure: Option<&Failure>) -> Value {
        let path = |path: &Path| path.display().to_string();
        let files = self.filtered.iter().map(|one| {
            let inputs: Vec<String> = one.inputs.iter().map(|input| path(input)).collect();
            let mut said = json!({ "inputs": inputs, "outputs": one.outputs });
            if let Some(runs) = one.runs {
                said["runs"] = runs.into();
            }
            said
        });
        let failed = |input: Option<String>, failure: &Failure| json!({ "input": input, "error": failure.message() });
        let failures = match failure {
            None => Vec::new(),
            Some(Failure::Some(each, _)) => {
                each.iter().map(|(input, failure)| failed(Some(path(input)), failure)).collect()
            }
            // This is not about one of the files rather than another.
            Some(failure) => vec![failed(None, failure)],
        };
        json!({
            "kernel": self.kernel,
            "files": files.collect::<Vec<_>>(),
            "failures": failures,
            "milliseconds": self.times.json(),
        })
    }
}
