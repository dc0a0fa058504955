//! The four types of the language: scalars and windows, of numbers and booleans.

use std::fmt;

/// What one element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Elem {
    /// An f64.
    Number,
    /// True or false.
    Boolean,
}

/// How many elements there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One.
    Scalar,
    /// One for each cell of the footprint, in C order.
    Window,
}

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// What one element is.
    pub elem: Elem,
    /// How many elements there are.
    pub shape: Shape,
}

impl Type {
    /// One number.
    pub const NUMBER: Type = Type { elem: Elem::Number, shape: Shape::Scalar };
    /// One boolean.
    pub const BOOLEAN: Type = Type { elem: Elem::Boolean, shape: Shape::Scalar };
    /// A number for each cell.
    pub const NUMBERS: Type = Type { elem: Elem::Number, shape: Shape::Window };
    /// A boolean for each cell.
    pub const BOOLEANS: Type = Type { elem: Elem::Boolean, shape: Shape::Window };

    /// Whether there is one element for each cell.
    pub fn is_window(self) -> bool {
        self.shape == Shape::Window
    }

    /// The same elements in the shape of `self` and `other` together: a window if either is one.
    pub fn broadcast(self, other: Type) -> Type {
        let shape = if self.is_window() || other.is_window() { Shape::Window } else { Shape::Scalar };
        Type { elem: self.elem, shape }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.shape, self.elem) {
            (Shape::Scalar, Elem::Number) => "a number",
            (Shape::Scalar, Elem::Boolean) => "a boolean",
            (Shape::Window, Elem::Number) => "a window of numbers",
            (Shape::Window, Elem::Boolean) => "a window of booleans",
        })
    }
}
