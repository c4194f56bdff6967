//! The side that terminates TLS: from requests to sites, from sites to nginx.

mod answers;
mod certificates;
mod claims;
mod explain;
mod handlers;
mod inputs;
mod lookup;
mod memory;
pub mod nginx;
mod obstacle;
mod overview;
mod plan;
mod renew;
mod renewal;
mod scope;
mod secrets;
mod serve;
mod serving;
mod summary;
mod supplied;
mod tally;
mod upstreams;
mod waiting;
mod wanted;

pub use claims::Claims;
pub use explain::explain;
pub use handlers::{announce, look_again, look_at_client, remove, start, status, stop};
pub use lookup::{Known, Resolved, all as look_up};
pub use obstacle::Obstacle;
pub use overview::{Overview, overview};
pub use plan::{Plan, Site, plan};
pub use renew::{Done, Renewed, renew};
pub use serve::serve;
pub use supplied::{read_supplied, retry_supplied, secret_has_changed};
pub use upstreams::Policy;
pub use wanted::{Owner, Wanted};
