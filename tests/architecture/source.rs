//! The sources as syntax trees, without what is compiled for tests only.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, ExprMatch, ImplItem, ImplItemFn, Item, ItemFn, Pat, Path as SynPath, Signature, TraitItemFn,
};

/// A crate's files, with the modules that they are.
pub struct Crate {
    /// The file of the crate root comes first.
    all: Vec<File>,
}

/// A file of a crate.
pub struct File {
    /// Its path from the root of the repository.
    pub name: String,
    /// The module that it is, from the crate root.
    pub module: Vec<String>,
    /// What is in it.
    pub syntax: syn::File,
}

/// A function that has a body.
pub struct Function {
    /// The file that it is in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// How many lines it has, from its signature to its last bracket.
    pub lines: usize,
}

impl Crate {
    /// Reads the crate whose sources are in `folder` of the repository.
    pub fn read(folder: &str) -> Crate {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut paths = Vec::new();
        collect(&root, &mut paths);
        let mut all: Vec<File> = paths
            .iter()
            .map(|path| {
                let below: Vec<String> = path
                    .strip_prefix(&root)
                    .expect("it is below")
                    .iter()
                    .map(|part| part.to_string_lossy().into_owned())
                    .collect();
                let text = fs::read_to_string(path).expect("the file is readable");
                let mut syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                syntax.items = without_tests(syntax.items);
                File { name: format!("{folder}/{}", below.join("/")), module: module(&below), syntax }
            })
            // A file `tests.rs` is compiled for tests only, and `main.rs` calls the crate of the same folder.
            .filter(|file| !file.name.ends_with("/tests.rs") && !file.name.ends_with("/main.rs"))
            .collect();
        all.sort_by(|a, b| a.module.cmp(&b.module));
        assert!(all[0].module.is_empty(), "{folder} has no crate root");
        Crate { all }
    }

    /// All files but the crate root, which imports from every floor.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.all.iter().skip(1)
    }

    /// The file that is this module.
    pub fn file(&self, module: &[String]) -> Option<&File> {
        self.all.iter().find(|file| file.module == module)
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the directory is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// The module that a file is, by the parts of its path.
fn module(path: &[String]) -> Vec<String> {
    let mut module: Vec<String> = path.iter().map(|part| part.trim_end_matches(".rs").to_string()).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

/// The items without those for tests.
fn without_tests(items: Vec<Item>) -> Vec<Item> {
    let kept = items.into_iter().filter(|item| !for_tests(attributes(item)));
    kept.map(|mut item| {
        match &mut item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    *items = without_tests(std::mem::take(items));
                }
            }
            Item::Impl(block) => block.items.retain(|item| match item {
                ImplItem::Fn(function) => !for_tests(&function.attrs),
                _ => true,
            }),
            _ => {}
        }
        item
    })
    .collect()
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether there is a `#[cfg(test)]` among them.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.to_token_stream().to_string().replace(' ', "") == "#[cfg(test)]")
}

impl File {
    /// Whether a word of the code, macros included, is one of these.
    pub fn has_word(&self, wanted: impl Fn(&str) -> bool) -> bool {
        fn find(tokens: TokenStream, wanted: &dyn Fn(&str) -> bool) -> bool {
            tokens.into_iter().any(|token| match token {
                TokenTree::Group(group) => find(group.stream(), wanted),
                TokenTree::Ident(word) => wanted(&word.to_string()),
                _ => false,
            })
        }
        find(self.syntax.to_token_stream(), &wanted)
    }

    /// All functions.
    pub fn functions(&self) -> Vec<Function> {
        let mut found = Functions { file: &self.name, found: Vec::new() };
        found.visit_file(&self.syntax);
        found.found
    }

    /// The functions with a `match` whose patterns are variants of this type.
    pub fn matches_on(&self, name: &str) -> Vec<String> {
        let mut found = Matches { name, function: String::new(), found: Vec::new() };
        found.visit_file(&self.syntax);
        found.found
    }
}

/// Collects functions.
struct Functions<'f> {
    file: &'f str,
    found: Vec<Function>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &Signature, body: &Block) {
        let lines = body.span().end().line + 1 - signature.span().start().line;
        self.found.push(Function { file: self.file.to_string(), name: signature.ident.to_string(), lines });
    }
}

impl<'a> Visit<'a> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'a ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'a TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// Collects the functions that match on a type.
struct Matches<'n> {
    name: &'n str,
    function: String,
    found: Vec<String>,
}

impl<'a> Visit<'a> for Matches<'_> {
    fn visit_signature(&mut self, signature: &'a Signature) {
        self.function = signature.ident.to_string();
        visit::visit_signature(self, signature);
    }

    fn visit_expr_match(&mut self, expression: &'a ExprMatch) {
        if expression.arms.iter().any(|arm| names(&arm.pat, self.name)) {
            self.found.push(self.function.clone());
        }
        visit::visit_expr_match(self, expression);
    }
}

/// Whether a pattern names a variant of this type.
fn names(pattern: &Pat, name: &str) -> bool {
    struct Paths<'n>(&'n str, bool);
    impl<'a> Visit<'a> for Paths<'_> {
        fn visit_path(&mut self, path: &'a SynPath) {
            let variant = path.segments.len() >= 2 && path.segments[path.segments.len() - 2].ident == self.0;
            self.1 |= variant;
        }
    }
    let mut paths = Paths(name, false);
    paths.visit_pat(pattern);
    paths.1
}
