//! What the hook and the ACME client, which runs as a process of its own, tell each other: the key of the account, what
//! is wanted, how far it has come. Each file is written whole by one of them alone.

mod account;
mod due;
mod progress;
mod wanted;

pub use account::AccountKey;
pub use due::{Job, due};
pub use progress::{Progress, Renewal, Trouble};
pub use wanted::{ExternalAccount, Wanted};
