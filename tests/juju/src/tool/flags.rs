use super::format::Format;
use super::option::{Kind, Opt};
use super::{Failure, Result};
use crate::context::HookContext;
use crate::model::RelationId;

/// Arguments split as Go's gnuflag does it: options and positional arguments in any order, `--` ends options.
#[derive(Debug, Default)]
pub(super) struct Flags {
    values: Vec<(&'static str, String)>,
    relation: Option<RelationId>,
    format: Option<Format>,
    /// The positional arguments.
    pub(super) rest: Vec<String>,
}

impl Flags {
    pub(super) fn parse(context: &HookContext<'_>, options: &[Opt], args: &[String]) -> Result<Self> {
        let mut flags = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                flags.rest.extend(args.cloned());
                break;
            } else if let Some(long) = arg.strip_prefix("--") {
                let (name, inline) =
                    long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value.to_owned())));
                if name.is_empty() {
                    return Err(Failure::usage(format!("empty option in argument {arg:?}")));
                }
                flags.take(context, options, name, inline, &mut args)?;
            } else if let Some(cluster) = arg.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
                flags.short(context, options, cluster, &mut args)?;
            } else {
                flags.rest.push(arg.clone());
            }
        }
        Ok(flags)
    }

    /// `-rID`, `-r ID`, or several switches in one.
    fn short<'a>(
        &mut self,
        context: &HookContext<'_>,
        options: &[Opt],
        cluster: &str,
        args: &mut impl Iterator<Item = &'a String>,
    ) -> Result<()> {
        for (place, letter) in cluster.char_indices() {
            let name = letter.to_string();
            let after = &cluster[place + letter.len_utf8()..];
            let takes_rest = !after.is_empty()
                && options.iter().any(|option| {
                    option.is_named(&name) && (option.kind != Kind::Switch || after.starts_with('='))
                });
            if takes_rest {
                return self.take(context, options, &name, Some(after.to_owned()), args);
            }
            self.take(context, options, &name, None, args)?;
        }
        Ok(())
    }

    fn take<'a>(
        &mut self,
        context: &HookContext<'_>,
        options: &[Opt],
        name: &str,
        inline: Option<String>,
        args: &mut impl Iterator<Item = &'a String>,
    ) -> Result<()> {
        let dashed = if name.len() > 1 { format!("--{name}") } else { format!("-{name}") };
        let Some(option) = options.iter().find(|option| option.is_named(name)) else {
            if name == "help" || name == "h" {
                return Err(Failure::Help);
            }
            return Err(Failure::usage(format!("option provided but not defined: {dashed}")));
        };
        let value = match inline {
            Some(value) => value,
            None if option.kind == Kind::Switch => "true".to_owned(),
            None => args
                .next()
                .cloned()
                .ok_or_else(|| Failure::usage(format!("option needs an argument: {dashed}")))?,
        };
        self.accept(context, option, &value).map_err(|what| {
            Failure::usage(format!("invalid value {} for option {dashed}: {what}", super::quote(&value)))
        })?;
        self.values.push((option.name(), value));
        Ok(())
    }

    /// Look at a value as soon as it is read, as gnuflag does.
    fn accept(
        &mut self,
        context: &HookContext<'_>,
        option: &Opt,
        value: &str,
    ) -> std::result::Result<(), String> {
        match option.kind {
            Kind::Text => {}
            Kind::Switch => {
                boolean(value).ok_or_else(|| syntax("ParseBool", value))?;
            }
            Kind::Number => {
                value.parse::<i64>().map_err(|_| syntax("ParseInt", value))?;
            }
            Kind::Format => self.format = Some(Format::parse(value, true)?),
            Kind::PlainFormat => self.format = Some(Format::parse(value, false)?),
            Kind::Relation => {
                let number = value.rsplit(':').next().unwrap_or(value);
                let id = RelationId(number.parse().map_err(|_| "invalid relation id")?);
                if context.membership(id).is_none() {
                    return Err("relation not found".to_owned());
                }
                self.relation = Some(id);
            }
        }
        Ok(())
    }

    /// The value of an option, by the first of its names. The last one given wins.
    pub(super) fn value(&self, option: &str) -> Option<&str> {
        self.values.iter().rev().find(|(name, _)| *name == option).map(|(_, value)| value.as_str())
    }

    /// The same, where an empty value is none.
    pub(super) fn text(&self, option: &str) -> Option<&str> {
        self.value(option).filter(|value| !value.is_empty())
    }

    pub(super) fn has(&self, switch: &str) -> bool {
        self.value(switch).and_then(boolean).unwrap_or(false)
    }

    /// What `-r` names.
    pub(super) fn relation(&self) -> Option<RelationId> {
        self.relation
    }

    /// What `--format` says.
    pub(super) fn format(&self) -> Option<Format> {
        self.format
    }

    /// At most so many positional arguments.
    pub(super) fn at_most(&self, count: usize) -> Result<()> {
        match self.rest.get(count..) {
            None | Some([]) => Ok(()),
            Some(more) => {
                let more: Vec<String> = more.iter().map(|arg| super::quote(arg)).collect();
                Err(Failure::usage(format!("unrecognized args: [{}]", more.join(" "))))
            }
        }
    }
}

/// What Go's `ParseBool` takes.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn syntax(function: &str, text: &str) -> String {
    format!("strconv.{function}: parsing {text:?}: invalid syntax")
}
