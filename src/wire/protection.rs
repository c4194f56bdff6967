use super::{Credentials, SecretUri};

/// What is asked of the visitors of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// This user and password; on the wire as text, under `credentials`.
    Text(Credentials),
    /// The user and password in a secret; on the wire its URI, under `credentials-secret`.
    Secret(SecretUri),
}
