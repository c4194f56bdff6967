use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};

use super::{Flag, Flags};

/// One row of a handler table: a function that runs when flags match.
#[derive(Debug)]
pub struct Handler<C> {
    /// What the log and errors call it.
    pub name: &'static str,
    /// All of these must be set …
    pub when: &'static [&'static str],
    /// … and none of these.
    pub when_not: &'static [&'static str],
    /// What to do.
    pub run: fn(&mut C) -> Result<()>,
}

impl<C> Handler<C> {
    /// The handler `name`, which runs when all of `when` and none of `when_not` are set.
    pub const fn new(
        name: &'static str,
        when: &'static [&'static str],
        when_not: &'static [&'static str],
        run: fn(&mut C) -> Result<()>,
    ) -> Self {
        Self { name, when, when_not, run }
    }

    fn matches(&self, flags: &Flags) -> bool {
        self.when.iter().all(|flag| flags.is_set(flag))
            && !self.when_not.iter().any(|flag| flags.is_set(flag))
    }

    fn watches(&self, touched: &BTreeSet<Flag>) -> bool {
        self.when.iter().chain(self.when_not).any(|flag| touched.contains(*flag))
    }
}

/// More rounds than any table of handlers needs: two handlers set and clear each other's flags.
const MOST_ROUNDS: usize = 100;

/// Runs the handlers of a table in rounds. In the first, each whose flags match; in each later one, those of them that
/// watch a flag which the round before has set or cleared. Within a round, a handler whose flags no longer match is
/// dropped. It ends with a round in which nothing runs.
///
/// `flags` says where in the context the flags are.
pub fn run<C>(table: &[Handler<C>], context: &mut C, flags: fn(&mut C) -> &mut Flags) -> Result<()> {
    flags(context).take_touched();
    let mut due: Vec<&Handler<C>> = table.iter().collect();
    for _ in 0..MOST_ROUNDS {
        due.retain(|handler| handler.matches(flags(context)));
        if due.is_empty() {
            return Ok(());
        }
        for handler in due {
            if handler.matches(flags(context)) {
                log::debug!("handler: {}", handler.name);
                (handler.run)(context).with_context(|| format!("handler \"{}\"", handler.name))?;
            }
        }
        let touched = flags(context).take_touched();
        due = table.iter().filter(|handler| handler.watches(&touched)).collect();
    }
    let names: Vec<&str> = due.iter().map(|handler| handler.name).collect();
    bail!(
        "handlers still run after {MOST_ROUNDS} rounds: {}: they set and clear each other's flags",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Told {
        flags: Flags,
        ran: Vec<&'static str>,
    }

    fn told(table: &[Handler<Told>], flags: &[&str]) -> Result<Told> {
        let mut context =
            Told { flags: flags.iter().map(|flag| flag.parse().unwrap()).collect(), ran: Vec::new() };
        run(table, &mut context, |context| &mut context.flags)?;
        Ok(context)
    }

    fn flag(name: &str) -> Flag {
        name.parse().unwrap()
    }

    const TABLE: &[Handler<Told>] = &[
        Handler {
            name: "third",
            when: &["b"],
            when_not: &["a"],
            run: |c| {
                c.ran.push("third");
                Ok(())
            },
        },
        Handler {
            name: "first",
            when: &["a"],
            when_not: &[],
            run: |c| {
                c.ran.push("first");
                c.flags.set(flag("b"));
                c.flags.clear(&flag("a"));
                Ok(())
            },
        },
        Handler {
            name: "dropped",
            when: &["a"],
            when_not: &[],
            run: |c| {
                c.ran.push("dropped");
                Ok(())
            },
        },
        Handler {
            name: "always",
            when: &[],
            when_not: &[],
            run: |c| {
                c.ran.push("always");
                Ok(())
            },
        },
    ];

    #[test]
    fn a_flag_counts_in_the_next_round_and_a_cleared_one_drops_what_no_longer_matches() {
        assert_eq!(told(TABLE, &["a"]).unwrap().ran, ["first", "always", "third"]);
        assert_eq!(told(TABLE, &["b"]).unwrap().ran, ["third", "always"]);
        assert_eq!(told(TABLE, &[]).unwrap().ran, ["always"]);
    }

    #[test]
    fn a_flag_that_stays_set_does_not_run_its_handler_again() {
        let table = [Handler::<Told> {
            name: "stay",
            when: &["a"],
            when_not: &[],
            run: |c| {
                c.ran.push("stay");
                Ok(())
            },
        }];
        assert_eq!(told(&table, &["a"]).unwrap().ran, ["stay"]);
    }

    #[test]
    fn handlers_that_chase_each_other_are_an_error() {
        let table = [
            Handler::<Told> {
                name: "on",
                when: &[],
                when_not: &["a"],
                run: |c| {
                    c.flags.set(flag("a"));
                    Ok(())
                },
            },
            Handler::<Told> {
                name: "off",
                when: &["a"],
                when_not: &[],
                run: |c| {
                    c.flags.clear(&flag("a"));
                    Ok(())
                },
            },
        ];
        let error = told(&table, &[]).err().unwrap().to_string();
        assert!(error.starts_with("handlers still run after 100 rounds: "), "{error}");
    }

    #[test]
    fn an_error_names_the_handler() {
        let table = [Handler::<Told> { name: "fail", when: &[], when_not: &[], run: |_| bail!("no") }];
        assert_eq!(format!("{:#}", told(&table, &[]).err().unwrap()), "handler \"fail\": no");
    }
}
