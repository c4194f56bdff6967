use std::str::FromStr;

/// Who may have which names, as the operator says it: `blog=example.com,example.org shop=shop.example.com`.
///
/// Where nothing is said, everyone may have every name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domains(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// An application, a relation's id, or `*` for all.
    who: String,
    /// Names that it may have, with all below them; `*` for every name.
    suffixes: Vec<String>,
}

impl Domains {
    /// Whether an application may have a name over a relation.
    pub fn allow(&self, app: &str, relation: &str, name: &str) -> bool {
        let meant = |rule: &&Rule| rule.who == "*" || rule.who == app || rule.who == relation;
        let below = |suffix: &String| {
            suffix == "*"
                || name == suffix
                || name.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'))
        };
        self.0.is_empty() || self.0.iter().filter(meant).flat_map(|rule| &rule.suffixes).any(below)
    }
}

impl FromStr for Domains {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_whitespace().map(rule).collect::<Result<_, _>>().map(Self)
    }
}

fn rule(text: &str) -> Result<Rule, String> {
    let error = || format!("{text:?} is not of the form APPLICATION=NAME,NAME (or RELATION:NUMBER=…, *=…)");
    let (who, suffixes) = text.split_once('=').ok_or_else(error)?;
    let plain = |word: &str, more: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.as_bytes().contains(&byte)
            })
    };
    let suffixes: Vec<String> = suffixes.split(',').map(str::to_owned).collect();
    let good = |suffix: &String| {
        suffix == "*" || (plain(suffix, "-.") && !suffix.starts_with('.') && !suffix.ends_with('.'))
    };
    if (who == "*" || plain(who, "-:")) && suffixes.iter().all(good) {
        return Ok(Rule { who: who.to_owned(), suffixes });
    }
    Err(error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_allowed_by_application_relation_or_for_all() {
        let domains: Domains = "blog=example.com,blog.org tls:4=shop.net *=open.example.net".parse().unwrap();
        for (app, relation, name, allowed) in [
            ("blog", "tls:3", "example.com", true),
            ("blog", "tls:3", "a.b.example.com", true),
            ("blog", "tls:3", "badexample.com", false),
            ("blog", "tls:3", "shop.net", false),
            ("shop", "tls:4", "www.shop.net", true),
            ("shop", "tls:5", "www.shop.net", false),
            ("shop", "tls:5", "x.open.example.net", true),
        ] {
            assert_eq!(domains.allow(app, relation, name), allowed, "{app} {relation} {name}");
        }
        assert!("".parse::<Domains>().unwrap().allow("any", "tls:1", "any.name"));
        assert!("blog=*".parse::<Domains>().unwrap().allow("blog", "tls:1", "any.name"));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in
            ["blog", "=a.bc", "blog=", "blog=a.bc,", "blog=.bc", "blog=A.bc", "blog=a.bc;", "b log=a.bc x"]
        {
            assert!(text.parse::<Domains>().is_err(), "{text}");
        }
    }
}
