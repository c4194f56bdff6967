//! Play a scenario: `test-juju FILE [SEED]`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the trace and the error are what it is for")]

use std::process::ExitCode;
use std::{env, panic};

use test_juju::Scenario;

fn main() -> ExitCode {
    if test_juju::client::is_called_as_tool() {
        return test_juju::client::main();
    }
    let args: Vec<String> = env::args().skip(1).collect();
    let (file, seed) = match args.as_slice() {
        [file] => (file.as_str(), Some(1)),
        [file, seed] => (file.as_str(), seed.parse().ok()),
        _ => ("", None),
    };
    let Some(seed) = seed else {
        eprintln!("usage: test-juju FILE [SEED]\n\n{}", Scenario::help());
        return ExitCode::from(2);
    };
    // What is wrong is said once, with the line it is about.
    panic::set_hook(Box::new(|_| ()));
    let played = Scenario::read(file).and_then(|scenario| scenario.play(seed, &mut |text| print!("{text}")));
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
