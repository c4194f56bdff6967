/// What Juju's charm state holds as the token of the generation that it has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// This token.
    Token(String),
    /// None: no hook of this unit has changed anything yet.
    Nothing,
    /// This Juju keeps no charm state.
    Unsupported,
}

/// How our file stands to what Juju has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A new unit: no file, no token.
    New,
    /// Juju has committed the newest generation.
    Current,
    /// An earlier process of this same hook wrote the newest generation.
    Again,
    /// Juju has committed the older generation only: the state goes back to it.
    Behind,
    /// The file was lost or restored, or Juju was: nothing that is remembered is sure.
    Unknown,
}

impl Standing {
    /// Whether what is remembered of the other sides must be read again.
    pub fn is_stale(self) -> bool {
        matches!(self, Self::Behind | Self::Unknown)
    }
}
