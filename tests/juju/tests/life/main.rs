//! Proves what juju promises to charms, with charms that are small shell scripts.

mod charms;
mod events;
mod faults;
mod transaction;
