/// A part of a commit. The order is Juju's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Secrets: before the transaction, and outside of it.
    Secrets,
    /// Databags of units and applications.
    Relations,
    /// Opened and closed ports.
    Ports,
    /// Charm state.
    State,
}
