//! The tools' side of a call. It only carries: arguments and standard input to the model, what to print and
//! the exit code back.

use std::env;
use std::io::{self, BufReader, Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;
use std::process::ExitCode;

use crate::wire::{Answer, Request};

/// Be the hook tool under whose name this executable was called.
pub fn main() -> ExitCode {
    match call() {
        Ok(answer) => {
            let printed =
                io::stdout().write_all(&answer.stdout).and_then(|()| io::stderr().write_all(&answer.stderr));
            if printed.is_err() { ExitCode::FAILURE } else { answer.exit.into() }
        }
        Err(message) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr(), "ERROR {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether this executable was called by the name of a hook tool.
pub fn is_called_as_tool() -> bool {
    let name = env::args_os().next().unwrap_or_default();
    let name = Path::new(&name).file_name().unwrap_or_default().to_string_lossy().into_owned();
    crate::tool::names().any(|tool| tool == name)
}

fn call() -> Result<Answer, String> {
    let context_id = variable("JUJU_CONTEXT_ID")?;
    let address = variable("JUJU_AGENT_SOCKET_ADDRESS")?;
    let mut argv: Vec<String> = env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if let Some(name) = argv.first_mut() {
        *name = Path::new(name).file_name().unwrap_or_default().to_string_lossy().into_owned();
    }
    let mut stdin = Vec::new();
    if reads_stdin(&argv) {
        io::stdin().read_to_end(&mut stdin).map_err(|error| error.to_string())?;
    }
    let cwd = env::current_dir().unwrap_or_default().to_string_lossy().into_owned();

    let mut stream = connect(&address).map_err(|error| format!("dial unix {address}: {}", words(&error)))?;
    Request { context_id, cwd, argv, stdin }.write(&mut stream).map_err(|error| words(&error))?;
    Answer::read(&mut BufReader::new(stream)).map_err(|error| words(&error))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} not set"))
}

/// `--file -` and `--file=-` are the only ways in which a hook tool reads its standard input.
fn reads_stdin(argv: &[String]) -> bool {
    argv.windows(2).any(|pair| pair[0] == "--file" && pair[1] == "-")
        || argv.iter().any(|arg| arg == "--file=-")
}

fn connect(address: &str) -> io::Result<UnixStream> {
    match address.strip_prefix('@') {
        Some(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
        None => UnixStream::connect(address),
    }
}

/// The error in Go's words, as far as an agent that is gone causes them.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connect: connection refused".to_owned(),
        io::ErrorKind::NotFound => "connect: no such file or directory".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => "unexpected EOF".to_owned(),
        _ => error.to_string(),
    }
}
