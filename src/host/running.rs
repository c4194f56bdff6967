use std::fs;
use std::io::ErrorKind::PermissionDenied;
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::process::{Pid, kill_process};

use super::file::found;
use super::{FileError, Host, ProcessError};

/// A running process' number.
pub type ProcessId = u32;

/// What a running process can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// HUP: by custom, read the configuration again.
    Reload,
    /// QUIT: by custom, end when the work at hand is done.
    Quit,
    /// TERM: end now.
    Terminate,
    /// KILL: be ended.
    Kill,
}

impl Host {
    /// Sends a signal; a process that has ended meanwhile is no error.
    pub fn signal(&self, process: ProcessId, signal: Signal) -> Result<(), ProcessError> {
        let signal_number = match signal {
            Signal::Reload => rustix::process::Signal::HUP,
            Signal::Quit => rustix::process::Signal::QUIT,
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) else { return Ok(()) };
        match kill_process(pid, signal_number) {
            Err(error) if error != Errno::SRCH => {
                Err(ProcessError::Signal { process, signal, error: error.into() })
            }
            _ => Ok(()),
        }
    }

    /// A running process' command line as it shows it, words separated by spaces; nothing if it has ended (also when
    /// its parent has not yet taken notice) or is somebody else's and hidden from us.
    pub fn command_line(&self, process: ProcessId) -> Result<Option<String>, FileError> {
        let bytes = told(process, "cmdline")?.unwrap_or_default();
        let line = String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned();
        Ok(Some(line).filter(|line| !line.is_empty()))
    }

    /// The processes that a process started and that have not been taken from it; nothing if it has ended, or if the
    /// kernel was built without that list.
    pub fn children(&self, process: ProcessId) -> Result<Option<Vec<ProcessId>>, FileError> {
        let list = told(process, &format!("task/{process}/children"))?;
        let numbers = |list: Vec<u8>| {
            String::from_utf8_lossy(&list).split_whitespace().map(|number| number.parse().ok()).collect()
        };
        Ok(list.and_then(numbers))
    }
}

/// What the kernel tells of a process. That it could not be read does not say that the process has ended.
fn told(process: ProcessId, what: &str) -> Result<Option<Vec<u8>>, FileError> {
    let path = PathBuf::from(format!("/proc/{process}/{what}"));
    match found(fs::read(&path)) {
        Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Ok(None),
        Err(error) if error.kind() == PermissionDenied => Ok(None),
        read => read.map_err(FileError::of("read", &path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_is_seen_signalled_and_missed() {
        let host = Host::new("/", "");
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = child.id();
        assert!(host.children(std::process::id()).unwrap().is_some());
        while host.command_line(process).unwrap().as_deref() != Some("sleep 60") {}
        host.signal(process, Signal::Terminate).unwrap();
        child.wait().unwrap();
        assert_eq!(host.command_line(process).unwrap(), None);
        assert_eq!(host.children(process).unwrap(), None);
        host.signal(process, Signal::Terminate).unwrap();
    }
}
