//! The binary that Juju runs as every hook, and a command line under its own name.

use std::process::ExitCode;

use ssl_termination::juju::Environment;
use ssl_termination::{charm, cli, interface};

fn main() -> ExitCode {
    let environment = Environment::read();
    ExitCode::from(match environment.program.as_str() {
        "ssl-termination" => {
            cli::run(&environment, cli::Charm { handlers: charm::HANDLERS, status: charm::status })
        }
        _ => interface::main(&environment, charm::HANDLERS, charm::status),
    })
}
