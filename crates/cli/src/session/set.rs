//! The commands that are settings.

use std::time::Duration;

use hoodoo::lang::entry::Kind;
use hoodoo::{Mode, Window};

use super::call::{Call, bad, joined, printable, real, similar, whole};
use super::draw;
use super::error::Error;
use super::evaluate::Session;
use super::reply::Reply;
use super::settings::Settings;

impl Session {
    /// Changes the settings, if the new ones fit each other and the images.
    fn set(&mut self, change: impl FnOnce(&mut Settings)) -> Result<(), Error> {
        let mut state = self.state.clone();
        change(&mut state.settings);
        let axes = state.axes();
        if !state.images.is_empty() {
            state.settings.footprint(axes)?;
            let modes = state.settings.modes.len();
            if modes > 1 && modes != axes {
                return Err(Error::say(format!("{modes} modes for an image of {axes} axes")));
            }
        }
        self.commit(state);
        Ok(())
    }
}

pub(super) fn size(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let lengths: Vec<usize> = call.list(whole)?;
    if !lengths.is_empty() {
        session.set(|settings| settings.window = Window::Size(lengths))?;
    }
    Ok(Reply::text(session.state.settings.window.to_string()))
}

pub(super) fn footprint(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    if let Some(word) = call.word()? {
        let window = if word.to_ascii_lowercase().ends_with(".npy") {
            let cells = call.files.load(&word).map_err(Error::of_file)?;
            Window::Array(cells.array.to_f64().mapv(|cell| cell != 0.0))
        } else {
            word.parse().map_err(bad)?
        };
        session.set(|settings| settings.window = window)?;
    }
    let (settings, axes) = (&session.state.settings, session.state.axes());
    Ok(Reply::text(format!("{}: {}", settings.window, draw::footprint(&settings.footprint(axes)?))))
}

pub(super) fn mode(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let modes: Vec<Mode> = call.list(|word| word.parse().map_err(bad))?;
    if !modes.is_empty() {
        session.set(|settings| settings.modes = modes)?;
    }
    Ok(Reply::text(format!("mode {}", joined(&session.state.settings.modes))))
}

pub(super) fn cval(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    if let Some(word) = call.word()? {
        let cval = real(&word)?;
        session.set(|settings| settings.cval = cval)?;
    }
    Ok(Reply::text(format!("cval {}", session.state.settings.cval)))
}

pub(super) fn origin(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let origin: Vec<isize> = call.list(whole)?;
    if !origin.is_empty() {
        session.set(|settings| settings.origin = origin)?;
    }
    Ok(Reply::text(format!("origin {}", joined(&session.state.settings.origin))))
}

pub(super) fn dtype(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    if let Some(word) = call.word()? {
        let dtype = if word == "input" { None } else { Some(word.parse().map_err(bad)?) };
        session.set(|settings| settings.dtype = dtype)?;
    }
    let said = session.state.settings.dtype.map_or("that of the first input", |dtype| dtype.as_str());
    Ok(Reply::text(format!("dtype {said}")))
}

pub(super) fn engine(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    if let Some(word) = call.word()? {
        let engine = word.parse().map_err(bad)?;
        session.set(|settings| settings.engine = engine)?;
    }
    Ok(Reply::text(format!("engine {:?}", session.state.settings.engine).to_lowercase()))
}

pub(super) fn precision(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    if let Some(word) = call.word()? {
        let precision = word.parse().map_err(bad)?;
        session.set(|settings| settings.precision = precision)?;
    }
    Ok(Reply::text(format!("precision {:?}", session.state.settings.precision).to_lowercase()))
}

pub(super) fn param(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let Some((name, value)) = call.pair()? else {
        let params = &session.state.settings.params;
        let lines: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        return Ok(Reply::text(if lines.is_empty() { "no param is set".to_string() } else { lines.join("\n") }));
    };
    let value = real(value)?;
    let last = session.state.last.clone();
    let mine = last.as_ref().filter(|last| last.subject.kernel.params().iter().any(|param| param.name == name));
    if mine.is_none() && session.state.definitions.kind(name) != Some(Kind::Param) {
        let message = format!("there is no param `{}`", printable(name));
        return Err(similar(message, name, session.names_of(Kind::Param), ""));
    }
    let mut state = session.state.clone();
    state.settings.params.insert(name.to_string(), value);
    match mine {
        Some(last) => session.run(state, last.subject.clone(), last.inputs.clone(), Duration::ZERO, call.progress),
        None => {
            session.commit(state);
            Ok(Reply::text(format!("{name} = {value}")))
        }
    }
}

pub(super) fn weights(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let Some((name, path)) = call.pair()? else {
        let weights = &session.state.settings.weights;
        let lines: Vec<String> =
            weights.iter().map(|(name, values)| format!("{name}: {} values", values.len())).collect();
        return Ok(Reply::text(if lines.is_empty() { "no weights are set".to_string() } else { lines.join("\n") }));
    };
    if session.state.definitions.kind(name) != Some(Kind::Weights) {
        let message = format!("there are no weights `{}`", printable(name));
        return Err(Error::hint(message, "`weights k;` declares some"));
    }
    let values: Vec<f64> =
        call.files.load(path.trim_matches('"')).map_err(Error::of_file)?.array.to_f64().into_iter().collect();
    let text = format!("{name}: {} values", values.len());
    session.set(|settings| drop(settings.weights.insert(name.to_string(), values.into())))?;
    Ok(Reply::text(text))
}
