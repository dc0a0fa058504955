//! Numbers of things in words, for messages.

/// Some things, such as `1 row` or `2 rows`.
pub fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
