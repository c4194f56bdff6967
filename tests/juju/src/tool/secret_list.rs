//! `secret-get`, `secret-ids` and `secret-info-get`

use super::flags::Flags;
use super::format::Format;
use super::{Call, Failure, Output, Result, quote, secret_content};
use crate::base64;
use crate::context::HookContext;
use crate::context_secrets::SecretInfo;
use crate::tree::Tree;

/// `secret-get [ID] [--label LABEL] [--peek | --refresh] [KEY[#base64]]`
pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (id, label) = (uri(flags)?, flags.text("label"));
    if id.is_none() && label.is_none() {
        return Err(Failure::usage("require either a secret URI or label"));
    }
    let (peek, refresh) = (flags.has("peek"), flags.has("refresh"));
    if peek && refresh {
        return Err(Failure::usage("specify one of --peek or --refresh but not both"));
    }
    flags.at_most(2)?;
    let content = context.secret_content(id.as_deref(), label, refresh, peek)?;
    let Some(key) = flags.rest.get(1).filter(|key| !key.is_empty()) else {
        let decoded = content.iter().map(|(key, value)| (key.clone(), plain(value).into()));
        return Ok(Output::Tree(Tree::Map(decoded.collect())));
    };
    let (name, raw) = key.strip_suffix("#base64").map_or((key.as_str(), false), |name| (name, true));
    let value = content.get(name);
    let value =
        value.ok_or_else(|| Failure::failed(format!("secret key value {} not found", quote(name))))?;
    Ok(Output::Tree(if raw { value.as_str().into() } else { plain(value).into() }))
}

fn plain(value: &str) -> String {
    String::from_utf8_lossy(&base64::decode(value).unwrap_or_default()).into_owned()
}

/// `secret-ids`: what the unit owns, and the application's if it leads.
pub(super) fn ids(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(0)?;
    let ids: Vec<String> = context.own_secrets().into_keys().collect();
    let none_in_json = ids.is_empty() && flags.format() == Some(Format::Json);
    Ok(Output::Tree(if none_in_json { Tree::Null } else { Tree::Lines(ids) }))
}

/// `secret-info-get ID | --label LABEL`
pub(super) fn info(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (id, label) = (uri(flags)?, flags.text("label"));
    let own = context.own_secrets();
    let found = match (&id, label) {
        (None, None) => return Err(Failure::usage("require either a secret URI or label")),
        (Some(_), Some(_)) => {
            return Err(Failure::usage("specify either a secret URI or label but not both"));
        }
        (Some(id), None) => own.get_key_value(id),
        (None, Some(label)) => own.iter().find(|(_, info)| info.about.label.as_deref() == Some(label)),
    };
    flags.at_most(1)?;
    let wanted = id.as_deref().or(label).unwrap_or_default();
    let (id, info) = found.ok_or_else(|| Failure::failed(format!("secret {} not found", quote(wanted))))?;
    Ok(Output::Tree(Tree::Map([(id.clone(), described(context, info))].into())))
}

fn described(context: &HookContext<'_>, info: &SecretInfo) -> Tree {
    let text = |text: &Option<String>| Tree::from(text.as_deref().unwrap_or_default());
    let mut fields = vec![
        ("revision", Tree::Int(info.revision.into())),
        ("label", text(&info.about.label)),
        ("owner", info.owner.kind().into()),
    ];
    let optional = [
        ("description", &info.about.description),
        ("rotation", &info.about.rotate),
        ("expiry", &info.about.expire),
    ];
    fields.extend(
        optional.into_iter().filter(|(_, value)| value.is_some()).map(|(name, value)| (name, text(value))),
    );
    let access = info.grants.iter().map(|(subject, grant)| {
        let target = if subject.contains('/') { "unit" } else { "application" };
        let relation = grant.relation.and_then(|id| context.model.relations.get(&id));
        let scope = relation.map_or_else(String::new, |relation| {
            format!("relation-{}", relation.key().replace(':', ".").replace(' ', "#"))
        });
        Tree::Record(vec![
            ("target", format!("{target}-{}", subject.replace('/', "-")).into()),
            ("scope", scope.into()),
            ("role", "view".into()),
        ])
    });
    let access: Vec<Tree> = access.collect();
    if !access.is_empty() {
        fields.push(("access", Tree::List(access)));
    }
    Tree::Record(fields)
}

fn uri(flags: &Flags) -> Result<Option<String>> {
    let Some(text) = flags.rest.first() else { return Ok(None) };
    secret_content::id(text)
        .map(Some)
        .map_err(|_| Failure::usage(format!("secret URI {} not valid", quote(text))))
}
