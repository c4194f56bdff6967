//! The documents say nothing that does not work: commands, links, the tutorial.

mod check;
mod juju;
mod others;
mod places;
mod played;
mod stage;
mod tutorial;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::examples;
use crate::world::pages::{Page, source};

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
