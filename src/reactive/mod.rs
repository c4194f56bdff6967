//! Flags, what each remote unit has published, the file that keeps both, and handlers that run when flags match.
//!
//! Nothing here knows an interface: which keys matter and which flags follow is said by the room above.

mod engine;
mod flag;
mod kept;
mod members;
mod pieces;
mod place;
mod state;
mod store;
mod table;
mod view;
mod view_root;

pub use engine::{Handler, run};
pub use flag::{Flag, FlagError, Flags};
pub use pieces::digest;
pub use state::State;
pub use store::{Committed, Next, Standing, Store};
pub use view::{Change, Relation, View};
