//! YAML as Juju's hook tools read and write it: version 1.1, in the manner and with the error texts of Go's yaml.v2.

mod character;
mod decode;
mod node;
mod order;
mod parser;
mod problem;
mod resolve;
mod scalar;
mod scanner;
mod style;
mod tag;
mod token;
mod write;

pub(crate) use decode::map_of_strings;
pub(crate) use write::text;

#[cfg(test)]
mod tests;
