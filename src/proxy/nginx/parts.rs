//! The files of a configuration: the main file, and parts that are named after their content.

use std::collections::BTreeMap;

use super::{Paths, Server, Site, render};
use crate::host::file_stem;
use crate::reactive::digest;
use crate::wire::Fqdn;

/// The main file's name.
pub(super) const MAIN: &str = "nginx.conf";

/// A file that the main file names, directly or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its path in the configuration's folder. A name stands for one content only.
    pub(super) name: String,
    pub(super) text: String,
}

impl Part {
    pub(super) fn of(stem: &str, text: String) -> Self {
        Self { name: format!("{stem}.{}.conf", digest(text.as_bytes())), text }
    }

    /// Whether a file of that name should have this content.
    pub(super) fn is_named_after(name: &str, content: &[u8]) -> bool {
        name.ends_with(&format!(".{}.conf", digest(content)))
    }

    /// What the part of a site with this id is called, without what stands for its content.
    pub(super) fn plain_name_of(id: &Fqdn) -> String {
        format!("{}.conf", stem(id))
    }

    /// The name of a part without what stands for its content, for people: `sites/blog.example.com.conf`.
    pub(super) fn plain_name(name: &str) -> String {
        let stem = name.strip_suffix(".conf").and_then(|rest| rest.rsplit_once('.'));
        let is_digest = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match stem {
            Some((stem, digest)) if is_digest(digest) => format!("{stem}.conf"),
            _ => name.to_owned(),
        }
    }
}

/// A site and the name of its part. The text is rendered again where it is to be written: of many sites few change.
#[derive(Debug, Clone)]
pub(super) struct Named<'s> {
    pub(super) site: &'s Site,
    pub(super) name: String,
}

/// What every location that hands requests on includes.
pub(super) fn upstream() -> Part {
    Part::of("upstream", render::upstream_conf())
}

/// The part of a site.
fn of_site(server: &Server, site: &Site, upstream: &str) -> Part {
    Part::of(&stem(&site.id), render::site(server, site, upstream))
}

fn stem(id: &Fqdn) -> String {
    format!("sites/{}", file_stem(id.as_str()))
}

/// What the parts of sites are called.
pub(super) fn of_sites<'s>(server: &Server, sites: &'s [Site]) -> Vec<Named<'s>> {
    let upstream = upstream().name;
    sites.iter().map(|site| Named { site, name: of_site(server, site, &upstream).name }).collect()
}

/// All parts of a configuration, by name.
pub(super) fn names<'r>(sites: &'r [Named<'_>], upstream: &'r Part) -> impl Iterator<Item = &'r str> {
    sites.iter().map(|one| one.name.as_str()).chain([upstream.name.as_str()])
}

/// Those parts of a configuration that are not there yet.
pub(super) fn lacking<'s>(
    server: &'s Server,
    sites: &[Named<'s>],
    is_there: &dyn Fn(&str) -> bool,
) -> impl Iterator<Item = Part> + use<'s> {
    let lacking: Vec<&'s Site> =
        sites.iter().filter(|one| !is_there(&one.name)).map(|one| one.site).collect();
    let upstream = upstream();
    let (name, lacks_upstream) = (upstream.name.clone(), !is_there(&upstream.name));
    let of_sites = lacking.into_iter().map(move |site| of_site(server, site, &name));
    of_sites.chain(lacks_upstream.then_some(upstream))
}

/// The main file that names these parts of sites.
pub(super) fn main<'n>(paths: &Paths, server: &Server, sites: impl IntoIterator<Item = &'n str>) -> String {
    render::nginx_conf(paths, server, &sites.into_iter().collect())
}

/// The files that a main file names.
pub(super) fn named_in(main: &str) -> impl Iterator<Item = &str> {
    main.lines().filter_map(|line| line.trim().strip_prefix("include ")?.strip_suffix(';'))
}

/// All files of a configuration, by their path in its folder.
pub(super) fn files(paths: &Paths, server: &Server, sites: &[Site]) -> BTreeMap<String, String> {
    let upstream = upstream();
    let parts: Vec<Part> = sites.iter().map(|site| of_site(server, site, &upstream.name)).collect();
    let main = main(paths, server, parts.iter().map(|part| part.name.as_str()));
    let main = Part { name: MAIN.to_owned(), text: main };
    parts.into_iter().chain([main, upstream]).map(|part| (part.name, part.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_main_file_names_is_found_in_it() {
        let main = "include mime.types;\nhttp {\n    include sites/a.conf;\n    # include sites/b.conf;\n}\n";
        assert_eq!(named_in(main).collect::<Vec<_>>(), ["mime.types", "sites/a.conf"]);
    }

    #[test]
    fn a_name_stands_for_one_content() {
        let part = Part::of("sites/a.example", "text".to_owned());
        assert_eq!(part.name, "sites/a.example.982d9e3eb996f559e633f4d194def376.conf");
        assert!(Part::is_named_after(&part.name, b"text") && !Part::is_named_after(&part.name, b"other"));
        for (name, plain) in [
            (part.name.as_str(), "sites/a.example.conf"),
            ("sites/a.example.conf", "sites/a.example.conf"),
            ("a", "a"),
        ] {
            assert_eq!(Part::plain_name(name), plain);
        }
    }
}
