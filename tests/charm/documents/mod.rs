//! The documents say nothing that does not work: commands, links, the tutorial.

mod command;
mod operator;
mod tutorial;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use command::{Command, check};

/// A page, and where it lies in the package.
struct Page {
    path: String,
    text: String,
}

impl Page {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(source(path)).unwrap();
        Self { path: path.to_owned(), text }
    }

    fn all() -> Vec<Self> {
        let docs = fs::read_dir(source("docs")).unwrap().map(|entry| entry.unwrap().file_name());
        let docs = docs.filter_map(|name| Some(format!("docs/{}", name.to_str()?)));
        let pages =
            docs.chain(["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"].map(str::to_owned));
        let pages =
            pages.filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "md"));
        pages.map(|path| Self::read(&path)).collect()
    }
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_command_is_one_that_there_is() {
    let pages = Page::all();
    let commands: Vec<(String, Command)> = pages
        .iter()
        .flat_map(|page| Command::all(&page.text).into_iter().map(|command| (page.path.clone(), command)))
        .collect();
    let programs: BTreeSet<&str> = commands.iter().map(|(_, command)| command.words[0].as_str()).collect();
    for program in ["juju", "make", "curl"] {
        assert!(programs.contains(program), "no {program} is found: {programs:?}");
    }
    let wrong: Vec<String> = commands
        .iter()
        .filter_map(|(page, command)| {
            Some(format!("{page}: {}: {}", command.words.join(" "), check(command).err()?))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for page in Page::all() {
        let folder = source(&page.path).parent().unwrap().to_owned();
        for link in page.text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { source(&page.path) } else { folder.join(file) };
            let is_there = target.exists() && (heading.is_empty() || headings(&target).contains(heading));
            if !is_there {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// The names under which a page's headings can be linked to.
fn headings(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let heading = |line: &str| Some(line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase());
    let name = |heading: String| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    text.lines().filter_map(heading).map(name).collect()
}

#[test]
fn every_page_of_docs_is_in_the_index() {
    let index = Page::read("docs/README.md").text;
    for page in Page::all() {
        let Some(name) = page.path.strip_prefix("docs/").filter(|name| *name != "README.md") else {
            continue;
        };
        assert!(index.contains(&format!("]({name})")), "docs/README.md does not lead to {name}");
    }
}
