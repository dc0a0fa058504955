//! The commands that look: at images, at what an expression becomes, and at how long it takes.

use std::sync::Arc;
use std::time::Instant;

use hoodoo::lang::check::types;
use hoodoo::lang::parse::{parse, with_large_stack};
use hoodoo::{Engine, Listing};

use super::call::ENTRY;
use super::call::{Call, block, printable, similar, whole};
use super::error::Error;
use super::evaluate::Session;
use super::named::NamedImage;
use super::program::Text;
use super::reply::Reply;
use super::state::{Run, State, Subject};
use super::{draw, measure};

/// The number of bars of a histogram where none is said.
const BINS: usize = 16;

/// The most bars of a histogram.
const MOST_BINS: usize = 1000;

impl Session {
    /// The last run.
    pub(super) fn last(&self) -> Result<&Arc<Run>, Error> {
        let hint = "type one, such as `max(w) - min(w)`";
        self.state.last.as_ref().ok_or_else(|| Error::hint("there is no expression yet", hint))
    }

    /// The expression behind a command, compiled, and its images; or the last one.
    fn subject(&self, call: &Call<'_>) -> Result<(Arc<Subject>, Vec<Arc<NamedImage>>), Error> {
        if call.rest.is_empty() {
            let last = self.last()?;
            return Ok((last.subject.clone(), last.inputs.clone()));
        }
        let start = Instant::now();
        let reading = self.state.definitions.read(Text::new(call.rest, ENTRY))?;
        if !reading.has_outputs() {
            return Err(Error::say("this is no expression"));
        }
        let subject = self.compile(&reading, start)?;
        let inputs = State { definitions: reading.definitions, ..self.state.clone() }.inputs(&subject.kernel)?;
        Ok((subject, inputs))
    }

    /// The image of this name, or the last result, or the first image.
    pub(super) fn image(&self, name: Option<&str>) -> Result<Arc<NamedImage>, Error> {
        let all = || self.results().iter().chain(self.images());
        let found = match name {
            None => all().next(),
            Some("w") => all().find(|image| image.name == "w").or(self.images().first()),
            Some(name) => all().find(|image| image.name == name),
        };
        found.cloned().ok_or_else(|| match name {
            None => Error::hint("there is no image", "`:load FILE` loads one"),
            Some(name) => similar(
                format!("there is no image `{}`", printable(name)),
                name,
                all().map(|image| image.name.as_str()),
                "",
            ),
        })
    }

    fn listing(&mut self, call: &Call<'_>, listing: Listing) -> Result<Reply, Error> {
        let (subject, inputs) = self.subject(call)?;
        let settings = &self.state.settings;
        let Some(first) = inputs.first() else { return Err(Error::say("the kernel has no inputs")) };
        let text = match (settings.engine, listing) {
            (Engine::Auto | Engine::Rows, _) => {
                let dtypes: Vec<_> = inputs.iter().map(|image| image.dtype()).collect();
                let output = settings.dtype.unwrap_or(first.dtype());
                let outputs = vec![output; subject.kernel.outputs().len()];
                settings.filter(&subject.kernel).listing(listing, first.extent(), &dtypes, &outputs)
            }
            (Engine::Callback, Listing::Clif) => subject.kernel.clif(Some(&settings.footprint(first.extent().len())?)),
            (Engine::Callback, Listing::Assembly) => {
                subject.kernel.assembly(Some(&settings.footprint(first.extent().len())?))
            }
            (Engine::Callback, Listing::Plan) => return Err(Error::say("a callback has no plan")),
            (_, _) => return Err(Error::say("the interpreter has no code")),
        };
        Ok(block(text.map_err(|error| subject.error(error))?))
    }
}

/// Name, type, shape and values of an image.
pub(super) fn line(image: &NamedImage) -> String {
    format!("{}: {}  {}", image.name, image.describe(), draw::statistics(&image.statistics()))
}

pub(super) fn images(session: &mut Session, _: &Call<'_>) -> Result<Reply, Error> {
    let lines: Vec<String> = session.images().iter().chain(session.results()).map(|image| line(image)).collect();
    Ok(Reply::text(if lines.is_empty() { "there are none".to_string() } else { lines.join("\n") }))
}

pub(super) fn show(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let image = session.image(call.word()?.as_deref())?;
    Ok(Reply { text: line(&image), picture: Some(image), quit: false })
}

pub(super) fn histogram(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let bins = call.word()?.map_or(Ok(BINS), |word| whole(&word))?;
    if !(1..=MOST_BINS).contains(&bins) {
        return Err(Error::say(format!("a histogram has 1 to {MOST_BINS} bins")));
    }
    Ok(Reply::text(draw::histogram(&*session.image(None)?, bins)))
}

pub(super) fn type_of(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let source = match call.rest {
        "" => session.last()?.subject.program.clone(),
        rest => {
            let reading = session.state.definitions.read(Text::new(rest, ENTRY))?;
            if !reading.has_outputs() {
                return Ok(Reply::text(session.describe_definitions(&reading)?));
            }
            reading.program(&session.names(), "0")
        }
    };
    let types = with_large_stack(|| parse(&source.source).and_then(|parsed| types(&parsed)))
        .map_err(|diagnostic| source.error(diagnostic))?;
    Ok(Reply::text(types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")))
}

pub(super) fn ast(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let (subject, _) = session.subject(call)?;
    let text = with_large_stack(|| parse(subject.kernel.source()).map(|program| program.to_string()));
    Ok(block(text.map_err(|diagnostic| subject.program.error(diagnostic))?))
}

pub(super) fn hir(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    Ok(block(session.subject(call)?.0.kernel.hir()))
}

pub(super) fn plan(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    session.listing(call, Listing::Plan)
}

pub(super) fn clif(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    session.listing(call, Listing::Clif)
}

pub(super) fn asm(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    session.listing(call, Listing::Assembly)
}

pub(super) fn time(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let (subject, inputs) = session.subject(call)?;
    Ok(Reply::text(measure::time(&session.state, &subject, &inputs, call.progress)?))
}

pub(super) fn bench(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let (subject, inputs) = session.subject(call)?;
    Ok(Reply::text(measure::bench(&session.state, &subject, &inputs, &*session.rivals, call.progress)?))
}
