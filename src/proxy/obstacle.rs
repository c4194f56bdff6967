/// Something that a person must put right before anything can be served. It is no failure of the hook: the unit's
/// status says it, and each later look tries again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Obstacle(pub(super) String);
