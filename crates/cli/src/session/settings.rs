//! How a session filters: all that [`Filter`] takes besides kernel and images.

use std::collections::BTreeMap;
use std::sync::Arc;

use hoodoo::{DType, Engine, Error, Filter, Footprint, Kernel, Mode, Precision, Window};

/// The settings of a session.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub window: Window,
    pub modes: Vec<Mode>,
    pub cval: f64,
    pub origin: Vec<isize>,
    /// That of the first input if there is none.
    pub dtype: Option<DType>,
    pub engine: Engine,
    pub precision: Precision,
    pub params: BTreeMap<String, f64>,
    pub weights: BTreeMap<String, Arc<[f64]>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            window: Window::from(3),
            modes: vec![Mode::default()],
            cval: 0.0,
            origin: vec![0],
            dtype: None,
            engine: Engine::default(),
            precision: Precision::default(),
            params: BTreeMap::new(),
            weights: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The filter by a kernel, with those params and weights that it has.
    pub(super) fn filter(&self, kernel: &Kernel) -> Filter {
        let mut filter = Filter::new(kernel)
            .window(self.window.clone())
            .modes(self.modes.iter().copied())
            .cval(self.cval)
            .origin(&self.origin[..])
            .engine(self.engine)
            .precision(self.precision);
        for param in kernel.params() {
            if let Some(value) = self.params.get(&param.name) {
                filter = filter.param(&param.name, *value);
            }
        }
        for name in kernel.weights() {
            if let Some(values) = self.weights.get(name) {
                filter = filter.weights(name, values.iter().copied());
            }
        }
        filter
    }

    /// The footprint along `axes` axes.
    pub(super) fn footprint(&self, axes: usize) -> Result<Footprint, Error> {
        let origin = match self.origin.as_slice() {
            [one] => vec![*one; axes],
            each => each.to_vec(),
        };
        self.window.footprint(axes)?.with_origin(&origin)
    }
}
