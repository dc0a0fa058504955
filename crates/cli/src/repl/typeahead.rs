//! What is typed while a filter runs.

use std::io;
use std::sync::{Mutex, PoisonError};

use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// How the terminal was before.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// While this lives, the terminal keeps keys as they are and does not show them until the next prompt reads them. Ctrl-C
/// is still a signal.
pub struct TypeAhead(());

impl TypeAhead {
    /// Changes the mode of the terminal that standard input is.
    pub fn keep() -> io::Result<TypeAhead> {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal)?;
        let mut mode = before.clone();
        mode.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        mode.input_modes.remove(InputModes::ICRNL);
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        tcsetattr(&terminal, OptionalActions::Now, &mode)?;
        Ok(TypeAhead(()))
    }
}

impl Drop for TypeAhead {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal the mode that it had, also if the line editor has changed it: the last thing that a process does which a signal ends.
pub fn restore() {
    if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // If the terminal is gone, so is its mode.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}
