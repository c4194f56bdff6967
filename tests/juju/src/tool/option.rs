/// An option that a tool has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opt {
    /// Several names for one are written `r|relation`.
    names: &'static str,
    pub(super) kind: Kind,
}

/// What values an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Switch,
    Number,
    Relation,
    /// smart, json or yaml
    Format,
    /// json or yaml
    PlainFormat,
}

pub(super) const RELATION: Opt = Opt { names: "r|relation", kind: Kind::Relation };
pub(super) const FORMAT: Opt = Opt { names: "format", kind: Kind::Format };
pub(super) const PLAIN_FORMAT: Opt = Opt { names: "format", kind: Kind::PlainFormat };
pub(super) const OUTPUT: Opt = Opt { names: "o|output", kind: Kind::Text };

impl Opt {
    pub(super) const fn text(names: &'static str) -> Self {
        Self { names, kind: Kind::Text }
    }

    pub(super) const fn switch(names: &'static str) -> Self {
        Self { names, kind: Kind::Switch }
    }

    pub(super) const fn number(names: &'static str) -> Self {
        Self { names, kind: Kind::Number }
    }

    /// The first of its names.
    pub(super) fn name(&self) -> &'static str {
        self.names.split('|').next().unwrap_or(self.names)
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.names.split('|').any(|alias| alias == name)
    }

    /// As in a tool's help.
    pub(super) fn usage(&self) -> String {
        let names: Vec<String> = self
            .names
            .split('|')
            .map(|name| if name.len() > 1 { format!("--{name}") } else { format!("-{name}") })
            .collect();
        let value = match self.kind {
            Kind::Switch => "",
            Kind::Text => " TEXT",
            Kind::Number => " NUMBER",
            Kind::Relation => " RELATION",
            Kind::Format => " smart|json|yaml",
            Kind::PlainFormat => " json|yaml",
        };
        format!("{}{value}", names.join(", "))
    }
}
