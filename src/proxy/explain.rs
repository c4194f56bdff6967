use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;

use super::handlers::planned;
use super::nginx::{self, Difference, Paths};
use super::plan::{Owner, Plan, Site};
use super::serving;
use crate::interface::Hook;
use crate::options;

/// What would be served now, what would change and why, in lines for a person. Nothing is changed, no password shown.
pub fn explain(hook: &Hook) -> Result<String> {
    let options = options::in_force(hook)?;
    let plan = planned(hook, &options)?;
    let paths = Paths::new(&hook.host, &hook.context.unit)?;
    let differences = if plan.sites.is_empty() {
        nginx::differences(&hook.host, &paths, None)?
    } else {
        let (server, sites) = (serving::server(&hook.host, &options)?, serving::sites(&paths, &plan));
        nginx::differences(&hook.host, &paths, Some((&server, &sites)))?
    };
    let mut owners = BTreeMap::new();
    for owner in plan.answers.keys() {
        owners.insert(owner.clone(), for_whom(hook, owner)?);
    }
    Ok(lines(&plan, &owners, &differences))
}

fn lines(plan: &Plan, owners: &BTreeMap<Owner, String>, differences: &nginx::Differences) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        let _ = writeln!(text, "{words}");
    };
    line(match plan.sites.len() {
        0 => "serve nothing".to_owned(),
        1 => "serve 1 site".to_owned(),
        more => format!("serve {more} sites"),
    });
    for site in &plan.sites {
        line(format!("  {}: {}", names(site), owners.get(&site.owner).map_or("", String::as_str)));
        line(format!(
            "    to {}",
            if site.upstreams.is_empty() { "nobody: answers 503".to_owned() } else { upstreams(site) }
        ));
        if let Some(credentials) = &site.credentials {
            line(format!("    for the user {} alone", credentials.user()));
        }
    }
    for (owner, answer) in &plan.answers {
        let whom = owners.get(owner).map_or("", String::as_str);
        answer.pending.iter().for_each(|(name, why)| line(format!("wait with {name}, {whom}: {why}")));
        answer
            .refused
            .iter()
            .for_each(|one| line(format!("refuse {}, {whom}: {}: {}", one.unit, one.field, one.reason)));
        answer.notes.iter().for_each(|(name, note)| line(format!("note on {name}, {whom}: {note}")));
    }
    if differences.is_empty() {
        line("change nothing: nginx has this configuration".to_owned());
    }
    for (file, difference) in differences {
        line(match difference {
            Difference::New => format!("write {file}: it is not there"),
            Difference::Changed => format!("rewrite {file}: it says something else"),
            Difference::Gone => format!("delete {file}: nobody asks for it any more"),
        });
    }
    text.trim_end().to_owned()
}

fn names(site: &Site) -> String {
    site.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn upstreams(site: &Site) -> String {
    site.upstreams.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn for_whom(hook: &Hook, owner: &Owner) -> Result<String> {
    Ok(match owner {
        Owner::Own => "for the operator".to_owned(),
        Owner::Relation(relation) => {
            let app = hook.state.view.relation(relation)?.map_or("nobody", |known| known.app.as_str());
            format!("for {app} ({relation})")
        }
    })
}
