//! Which files of its crate a file imports from: by `use`, in whatever form, and by paths in its code and its macros. An item
//! that a module only passes on counts as that of the module where it is defined.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, Macro, Path, UseTree};

use crate::source::{Crate, File};

/// How often an item may be passed on.
const MOST_STEPS: usize = 8;

/// The other files of the crate that a file imports from, the crate root among them.
pub fn of<'c>(part: &'c Crate, file: &File) -> Vec<&'c File> {
    let mut paths = Paths { scope: file.module.clone(), children: Vec::new(), found: Vec::new() };
    paths.visit_file(&file.syntax);
    let mut found: Vec<&File> =
        paths.found.iter().filter_map(|path| target(part, path)).filter(|other| other.name != file.name).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    found
}

/// The file where the item at an absolute path is defined; none if it is of another crate.
fn target<'c>(part: &'c Crate, path: &[String]) -> Option<&'c File> {
    let mut path = path.to_vec();
    for _ in 0..MOST_STEPS {
        let (file, rest) = (0..=path.len()).rev().find_map(|length| Some((part.file(&path[..length])?, length)))?;
        let Some(name) = path.get(rest) else { return Some(file) };
        match passed_on(file).get(name) {
            Some(Some(elsewhere)) => path = [elsewhere.as_slice(), &path[rest + 1..]].concat(),
            // It is of another crate.
            Some(None) => return None,
            None => return Some(file),
        }
    }
    panic!("{path:?} is passed on in a circle");
}

/// The names that a file has from elsewhere: absolute paths, or none for those of other crates.
fn passed_on(file: &File) -> BTreeMap<String, Option<Vec<String>>> {
    let children: Vec<String> = children(&file.syntax.items);
    let mut names = BTreeMap::new();
    for item in &file.syntax.items {
        let Item::Use(item) = item else { continue };
        for (path, name) in leaves(&item.tree) {
            names.insert(name, absolute(&file.module, &children, &path));
        }
    }
    names
}

/// The names of the modules among the items.
fn children(items: &[Item]) -> Vec<String> {
    let names = items.iter().filter_map(|item| match item {
        Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    names.collect()
}

/// A path in a module from the crate root; none if it does not lead into the crate, as far as one can see.
fn absolute(scope: &[String], children: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut scope = scope.to_vec();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => {
            scope.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {}
        child if children.iter().any(|name| name == child) => {}
        _ => return None,
    }
    while rest.first().is_some_and(|word| word == "super") {
        scope.pop();
        rest = &rest[1..];
    }
    Some([scope.as_slice(), rest].concat())
}

/// The paths of a `use`, with the name that each gives; `*` is no name, but a path of its own.
fn leaves(tree: &UseTree) -> Vec<(Vec<String>, String)> {
    let with = |first: String, leaves: Vec<(Vec<String>, String)>| {
        let prefixed = leaves.into_iter().map(|(path, name)| {
            // `a::{self}` is `a` itself.
            let path = if path == ["self"] { Vec::new() } else { path };
            let name = if name == "self" { first.clone() } else { name };
            ([vec![first.clone()], path].concat(), name)
        });
        prefixed.collect()
    };
    match tree {
        UseTree::Path(path) => with(path.ident.to_string(), leaves(&path.tree)),
        UseTree::Name(name) => vec![(vec![name.ident.to_string()], name.ident.to_string())],
        UseTree::Rename(rename) => vec![(vec![rename.ident.to_string()], rename.rename.to_string())],
        UseTree::Glob(_) => vec![(Vec::new(), "*".to_string())],
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// Collects the absolute paths that a file has.
struct Paths {
    /// The module that is visited.
    scope: Vec<String>,
    /// The modules in it.
    children: Vec<String>,
    found: Vec<Vec<String>>,
}

impl Paths {
    fn add(&mut self, path: &[String]) {
        self.found.extend(absolute(&self.scope, &self.children, path));
    }

    /// The paths in a macro's tokens, of those that say where they start.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        // The colons since the last word of the path.
        let mut colons = 0;
        let starts = |word: &str| ["crate", "self", "super"].contains(&word);
        for token in tokens {
            match token {
                TokenTree::Ident(word) if !path.is_empty() && colons == 2 => path.push(word.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' && colons < 2 => {
                    colons += 1;
                    continue;
                }
                other => {
                    self.add_of_macro(&std::mem::take(&mut path));
                    match other {
                        TokenTree::Ident(word) if starts(&word.to_string()) => path.push(word.to_string()),
                        TokenTree::Group(group) => self.add_tokens(group.stream()),
                        _ => {}
                    }
                }
            }
            colons = 0;
        }
        self.add_of_macro(&path);
    }

    /// Adds a path from a macro, in which a lone `self` is a value.
    fn add_of_macro(&mut self, path: &[String]) {
        if path.len() > 1 {
            self.add(path);
        }
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_file(&mut self, file: &'a syn::File) {
        self.children = children(&file.items);
        visit::visit_file(self, file);
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        let Some((_, items)) = &module.content else { return };
        let outside = std::mem::replace(&mut self.children, children(items));
        self.scope.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.scope.pop();
        self.children = outside;
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        for (path, _) in leaves(&item.tree) {
            self.add(&path);
        }
    }

    fn visit_path(&mut self, path: &'a Path) {
        // A single word is a name of the file's own, or was imported.
        if path.segments.len() > 1 {
            let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add(&words);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::{Paths, leaves};
    use syn::visit::Visit;

    #[test]
    fn every_form_of_import_is_seen() {
        let text = "
            mod child;
            use self::child::A;
            use super::{b::{C, self}, d::*, E as F};
            use crate::g;
            use std::h;
            fn f() { child::i(); super::j::k(); println!(\"{}\", crate::l::m(self.n)); }
            mod inner { use super::o; }
            impl crate::p::Trait for Q<super::r::S> {}
        ";
        let mut paths = Paths { scope: vec!["x".into(), "y".into()], children: Vec::new(), found: Vec::new() };
        paths.visit_file(&syn::parse_file(text).unwrap());
        let mut found: Vec<String> = paths.found.iter().map(|path| path.join("::")).collect();
        found.sort();
        let expected = [
            "g",
            "l::m",
            "p::Trait",
            "x::E",
            "x::b",
            "x::b::C",
            "x::d",
            "x::j::k",
            "x::r::S",
            "x::y::child::A",
            "x::y::child::i",
            "x::y::o",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_name_is_that_behind_as() {
        let item: syn::ItemUse = syn::parse_str("use a::{b as c, d::{self, e}};").unwrap();
        let names: Vec<String> = leaves(&item.tree).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["c", "d", "e"]);
    }
}
