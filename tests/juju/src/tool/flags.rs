use super::{Failure, Result};

/// Arguments split as Go's gnuflag does it: options and positional arguments in any order, `--` ends options.
#[derive(Debug)]
pub(super) struct Flags {
    values: Vec<(String, String)>,
    /// The positional arguments.
    pub(super) rest: Vec<String>,
}

/// The options that a tool has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// Those with a value; several names for one are written `r|relation`.
    pub(super) values: &'static [&'static str],
    /// Those without.
    pub(super) switches: &'static [&'static str],
}

impl Options {
    /// The first of the option's names, and whether it takes a value.
    fn find(self, name: &str) -> Option<(&'static str, bool)> {
        let named = |options: &'static [&'static str], takes_value| {
            let option = options.iter().find(|option| option.split('|').any(|alias| alias == name))?;
            Some((option.split('|').next().unwrap_or(option), takes_value))
        };
        named(self.values, true).or_else(|| named(self.switches, false))
    }

    pub(super) fn parse(self, args: &[String]) -> Result<Flags> {
        let mut flags = Flags { values: Vec::new(), rest: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                flags.rest.extend(args.cloned());
                break;
            } else if let Some(long) = arg.strip_prefix("--") {
                let (name, inline) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                self.take(&mut flags, name, "--", inline, &mut args)?;
            } else if let Some(cluster) = arg.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
                self.short(&mut flags, cluster, &mut args)?;
            } else {
                flags.rest.push(arg.clone());
            }
        }
        Ok(flags)
    }

    /// `-rID`, `-r ID`, or several switches in one.
    fn short<'a>(
        self,
        flags: &mut Flags,
        cluster: &str,
        args: &mut impl Iterator<Item = &'a String>,
    ) -> Result<()> {
        for (place, letter) in cluster.char_indices() {
            let name = letter.to_string();
            let after = &cluster[place + letter.len_utf8()..];
            if let Some((_, true)) = self.find(&name)
                && !after.is_empty()
            {
                return self.take(flags, &name, "-", Some(after.to_owned()), args);
            }
            self.take(flags, &name, "-", None, args)?;
        }
        Ok(())
    }

    fn take<'a>(
        self,
        flags: &mut Flags,
        name: &str,
        dashes: &str,
        inline: Option<String>,
        args: &mut impl Iterator<Item = &'a String>,
    ) -> Result<()> {
        let (option, takes_value) = self
            .find(name)
            .ok_or_else(|| Failure::usage(format!("option provided but not defined: {dashes}{name}")))?;
        let value = match inline {
            Some(value) => value,
            None if takes_value => args
                .next()
                .cloned()
                .ok_or_else(|| Failure::usage(format!("option needs an argument: {dashes}{name}")))?,
            None => "true".to_owned(),
        };
        flags.values.push((option.to_owned(), value));
        Ok(())
    }
}

impl Flags {
    /// The value of an option, by the first of its names. The last one given wins.
    pub(super) fn value(&self, option: &str) -> Option<&str> {
        self.values.iter().rev().find(|(name, _)| name == option).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, switch: &str) -> bool {
        self.value(switch).is_some_and(|value| value != "false")
    }

    /// At most so many positional arguments.
    pub(super) fn at_most(&self, count: usize) -> Result<()> {
        match self.rest.get(count..) {
            None | Some([]) => Ok(()),
            Some(more) => {
                let more: Vec<String> = more.iter().map(|arg| format!("{arg:?}")).collect();
                Err(Failure::usage(format!("unrecognized args: [{}]", more.join(" "))))
            }
        }
    }
}
