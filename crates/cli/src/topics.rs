//! `hoodoo help TOPIC`: the language, from the installed command alone.

use std::ffi::OsString;

use hoodoo::lang::builtins::{BUILTINS, Builtin, Meaning};

use crate::failure::{Failure, print};
use hoodoo_cookbook::COOKBOOK;

/// Makes a page.
type Page = fn() -> String;

/// The topics besides the subcommands.
const TOPICS: [(&str, Page); 4] =
    [("language", language), ("functions", functions), ("reductions", reductions), ("examples", examples)];

/// Prints the page on a topic, if the arguments ask for one.
pub fn help(arguments: &[OsString]) -> Option<Result<(), Failure>> {
    let [_, help, topic] = arguments else { return None };
    let (_, page) = TOPICS.iter().find(|(name, _)| help == "help" && topic == name)?;
    Some(print(page().trim_end()))
}

/// The whole page on the language.
fn language() -> String {
    include_str!("../../../docs/language.md").to_string()
}

fn is_reduction(builtin: &Builtin) -> bool {
    matches!(builtin.meaning, Meaning::Extreme(..) | Meaning::Reduction(_) | Meaning::Statistic(_))
}

fn reductions() -> String {
    let head = "Reductions make one value of a window. Each may have a condition: mean(w where w > 0).";
    table(head, is_reduction)
}

fn functions() -> String {
    table("Functions of numbers and of windows, element by element; places and constants.", |builtin| {
        !is_reduction(builtin)
    })
}

/// The built-ins of a kind, with what they are.
fn table(head: &str, of_kind: impl Fn(&Builtin) -> bool) -> String {
    let chosen: Vec<&Builtin> = BUILTINS.iter().filter(|builtin| of_kind(builtin)).collect();
    let width = chosen.iter().map(|builtin| builtin.signature.len()).max().unwrap_or(0);
    let lines = chosen.iter().map(|builtin| format!("  {:width$}  {}\n", builtin.signature, builtin.doc));
    format!("{head}\n\n{}", lines.collect::<String>())
}

/// A kernel of each kind, as it stands in the cookbook.
fn examples() -> String {
    let of = |(group, recipes): &(&str, &[hoodoo_cookbook::Recipe])| {
        let first = recipes.first().map_or("", |recipe| recipe.text);
        format!("# {group}\n\n{}\n", first.trim_end())
    };
    let all: Vec<String> = COOKBOOK.iter().map(of).collect();
    format!("{}\n# More: hoodoo gallery, and hoodoo gallery --show NAME", all.join("\n"))
}
