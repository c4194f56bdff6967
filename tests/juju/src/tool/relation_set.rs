//! `relation-set [-r ID] [--app] [--file PATH | -] [K=V…]`

use super::flags::Options;
use super::relation::relation_of;
use super::{Call, Failure, Output, Result, pairs};
use crate::context::HookContext;
use crate::settings::changes_of;

/// As far as charms look at it, to learn what the tool can do.
const HELP: &str = "Usage: relation-set [options] key=value [key=value ...]\n\nOptions:\n--app  (= false)\n--file  (= )\n-r, --relation  (= )\n";

pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    if call.args == ["--help"] {
        return Ok(HELP.to_owned().into());
    }
    let flags = Options { values: &["r|relation", "file", "format"], switches: &["app"] }.parse(call.args)?;
    let (id, _) = relation_of(context, &flags)?;
    let args = pairs::from_args(&flags.rest)?;
    let mut values = pairs::from_file(&flags, call)?;
    values.extend(args);
    if flags.has("app") && !context.is_leader() {
        return Err(Failure::failed("cannot write relation settings"));
    }
    if !context.model.relations.contains_key(&id) {
        return Err(Failure::failed("permission denied"));
    }
    let writes = &mut context.writes;
    let bags = if flags.has("app") { &mut writes.application } else { &mut writes.unit };
    bags.entry(id).or_default().extend(changes_of(values));
    let stderr = match flags.value("format") {
        Some(_) => r#"--format flag deprecated for command "relation-set""#.to_owned(),
        None => String::new(),
    };
    Ok(Output { stdout: String::new(), stderr })
}
