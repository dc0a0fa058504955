//! The session, as the prompt and the line editor have it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::Session;

/// The session, which the completion of names looks at while a line is typed.
pub type Shared = Arc<Mutex<Session>>;

/// The session, for an entry or a completion.
pub fn locked(session: &Shared) -> MutexGuard<'_, Session> {
    // A panic while it was locked ended the program, or the entry that changed nothing.
    session.lock().unwrap_or_else(PoisonError::into_inner)
}
