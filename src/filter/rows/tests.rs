//! Plans of several passes, made by hand, against the interpreter.
