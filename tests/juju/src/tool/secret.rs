//! `secret-add`, `secret-set`, `secret-remove`, `secret-grant` and `secret-revoke`: done at the commit.

use super::flags::Flags;
use super::relation::relation_of;
use super::relation_get::{application_of, is_application};
use super::{Call, Failure, Output, Result, quote, secret_content};
use crate::Name;
use crate::context::HookContext;
use crate::model::{Grant, NewSecret, Owner};

/// `secret-add [--owner unit] [--label LABEL] … KEY=VALUE…` prints the new secret's URI.
pub(super) fn add(context: &mut HookContext<'_>, call: Call<'_>, flags: &Flags) -> Result {
    if flags.rest.is_empty() && flags.text("file").is_none() {
        return Err(Failure::usage("missing secret value or filename"));
    }
    let about = secret_content::about(flags, &context.model.now)?;
    let content = secret_content::content(&flags.rest, flags, call)?;
    if content.is_empty() {
        return Err(Failure::failed("empty secret value not valid"));
    }
    let owner = match flags.value("owner") {
        Some("unit") => Owner::Unit(context.unit.clone()),
        _ => Owner::Application(context.application().clone()),
    };
    context.may_change(&owner)?;
    let id = context.model.new_secret_id();
    let printed = format!("secret:{id}\n");
    context.writes.secrets.creates.push(NewSecret { id, owner, about, content });
    Ok(Output::Text(printed))
}

/// `secret-set ID [KEY=VALUE…]`
pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>, flags: &Flags) -> Result {
    let (id, args) = split_id(flags)?;
    let about = secret_content::about(flags, &context.model.now)?;
    let content = secret_content::content(args, flags, call)?;
    may_change(context, &id)?;
    let writes = &mut context.writes.secrets;
    let new = writes.creates.iter_mut().find(|new| new.id == id);
    let (old_about, old_content) = if let Some(new) = new {
        (&mut new.about, &mut new.content)
    } else {
        let (about, content) = writes.updates.entry(id).or_default();
        (about, content)
    };
    old_about.update(about);
    if !content.is_empty() {
        *old_content = content;
    }
    Ok(Output::Nothing)
}

/// `secret-remove ID [--revision N]`
pub(super) fn remove(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (id, rest) = split_id(flags)?;
    nothing_more(rest)?;
    let revision = flags.value("revision").and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    may_change(context, &id)?;
    let writes = &mut context.writes.secrets;
    writes.creates.retain(|new| new.id != id || revision.is_some());
    writes.updates.remove(&id);
    if context.model.secret(&id).is_some() {
        context.writes.secrets.deletes.insert(id, revision);
    }
    Ok(Output::Nothing)
}

/// `secret-grant ID [-r RELATION] [--unit UNIT]`
pub(super) fn grant(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (id, rest) = split_id(flags)?;
    let (relation, membership) = relation_of(context, flags)?;
    let application = membership.remote_application.clone();
    let subject = match flags.text("unit") {
        None => application.clone(),
        Some(unit) => match application_of(unit) {
            None => return Err(Failure::usage(format!("unit {} not valid", quote(unit)))),
            Some(other) if *other == *application => Name::from(unit),
            Some(_) => {
                let (unit, application) = (quote(unit), quote(&application));
                return Err(Failure::usage(format!(
                    "cannot specify unit {unit} in relation to application {application}"
                )));
            }
        },
    };
    nothing_more(rest)?;
    let own = context.own_secrets();
    let info = own.get(&id).ok_or_else(|| Failure::failed(format!("secret {} not found", quote(&id))))?;
    if info.grants.contains_key(&subject) || info.grants.contains_key(&application) {
        return Ok(Output::Nothing);
    }
    let of_units = info.grants.keys().any(|name| application_of(name) == Some(&*application));
    if subject == application && of_units {
        return Err(Failure::failed(
            "any unit level grants need to be revoked before granting access to the corresponding application",
        ));
    }
    context.writes.secrets.grants.push((id, subject, Grant { relation: Some(relation) }));
    Ok(Output::Nothing)
}

/// `secret-revoke ID [-r RELATION | --app APPLICATION | --unit UNIT]`
pub(super) fn revoke(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (id, rest) = split_id(flags)?;
    let (app, unit) = (flags.text("app"), flags.text("unit"));
    if let Some(app) = app.filter(|app| !is_application(app)) {
        return Err(Failure::usage(format!("application {} not valid", quote(app))));
    }
    if let Some(unit) = unit.filter(|unit| application_of(unit).is_none()) {
        return Err(Failure::usage(format!("unit {} not valid", quote(unit))));
    }
    if app.is_some() && unit.is_some() {
        return Err(Failure::usage("specify only one of application or unit"));
    }
    let relation =
        relation_of(context, flags).ok().map(|(_, membership)| membership.remote_application.clone());
    if relation.is_some() && app.is_some() {
        return Err(Failure::usage("do not specify both relation and app"));
    }
    let subject = unit.map(Name::from).or(app.map(Name::from)).or(relation);
    let subject = subject.ok_or_else(|| Failure::usage("missing relation or application or unit"))?;
    nothing_more(rest)?;
    may_change(context, &id)?;
    let writes = &mut context.writes.secrets;
    writes.grants.retain(|(other, granted, _)| *other != id || *granted != subject);
    if context.model.secret(&id).is_some() {
        writes.revokes.push((id, subject));
    }
    Ok(Output::Nothing)
}

fn split_id(flags: &Flags) -> Result<(String, &[String])> {
    let [id, rest @ ..] = flags.rest.as_slice() else { return Err(Failure::usage("missing secret URI")) };
    Ok((secret_content::id(id)?, rest))
}

fn nothing_more(rest: &[String]) -> Result<()> {
    if rest.is_empty() {
        return Ok(());
    }
    let rest: Vec<String> = rest.iter().map(|arg| quote(arg)).collect();
    Err(Failure::usage(format!("unrecognized args: [{}]", rest.join(" "))))
}

/// What isn't known here is looked at when it is committed.
fn may_change(context: &HookContext<'_>, id: &str) -> Result<()> {
    let own = context.own_secrets();
    own.get(id).map_or(Ok(()), |info| context.may_change(&info.owner))
}
