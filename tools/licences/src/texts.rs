//! The texts of licences, which go with what is linked.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use super::graph::Package;

/// How the names of files with such texts begin.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// The texts of all packages, each once, under the packages that have it.
///
/// # Errors
///
/// If a folder or a file can't be read.
pub fn collected(packages: &[&Package]) -> Result<String, String> {
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let name = format!("{} {} ({})", package.name, package.version, package.licence.as_deref().unwrap_or("?"));
        let texts = texts_in(&package.folder).map_err(|error| format!("{}: {error}", package.folder.display()))?;
        if texts.is_empty() {
            by_text.entry("Its package has no file with the text.".to_string()).or_default().push(name.clone());
        }
        for text in texts {
            by_text.entry(text).or_default().push(name.clone());
        }
    }
    let mut sections: Vec<(Vec<String>, String)> = by_text.into_iter().map(|(text, names)| (names, text)).collect();
    sections.sort();
    let line = "=".repeat(80);
    let mut all = String::from("What is linked into the extension module, and on which terms.\n");
    for (mut names, text) in sections {
        names.dedup();
        all += &format!("\n{line}\n{}\n{line}\n\n{text}\n", names.join("\n"));
    }
    Ok(all)
}

/// The texts in a folder, with line ends of one kind.
fn texts_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            let text = String::from_utf8_lossy(&fs::read(&path)?).replace("\r\n", "\n");
            texts.push(text.trim_end().trim_start_matches('\n').to_string());
        }
    }
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Package, collected};

    #[test]
    fn a_text_stands_once_under_all_that_have_it() {
        let folder = std::env::temp_dir().join(format!("hoodoo-licences-{}", std::process::id()));
        let package = |name: &str, files: &[(&str, &str)]| {
            let folder = folder.join(name);
            fs::create_dir_all(&folder).unwrap();
            files.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
            let (version, licence) = ("1.0.0".to_string(), Some("MIT".to_string()));
            Package { name: name.to_string(), version, licence, ours: false, folder }
        };
        let packages = [
            package("a", &[("LICENSE-MIT", "Do.\r\n"), ("README", "No.")]),
            package("b", &[("license.txt", "Do.\n\n"), ("NOTICE", "By b.")]),
            package("c", &[]),
        ];
        let all = collected(&packages.iter().collect::<Vec<_>>()).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(all.matches("Do.").count(), 1);
        assert!(all.contains("a 1.0.0 (MIT)\nb 1.0.0 (MIT)\n"), "{all}");
        assert!(all.contains("By b.") && all.contains("no file with the text") && !all.contains("No."), "{all}");
    }
}
