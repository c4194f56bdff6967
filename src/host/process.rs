use std::fs::OpenOptions;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use super::{Begun, Command, Host, ProcessId};

/// What a program left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, trimmed, as text.
    pub stderr: String,
}

impl Output {
    pub(super) fn ok(self, command: &Command) -> Result<Self, ProcessError> {
        if self.status.success() {
            return Ok(self);
        }
        Err(ProcessError::Failed { command: command.to_string(), status: self.status, stderr: self.stderr })
    }
}

/// Why a program could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// No program of that name is on PATH.
    #[error("cannot run `{0}`: there is no such program on PATH: install it, or correct PATH")]
    Missing(String),
    /// It could not be started or watched.
    #[error("cannot run `{command}`: {error}")]
    Io {
        /// The command line.
        command: String,
        /// What the system said.
        error: io::Error,
    },
    /// It took longer than it may and was killed.
    #[error("`{command}` did not finish within {limit:?} and was killed: see what it waits for")]
    TimedOut {
        /// The command line.
        command: String,
        /// What it had.
        limit: Duration,
    },
    /// It wrote more than it may and was killed.
    #[error("`{command}` wrote more than {most} bytes and was killed: see what it writes")]
    TooMuch {
        /// The command line.
        command: String,
        /// How many bytes it had.
        most: usize,
    },
    /// It ended with another status than success.
    #[error("`{command}` failed ({}): {stderr}", ending(*.status))]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// A running process could not be told something.
    #[error("cannot signal process {process} ({signal:?}): {error}")]
    Signal {
        /// The process.
        process: ProcessId,
        /// What it should have been told.
        signal: super::Signal,
        /// What the system said.
        error: io::Error,
    },
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    }
}

impl Host {
    /// Starts a program; what it does is asked for later.
    pub fn begin(&self, command: &Command) -> Result<Begun, ProcessError> {
        let mut process = self.process(command);
        process
            .stdin(if command.stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = process.spawn().map_err(|error| command.failed(error))?;
        Begun::new(child, command.clone())
    }

    /// Runs a program to its end, whatever its exit status.
    pub fn run(&self, command: &Command) -> Result<Output, ProcessError> {
        self.begin(command)?.end()
    }

    /// Runs a program that must succeed.
    pub fn run_ok(&self, command: &Command) -> Result<Output, ProcessError> {
        self.begin(command)?.end_ok()
    }

    /// Runs a program that must succeed and that nothing may interrupt: it has as long as it takes, and what it says
    /// is appended to `log`, since a pipe would end it if we ended first.
    pub fn run_ok_uninterrupted(&self, command: &Command, log: &Path) -> Result<Output, ProcessError> {
        let failed = |error| command.failed(error);
        let mut said = OpenOptions::new().create(true).read(true).append(true).open(log).map_err(failed)?;
        let before = said.metadata().map_err(failed)?.len();
        let (stdout, stderr) = (said.try_clone().map_err(failed)?, said.try_clone().map_err(failed)?);
        let mut process = self.process(command);
        let status = process.stdin(Stdio::null()).stdout(stdout).stderr(stderr).status().map_err(failed)?;
        let mut text = Vec::new();
        said.seek(SeekFrom::Start(before)).and_then(|_| said.read_to_end(&mut text)).map_err(failed)?;
        let stderr = String::from_utf8_lossy(&text).trim().to_owned();
        Output { status, stdout: Vec::new(), stderr }.ok(command)
    }

    /// Starts a program and goes on without it: it outlives us. What it says is appended to `log`.
    pub fn start(&self, command: &Command, log: &Path) -> Result<(), ProcessError> {
        let failed = |error| command.failed(error);
        let said = OpenOptions::new().create(true).append(true).mode(0o640).open(log).map_err(failed)?;
        let stderr = said.try_clone().map_err(failed)?;
        let mut process = self.process(command);
        process.stdin(Stdio::null()).stdout(said).stderr(stderr).spawn().map_err(failed)?;
        Ok(())
    }

    fn process(&self, command: &Command) -> std::process::Command {
        let mut process = std::process::Command::new(&command.program);
        process.args(&command.args).process_group(0);
        if command.clean {
            process.env_clear().env("PATH", &self.path).current_dir("/");
        }
        process.envs(command.env.iter().map(|(key, value)| (key, value)));
        process
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn host() -> Host {
        Host::new("/", "/usr/bin:/bin")
    }

    #[test]
    fn output_and_exit_status_come_back() {
        let command = Command::new("sh").arg("-c").arg("cat; echo no >&2; exit 3").stdin("yes");
        let output = host().run(&command).unwrap();
        assert_eq!((output.stdout.as_slice(), output.stderr.as_str()), (&b"yes"[..], "no"));
        assert_eq!(
            host().run_ok(&command).unwrap_err().to_string(),
            "`sh -c \"cat; echo no >&2; exit 3\"` failed (exit code 3): no"
        );
    }

    #[test]
    fn megabytes_go_through_both_ways() {
        let bytes = vec![b'x'; 3 << 20];
        let output = host().run(&Command::new("cat").stdin(bytes.clone())).unwrap();
        assert!(output.stdout == bytes);
    }

    #[test]
    fn a_program_that_does_not_read_is_no_error() {
        let command = Command::new("true").stdin(vec![b'x'; 1 << 20]);
        assert!(host().run(&command).unwrap().status.success());
    }

    #[test]
    fn a_daemon_that_keeps_the_pipes_open_does_not_hold_us() {
        let started = Instant::now();
        let output = host().run(&Command::new("sh").arg("-c").arg("sleep 5 & echo started")).unwrap();
        assert_eq!(output.stdout, b"started\n");
        assert!(started.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let command = Command::new("sleep").arg("60").limit(Duration::from_millis(50));
        assert_eq!(
            host().run(&command).unwrap_err().to_string(),
            "`sleep 60` did not finish within 50ms and was killed: see what it waits for"
        );
    }

    #[test]
    fn programs_run_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe").display().to_string();
        host().run_ok(&Command::new("mkfifo").arg(&pipe)).unwrap();
        // Neither ends without the other.
        let cat = host().begin(&Command::new("cat").arg(&pipe)).unwrap();
        host().run_ok(&Command::new("tee").arg(pipe).stdin("hello")).unwrap();
        assert_eq!(cat.end().unwrap().stdout, b"hello");
    }

    #[test]
    fn what_has_ended_in_time_is_heard_whole_however_late() {
        let command = Command::new("head").args(["-c", "60000", "/dev/zero"]).limit(Duration::from_secs(1));
        let begun = host().begin(&command).unwrap();
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(begun.end().unwrap().stdout.len(), 60_000);
    }

    #[test]
    fn a_program_that_nobody_waits_for_is_killed() {
        let begun = host().begin(&Command::new("sleep").arg("60")).unwrap();
        let id = begun.id();
        assert!(Path::new("/proc").join(id.to_string()).exists());
        drop(begun);
        assert!(!Path::new("/proc").join(id.to_string()).exists());
    }

    #[test]
    fn a_program_that_writes_too_much_is_killed() {
        for endless in ["cat /dev/zero", "cat /dev/zero >&2"] {
            let command = Command::new("sh").args(["-c", endless]).most(1 << 20);
            let error = host().run(&command).unwrap_err().to_string();
            assert!(
                error.ends_with("wrote more than 1048576 bytes and was killed: see what it writes"),
                "{error}"
            );
        }
        let command = Command::new("head").args(["-c", "1048576", "/dev/zero"]).most(1 << 20);
        assert_eq!(host().run(&command).unwrap().stdout.len(), 1 << 20);
    }

    #[test]
    fn what_is_not_to_be_interrupted_has_its_time_and_says_it_into_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, "before\n").unwrap();
        let script = |text: &str| {
            Command::new("sh").arg("-c").arg(text).envs([("WORD", "hello")]).limit(Duration::ZERO)
        };
        let output = host().run_ok_uninterrupted(&script("sleep 0.1; echo $WORD"), &log).unwrap();
        assert_eq!(output.stderr, "hello");
        let error = host().run_ok_uninterrupted(&script("echo no >&2; exit 2"), &log).unwrap_err();
        assert!(error.to_string().ends_with("failed (exit code 2): no"), "{error}");
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "before\nhello\nno\n");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = host().run(&Command::new("no-such-tool")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot run `no-such-tool`: there is no such program on PATH: install it, or correct PATH"
        );
    }
}
