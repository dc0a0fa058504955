//! A session, and what an expression or a definition does to it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hoodoo as library;
use hoodoo::lang::check::types;
use hoodoo::lang::entry::Kind;
use hoodoo::lang::parse::{parse, with_large_stack};
use hoodoo::{Kernel, Progress};

use super::draw;
use super::error::Error;
use super::named::NamedImage;
use super::program::{Reading, Text, image_names};
use super::reply::Reply;
use super::rivals::{NoRivals, Rivals};
use super::state::{Run, State, Subject, add_image};

/// How many steps `:undo` can go back.
const MAX_UNDO: usize = 32;

/// Images, definitions, settings, and the last result.
#[derive(Debug)]
pub struct Session {
    pub(super) state: State,
    pub(super) rivals: Arc<dyn Rivals>,
    pub(super) past: Vec<State>,
}

impl Session {
    /// A session with images, the first of which kernels call `w`.
    pub fn new(images: Vec<NamedImage>) -> Session {
        let mut state = State::default();
        images.into_iter().for_each(|image| add_image(&mut state.images, image));
        Session { state, rivals: Arc::new(NoRivals), past: Vec::new() }
    }

    /// The session with other programs, which `:bench` compares with.
    #[must_use]
    pub fn with_rivals(self, rivals: impl Rivals + 'static) -> Session {
        Session { rivals: Arc::new(rivals), ..self }
    }

    /// The images that were loaded.
    pub fn images(&self) -> &[Arc<NamedImage>] {
        &self.state.images
    }

    /// The outputs of the last run, the first of which is `_`.
    pub fn results(&self) -> &[Arc<NamedImage>] {
        self.state.last.as_ref().map_or(&[], |last| &last.outputs)
    }

    /// Replaces the state by another that `:undo` can leave.
    pub(super) fn commit(&mut self, state: State) {
        if self.past.len() == MAX_UNDO {
            self.past.remove(0);
        }
        self.past.push(std::mem::replace(&mut self.state, state));
    }

    /// Keeps the declarations of a text, and runs its expression.
    pub(super) fn evaluate(&mut self, text: Text, progress: &Progress) -> Result<Reply, Error> {
        let start = Instant::now();
        let reading = self.state.definitions.read(text)?;
        if reading.is_empty() {
            return Ok(Reply::default());
        }
        let mut state = State { definitions: reading.definitions.clone(), ..self.state.clone() };
        // A new definition has its own default.
        for (name, _) in reading.added() {
            state.settings.params.remove(name);
            state.settings.weights.remove(name);
        }
        if !reading.has_outputs() {
            if reading.has_assertions() {
                let message = "an assertion is part of a kernel: write an expression behind it";
                return Err(Error::hint(message, "`assert w[0,0] > 0; mean(w)`"));
            }
            let text = self.describe_definitions(&reading)?;
            self.commit(state);
            return Ok(Reply::text(text));
        }
        let subject = self.compile(&reading, start)?;
        let (inputs, time) = (state.inputs(&subject.kernel)?, subject.time);
        self.run(state, subject, inputs, time, progress)
    }

    /// Runs a kernel, the checking of which took `checked`, with the settings of `state`. The session is then that state,
    /// with the result.
    pub(super) fn run(
        &mut self,
        mut state: State,
        subject: Arc<Subject>,
        inputs: Vec<Arc<NamedImage>>,
        checked: Duration,
        progress: &Progress,
    ) -> Result<Reply, Error> {
        let (outputs, mut times) = state.filtered(&subject, &inputs, progress)?;
        times.compile += checked;
        let mut text = String::new();
        for (name, output) in subject.kernel.outputs().zip(&outputs) {
            if outputs.len() > 1 {
                let _ = write!(text, "{name}: ");
            }
            let _ = writeln!(text, "{}  {}", output.describe(), draw::statistics(&output.statistics()));
        }
        let _ = write!(text, "{times}");
        let picture = outputs.first().cloned();
        state.last = Some(Arc::new(Run { subject, inputs, outputs }));
        self.commit(state);
        Ok(Reply { text, picture, quit: false })
    }

    /// The program of an entry with outputs, compiled.
    pub(super) fn compile(&self, reading: &Reading, start: Instant) -> Result<Arc<Subject>, Error> {
        let program = reading.program(&self.names(), "0");
        let kernel = Kernel::compile(&program.source).map_err(|error| match error {
            library::Error::Kernel(error) => program.error(error.diagnostic().clone()),
            error => Error::from(error),
        })?;
        Ok(Arc::new(Subject { program, kernel, time: start.elapsed() }))
    }

    /// What the definitions of an entry are, one on each line, after checking them.
    pub(super) fn describe_definitions(&self, reading: &Reading) -> Result<String, Error> {
        let values: Vec<&str> = reading.added().filter(|(_, kind)| *kind == Kind::Let).map(|(name, _)| name).collect();
        let otherwise = if values.is_empty() { "0".to_string() } else { values.join(", ") };
        let program = reading.program(&self.names(), &otherwise);
        let types = with_large_stack(|| parse(&program.source).and_then(|parsed| types(&parsed)))
            .map_err(|diagnostic| program.error(diagnostic))?;
        let mut types = types.into_iter();
        let lines = reading.added().map(|(name, kind)| match kind {
            Kind::Let => format!("{name}: {}", types.next().map_or_else(String::new, |ty| ty.to_string())),
            Kind::Function => format!("{name}: a function"),
            Kind::Param => format!("{name}: a param"),
            Kind::Weights => format!("{name}: weights"),
            Kind::Input | Kind::Assert | Kind::Outputs => format!("{name}: an input"),
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    /// The names that inputs may have without a declaration.
    pub(super) fn names(&self) -> Vec<String> {
        image_names(&self.state.images, self.results().len())
    }
}
