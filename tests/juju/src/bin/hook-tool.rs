//! Every hook tool of Juju, told apart by the name it is called by.

use std::process::ExitCode;

fn main() -> ExitCode {
    test_juju::client::main()
}
