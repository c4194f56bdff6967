//! Proves what juju promises to charms, with charms that are small shell scripts.

mod charms;
mod commit;
mod events;
mod faults;
mod operator;
mod scale;
mod scenario;
mod secrets;
mod tools;
mod transaction;
