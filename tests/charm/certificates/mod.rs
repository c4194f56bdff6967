//! Certificates from the application at the endpoint `certificates`, and those that the operator supplies.

pub(crate) mod authority;
mod provider;
mod python;
mod supplied;
