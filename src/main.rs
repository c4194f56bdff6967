//! The binary that Juju runs as every hook, and a command line under its own name.

fn main() {}
