//! What is typed while a filter runs.

use std::io::{self, Stdin};

use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// While this lives, the terminal keeps keys as they are and does not show them until the next prompt reads them. Ctrl-C
/// is still a signal.
pub struct TypeAhead {
    terminal: Stdin,
    before: Termios,
}

impl TypeAhead {
    /// Changes the mode of the terminal that standard input is.
    pub fn keep() -> io::Result<TypeAhead> {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal)?;
        let mut mode = before.clone();
        mode.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        mode.input_modes.remove(InputModes::ICRNL);
        tcsetattr(&terminal, OptionalActions::Now, &mode)?;
        Ok(TypeAhead { terminal, before })
    }
}

impl Drop for TypeAhead {
    fn drop(&mut self) {
        // If the terminal is gone, so is its mode.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
