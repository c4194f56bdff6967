//! The binary that Juju runs as every hook and every action, and a command line under its own name.

use std::process::ExitCode;

use ssl_termination::juju::Environment;
use ssl_termination::{actions, charm, cli};

fn main() -> ExitCode {
    let environment = Environment::read();
    match environment.program.as_str() {
        "ssl-termination" => {
            cli::run(&environment, cli::Charm { handlers: charm::HANDLERS, status: charm::status })
        }
        _ if environment.is_action => actions::run(&environment),
        _ => ssl_termination::main(charm::HANDLERS, charm::status),
    }
}
