//! The grammar for editors: `docs/hoodoo.tmLanguage.json` has the words of the language, and colours kernels.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hoodoo::lang::builtins::{BUILTINS, Meaning};
use regex::Regex;
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A pattern of the grammar, with the scope of the whole match and of each group.
struct Rule {
    regex: Regex,
    scopes: Vec<Option<String>>,
}

/// The rules, in the order in which they are tried.
fn rules() -> Vec<Rule> {
    let grammar: Value = serde_json::from_str(&read("docs/hoodoo.tmLanguage.json")).expect("the grammar is JSON");
    assert_eq!(grammar["scopeName"], "source.hoodoo");
    assert_eq!(grammar["fileTypes"], serde_json::json!(["hood"]));
    let mut rules = Vec::new();
    collect(&grammar, &grammar, &mut rules);
    rules
}

fn collect(grammar: &Value, rule: &Value, rules: &mut Vec<Rule>) {
    if let Some(name) = rule["include"].as_str() {
        let name = name.strip_prefix('#').expect("it is in the repository");
        return collect(grammar, &grammar["repository"][name], rules);
    }
    if let Some(patterns) = rule["patterns"].as_array() {
        return patterns.iter().for_each(|pattern| collect(grammar, pattern, rules));
    }
    let regex = Regex::new(rule["match"].as_str().expect("a rule matches something")).expect("it is a pattern");
    let scope = |value: &Value| value["name"].as_str().map(str::to_string);
    let groups = (1..regex.captures_len()).map(|group| scope(&rule["captures"][group.to_string()]));
    rules.push(Rule { scopes: [scope(rule)].into_iter().chain(groups).collect(), regex });
}

/// The pieces of a line that have a scope, as an editor finds them: what matches first, and of that the first rule.
fn pieces<'t>(rules: &'t [Rule], line: &'t str) -> Vec<(&'t str, &'t str)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    loop {
        let found = rules.iter().filter_map(|rule| Some((rule, rule.regex.captures_at(line, at)?)));
        let Some((rule, captures)) = found.min_by_key(|(_, captures)| captures.get_match().start()) else {
            return pieces;
        };
        for (scope, group) in rule.scopes.iter().zip(captures.iter()) {
            if let (Some(scope), Some(group)) = (scope, group) {
                pieces.push((group.as_str(), scope.as_str()));
            }
        }
        at = captures.get_match().end();
    }
}

/// The words of the rule with this scope that is a list of words.
fn words(rules: &[Rule], scope: &str) -> BTreeSet<String> {
    let lists = rules.iter().filter(|rule| rule.scopes == [Some(scope.to_string())]);
    let words = lists.filter_map(|rule| rule.regex.as_str().strip_prefix(r"\b(?:")?.strip_suffix(r")\b"));
    words.flat_map(|words| words.split('|')).map(str::to_string).collect()
}

#[test]
fn built_ins_are_those_of_the_table() {
    let rules = rules();
    let mut count = 0;
    for (scope, belongs) in [
        (
            "support.function.reduction.hoodoo",
            (|meaning| matches!(meaning, Meaning::Reduction(..) | Meaning::Statistic(_) | Meaning::Extreme(..)))
                as fn(Meaning) -> bool,
        ),
        ("support.function.neighbourhood.hoodoo", |meaning| matches!(meaning, Meaning::Place(_))),
        ("support.function.elementwise.hoodoo", |meaning| {
            matches!(meaning, Meaning::Unary(_) | Meaning::Binary(_) | Meaning::Derived(_))
        }),
        ("constant.language.hoodoo", |meaning| matches!(meaning, Meaning::Constant(_) | Meaning::Truth(_))),
    ] {
        let expected: BTreeSet<String> = (BUILTINS.iter())
            .filter(|builtin| belongs(builtin.meaning))
            .map(|builtin| builtin.name.to_string())
            .collect();
        assert_eq!(words(&rules, scope), expected, "{scope}");
        count += expected.len();
    }
    assert_eq!(count, BUILTINS.len());
}

#[test]
fn keywords_are_those_of_the_grammar() {
    let grammar = read("grammar/hoodoo.pest");
    let (_, rule) = grammar.split_once("\nkeyword = @{").expect("there is a rule for keywords");
    let (rule, _) = rule.split_once('}').expect("it ends");
    let keywords: BTreeSet<String> = rule.split('"').skip(1).step_by(2).map(str::to_string).collect();
    assert!(keywords.len() > 10, "{keywords:?}");
    let rules = rules();
    let scopes = ["storage.type.hoodoo", "keyword.control.hoodoo", "keyword.operator.logical.hoodoo"];
    let coloured: BTreeSet<String> = scopes.iter().flat_map(|scope| words(&rules, scope)).collect();
    assert_eq!(coloured, keywords);
}

#[test]
fn a_line_of_everything() {
    let rules = rules();
    let scopes = |line| -> Vec<(&str, String)> {
        let short = |scope: &str| scope.strip_suffix(".hoodoo").expect("the scope has the name of the language").into();
        pieces(&rules, line).into_iter().map(|(text, scope)| (text, short(scope))).collect()
    };
    let expect = |line, expected: &[(&str, &str)]| {
        let expected: Vec<(&str, String)> = expected.iter().map(|(text, scope)| (*text, scope.to_string())).collect();
        assert_eq!(scopes(line), expected, "{line}");
    };
    expect(
        "param t1 = 1.5e-3; # a comment",
        &[
            ("param", "storage.type"),
            ("t1", "variable.other.definition"),
            ("=", "keyword.operator.assignment"),
            ("1.5e-3", "constant.numeric"),
            (";", "punctuation.separator"),
            ("# a comment", "comment.line.number-sign"),
        ],
    );
    expect(
        "fn f(x) = g(x) ** -.5;",
        &[
            ("fn", "storage.type"),
            ("f", "entity.name.function"),
            ("(", "punctuation.bracket"),
            ("x", "variable.other"),
            (")", "punctuation.bracket"),
            ("=", "keyword.operator.assignment"),
            ("g", "entity.name.function.call"),
            ("(", "punctuation.bracket"),
            ("x", "variable.other"),
            (")", "punctuation.bracket"),
            ("**", "keyword.operator.arithmetic"),
            ("-", "keyword.operator.arithmetic"),
            (".5", "constant.numeric"),
            (";", "punctuation.separator"),
        ],
    );
    expect(
        "mean: mean(w where not isnan(w)), far: count(dist() >= pi)",
        &[
            ("mean", "entity.name.tag"),
            (":", "punctuation.separator"),
            ("mean", "support.function.reduction"),
            ("(", "punctuation.bracket"),
            ("w", "variable.other"),
            ("where", "keyword.control"),
            ("not", "keyword.operator.logical"),
            ("isnan", "support.function.elementwise"),
            ("(", "punctuation.bracket"),
            ("w", "variable.other"),
            (")", "punctuation.bracket"),
            (")", "punctuation.bracket"),
            ("far", "entity.name.tag"),
            (":", "punctuation.separator"),
            ("count", "support.function.reduction"),
            ("(", "punctuation.bracket"),
            ("dist", "support.function.neighbourhood"),
            ("(", "punctuation.bracket"),
            (")", "punctuation.bracket"),
            (">=", "keyword.operator.comparison"),
            ("pi", "constant.language"),
            (")", "punctuation.bracket"),
        ],
    );
}

/// Nothing in the cookbook is without a scope but white space, and the comma in front of a named output.
#[test]
fn the_cookbook_is_coloured() {
    let rules = rules();
    let mut lines = 0;
    for entry in fs::read_dir(path("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hood") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let pieces = pieces(&rules, line);
            let coloured: usize = pieces.iter().map(|(text, _)| text.len()).sum();
            let white = match line.starts_with('#') {
                true => 0,
                false => line.split('#').next().unwrap_or(line).matches([' ', '\t']).count(),
            };
            let named = pieces.iter().filter(|(_, scope)| scope.starts_with("entity.name.tag")).count();
            assert!(coloured + white + named >= line.len(), "{}: {line}\n{pieces:?}", path.display());
            lines += 1;
        }
    }
    assert!(lines > 300, "only {lines} lines");
}
