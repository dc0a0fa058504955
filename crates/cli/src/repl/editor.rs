//! The line editor: colours, completion, hints, several lines, and the history.

use std::borrow::Cow;
use std::fs;
use std::sync::Arc;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use hoodoo::lang::builtins::builtin;
use hoodoo::lang::entry::Completeness;
use hoodoo::lang::highlight::{Class, highlight};
use nu_ansi_term::{Color, Style};
use reedline::{
    ColumnarMenu, Completer, CompletionResult, DEFAULT_INDICATOR_COLOR, DEFAULT_PROMPT_COLOR,
    DEFAULT_PROMPT_MULTILINE_COLOR, DEFAULT_PROMPT_RIGHT_COLOR, DefaultHinter, EditCommand, Emacs, FileBackedHistory,
    Highlighter, Hinter, History, KeyCode, KeyModifiers, MenuBuilder, Prompt, PromptEditMode, PromptHistorySearch,
    Reedline, ReedlineEvent, ReedlineMenu, Signal, Span, StyledText, Suggestion, ValidationResult, Validator,
    default_emacs_keybindings,
};

use super::disk::Disk;
use super::shared::{Shared, locked};
use crate::failure::{Failure, tell};
use crate::session::{COMMANDS, Session};

/// How many entries the history keeps.
const HISTORY: usize = 10_000;

/// A text longer than this has no colours: every key draws it anew.
const MAX_COLOURED: usize = 1 << 14;

const MENU: &str = "completions";

/// What stands between the prompt and what is typed.
const MARK: &str = "> ";

/// The line that is being typed.
pub struct Line {
    editor: Reedline,
    colour: bool,
}

impl Line {
    /// An editor that completes the names of the session.
    pub fn new(session: &Shared, colour: bool) -> Result<Line, Failure> {
        let mut keys = default_emacs_keybindings();
        let complete = vec![ReedlineEvent::Menu(MENU.to_string()), ReedlineEvent::MenuNext];
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(complete));
        keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
        let newline = ReedlineEvent::Edit(vec![EditCommand::InsertNewline]);
        keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, newline);
        let style = |style: Style| if colour { style } else { Style::default() };
        let menu = ColumnarMenu::default()
            .with_name(MENU)
            // This takes the place of the prompt's own.
            .with_marker(MARK)
            .with_text_style(Style::default())
            .with_match_text_style(Style::default())
            // Without colours, the chosen line is still told apart.
            .with_selected_text_style(Style::new().reverse())
            .with_selected_match_text_style(Style::new().reverse())
            .with_description_text_style(style(Color::DarkGray.normal()));
        let mut editor = Reedline::create()
            // Without these, what is chosen in the menu would be in capitals. Everything here has its own style.
            .with_ansi_colors(true)
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            .with_completer(Box::new(Names(Arc::clone(session))))
            .with_partial_completions(true)
            .with_quick_completions(true)
            .with_highlighter(Box::new(Colours { on: colour }))
            .with_hinter(Box::new(Hints::new(style(Color::DarkGray.normal()))))
            .with_validator(Box::new(Lines))
            .use_bracketed_paste(true);
        match history() {
            Ok(history) => editor = editor.with_history(Box::new(history)),
            // A prompt without a memory is better than none.
            Err(reason) => tell(format!("warning: there will be no history: {reason}")),
        }
        Ok(Line { editor, colour })
    }

    /// The next entry, or what the user did instead.
    pub fn read(&mut self) -> Result<Signal, Failure> {
        let prompt = Hoodoo { colour: self.colour };
        let read = self.editor.read_line(&prompt).map_err(|error| Failure::Run(format!("the terminal: {error}")))?;
        // A session may end without notice. Where an entry can't be kept, the next time it is tried again.
        let _ = self.editor.sync_history();
        Ok(read)
    }
}

/// The history in the platform's directory for data.
fn history() -> Result<FileBackedHistory, String> {
    let places = choose_native_strategy().map_err(|_| "this user has no home directory")?;
    let directory = places.data_dir().join("hoodoo");
    let path = directory.join("history.txt");
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", path.display()))?;
    FileBackedHistory::with_file(HISTORY, path.clone()).map_err(|error| format!("{}: {error}", path.display()))
}

/// What stands in front of an entry.
struct Hoodoo {
    colour: bool,
}

impl Hoodoo {
    /// The colour, if there are any.
    fn or_default(&self, colour: Color) -> Color {
        if self.colour { colour } else { Color::Default }
    }
}

impl Prompt for Hoodoo {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        "hoodoo".into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        MARK.into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "      | ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }

    fn get_prompt_color(&self) -> Color {
        self.or_default(DEFAULT_PROMPT_COLOR)
    }

    fn get_prompt_multiline_color(&self) -> Color {
        self.or_default(DEFAULT_PROMPT_MULTILINE_COLOR)
    }

    fn get_indicator_color(&self) -> Color {
        self.or_default(DEFAULT_INDICATOR_COLOR)
    }

    fn get_prompt_right_color(&self) -> Color {
        self.or_default(DEFAULT_PROMPT_RIGHT_COLOR)
    }
}

/// Completes the names of the language, of the session, and of files.
struct Names(Shared);

impl Completer for Names {
    fn complete(&mut self, line: &str, at: usize) -> CompletionResult {
        let found = locked(&self.0).complete(line, at, &Disk);
        let suggestions: Vec<Suggestion> = found
            .into_iter()
            .map(|completion| Suggestion {
                value: completion.text,
                description: (!completion.description.is_empty()).then_some(completion.description),
                span: Span::new(completion.span.start, completion.span.end),
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}

/// Asks for another line while an entry is not complete.
struct Lines;

impl Validator for Lines {
    fn validate(&self, entry: &str) -> ValidationResult {
        match Session::completeness(entry) {
            Completeness::Incomplete => ValidationResult::Incomplete,
            // What is wrong is executed too, to say why.
            Completeness::Complete | Completeness::Wrong => ValidationResult::Complete,
        }
    }
}

/// Colours by the grammar.
struct Colours {
    on: bool,
}

impl Colours {
    fn of(class: Class) -> Style {
        match class {
            Class::Comment => Color::DarkGray.normal(),
            Class::Keyword => Color::Purple.normal(),
            Class::Number => Color::Green.normal(),
            Class::Builtin => Color::Cyan.normal(),
            Class::Function => Color::Blue.normal(),
            Class::Unknown => Color::Red.underline(),
            _ => Style::default(),
        }
    }
}

impl Highlighter for Colours {
    fn highlight(&self, entry: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        let mut push = |style: Style, text: &str| {
            if !text.is_empty() {
                styled.push((style, text.to_string()));
            }
        };
        if !self.on || entry.len() > MAX_COLOURED {
            push(Style::default(), entry);
            return styled;
        }
        let mut start = 0;
        if entry.trim_start().starts_with(':') {
            let colon = entry.find(':').unwrap_or(0) + 1;
            let name = entry[colon..].split(char::is_whitespace).next().unwrap_or("");
            start = colon + name.len();
            push(Color::Yellow.normal(), &entry[..start]);
            let command = COMMANDS.iter().find(|command| command.name == name);
            if !command.is_some_and(|command| command.arguments.contains("EXPRESSION")) {
                push(Style::default(), &entry[start..]);
                return styled;
            }
        }
        let mut at = start;
        for (span, class) in highlight(&entry[start..]) {
            let (from, to) = (start + span.start, start + span.end);
            push(Style::default(), &entry[at..from]);
            push(Colours::of(class), &entry[from..to]);
            at = to;
        }
        push(Style::default(), &entry[at..]);
        styled
    }
}

/// Hints from the history, or the arguments of the built-in whose bracket was just opened.
struct Hints {
    history: DefaultHinter,
    style: Style,
    /// The arguments, if they are the hint.
    arguments: Option<String>,
}

impl Hints {
    fn new(style: Style) -> Hints {
        Hints { history: DefaultHinter::default().with_style(style), style, arguments: None }
    }
}

/// `x, q)` behind `percentile(`.
fn arguments(line: &str) -> Option<String> {
    let name = line.strip_suffix('(')?;
    let start = name.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    let signature = builtin(name.get(start..)?)?.signature.split(" or ").next()?;
    signature.split_once('(').map(|(_, arguments)| arguments.to_string())
}

impl Hinter for Hints {
    fn handle(&mut self, line: &str, at: usize, history: &dyn History, colour: bool, directory: &str) -> String {
        self.arguments = None;
        let hint = self.history.handle(line, at, history, colour, directory);
        if !hint.is_empty() || at != line.len() {
            return hint;
        }
        self.arguments = arguments(line);
        let arguments = self.arguments.as_deref().unwrap_or("");
        if colour { self.style.paint(arguments).to_string() } else { arguments.to_string() }
    }

    fn complete_hint(&self) -> String {
        self.arguments.clone().unwrap_or_else(|| self.history.complete_hint())
    }

    fn next_hint_token(&self) -> String {
        self.arguments.clone().unwrap_or_else(|| self.history.next_hint_token())
    }
}

#[cfg(test)]
mod tests {
    use reedline::Highlighter;

    use super::{Colours, arguments};

    #[test]
    fn arguments_of_built_ins() {
        assert_eq!(arguments("1 + percentile(").as_deref(), Some("x, q)"));
        assert_eq!(arguments("min(").as_deref(), Some("x)"));
        for line in ["percentile", "é(", "(", "nothing(", "", "pi("] {
            assert_eq!(arguments(line), None, "{line}");
        }
    }

    /// Whatever the colours, the text stays as it is.
    #[test]
    fn nothing_is_lost_in_colours() {
        for entry in ["", " let m = mean(w) # é\n ^", ":size 3", "  :time  min(w) ", ":", ":é x", "\u{0}", " : type 1"]
        {
            for on in [true, false] {
                let styled = Colours { on }.highlight(entry, 0);
                assert_eq!(styled.buffer.iter().map(|(_, text)| text.as_str()).collect::<String>(), entry);
            }
        }
    }
}
