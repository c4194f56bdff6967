//! The value of the key `status`: [`Answer`] is what our proxy writes, [`Published`] whatever a client finds,
//! [`Readiness`] what that means for its names.

mod answer;
mod published;
mod readiness;

pub use answer::{Answer, RefusedRequest, Served};
pub use published::Published;
pub use readiness::{Readiness, readiness};

/// The parts of an answer beside the names; no name starts with an underscore.
const PENDING: &str = "_pending";
const REFUSED: &str = "_refused";
const NOTES: &str = "_notes";
