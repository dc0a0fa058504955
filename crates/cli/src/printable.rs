//! Names and texts of strangers, as they may be printed on a terminal.

use std::path::Path;

/// What some names are of, and the first few of them; none if there are none.
pub fn listed(what: &str, names: &[String]) -> Option<String> {
    const MOST: usize = 12;
    let (few, more) = names.split_at(names.len().min(MOST));
    match (few, more.len()) {
        ([], _) => None,
        ([one], _) => Some(format!("{what} {one}")),
        (few, 0) => Some(format!("{what}s {}", few.join(", "))),
        (few, more) => Some(format!("{what}s {} and {more} more", few.join(", "))),
    }
}

/// The text without what a terminal would obey: controls, and marks that turn the direction of writing, as escapes.
pub fn printable(text: &str) -> String {
    let is_command =
        |letter: char| letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(is_command) {
        return text.to_string();
    }
    let escaped =
        |letter: char| if is_command(letter) { letter.escape_default().to_string() } else { letter.to_string() };
    text.chars().map(escaped).collect()
}

/// A path as it may be printed.
pub fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn terminals_are_not_commanded() {
        assert_eq!(printable("photo \u{e4}.png"), "photo \u{e4}.png");
        assert_eq!(printable("\u{1b}[31mred\u{9b}0m\n\u{202e}gnp"), "\\u{1b}[31mred\\u{9b}0m\\n\\u{202e}gnp");
    }
}
