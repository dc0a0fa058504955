//! Which package needs which, as `cargo metadata` has it.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A package.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it says of its licence.
    pub licence: Option<String>,
    /// Whether it is part of the workspace.
    pub ours: bool,
    /// The folder of its sources.
    pub folder: PathBuf,
}

/// Packages, and what each needs.
#[derive(Debug)]
pub struct Graph {
    packages: Vec<Package>,
    /// For each package, which it needs.
    needs: Vec<Vec<usize>>,
    /// For each package, which of these are linked with it: those that it does not need only to be built or tested.
    links: Vec<Vec<usize>>,
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_string)
}

fn list<'v>(value: &'v Value, what: &str) -> Result<&'v Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("cargo metadata has no {what}"))
}

impl Graph {
    /// Reads what `cargo metadata` prints.
    pub fn parse(metadata: &str) -> Result<Graph, String> {
        let metadata: Value = serde_json::from_str(metadata).map_err(|error| format!("cargo metadata: {error}"))?;
        let (mut packages, mut places) = (Vec::new(), BTreeMap::new());
        for package in list(&metadata["packages"], "packages")? {
            places.insert(text(package, "id").unwrap_or_default(), packages.len());
            packages.push(Package {
                name: text(package, "name").unwrap_or_default(),
                version: text(package, "version").unwrap_or_default(),
                licence: text(package, "license"),
                ours: package["source"].is_null(),
                folder: text(package, "manifest_path")
                    .and_then(|path| PathBuf::from(path).parent().map(Path::to_path_buf))
                    .unwrap_or_default(),
            });
        }
        let mut needs = vec![Vec::new(); packages.len()];
        let mut links = vec![Vec::new(); packages.len()];
        for node in list(&metadata["resolve"]["nodes"], "graph")? {
            let Some(place) = places.get(node["id"].as_str().unwrap_or_default()) else { continue };
            for needed in list(&node["deps"], "dependencies")? {
                let Some(index) = needed["pkg"].as_str().and_then(|id| places.get(id)) else { continue };
                needs[*place].push(*index);
                // Of a kind that is not named a dependency is a normal one.
                if needed["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null())) {
                    links[*place].push(*index);
                }
            }
        }
        Ok(Graph { packages, needs, links })
    }

    /// Everything that is linked into a package of the workspace, by name and version.
    pub fn linked_into(&self, name: &str) -> Vec<&Package> {
        let mut found = vec![false; self.packages.len()];
        let mut open: Vec<usize> =
            (0..self.packages.len()).filter(|index| self.packages[*index].name == name).collect();
        while let Some(index) = open.pop() {
            if !std::mem::replace(&mut found[index], true) {
                open.extend(&self.links[index]);
            }
        }
        let linked = self.packages.iter().zip(found).filter(|(package, found)| *found && !package.ours);
        let mut linked: Vec<&Package> = linked.map(|(package, _)| package).collect();
        linked.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        linked
    }

    /// All packages.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The shortest way from a package of the workspace to this one, by name.
    pub fn way_to(&self, package: usize) -> Vec<&str> {
        let mut before: Vec<Option<usize>> = vec![None; self.packages.len()];
        let mut open: VecDeque<usize> = (0..self.packages.len()).filter(|index| self.packages[*index].ours).collect();
        while let Some(index) = open.pop_front() {
            for needed in &self.needs[index] {
                if before[*needed].is_none() && !self.packages[*needed].ours {
                    before[*needed] = Some(index);
                    open.push_back(*needed);
                }
            }
        }
        let mut way: Vec<&str> = std::iter::successors(Some(package), |index| before[*index])
            .map(|index| self.packages[index].name.as_str())
            .collect();
        way.reverse();
        way
    }
}
