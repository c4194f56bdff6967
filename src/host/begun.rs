use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::{Command, Output, ProcessError};

/// A program that runs while we go on. Dropped before its end, it is killed.
#[derive(Debug)]
#[must_use = "it is killed if nobody waits for its end"]
pub struct Begun {
    command: Command,
    child: Child,
    deadline: Instant,
    /// How much of its input it has been given.
    fed: usize,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    has_ended: bool,
}

/// What came of a program.
enum Watched {
    Ended { stdout: Vec<u8>, stderr: Vec<u8> },
    TimedOut,
    TooMuch,
}

impl Begun {
    pub(super) fn new(mut child: Child, command: Command) -> Result<Self, ProcessError> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let deadline = Instant::now() + command.limit;
        let mut begun = Self { command, child, deadline, fed: 0, stdin, stdout, stderr, has_ended: false };
        // A new pipe takes that much at once.
        begun.feed().map_err(|error| begun.command.failed(error))?;
        Ok(begun)
    }

    /// Waits for its end, whatever its exit status.
    pub fn end(mut self) -> Result<Output, ProcessError> {
        self.finish()
    }

    /// Waits for its end, which must be a success.
    pub fn end_ok(mut self) -> Result<Output, ProcessError> {
        self.finish()?.ok(&self.command)
    }

    fn finish(&mut self) -> Result<Output, ProcessError> {
        match self.watch() {
            Ok(Watched::Ended { stdout, stderr }) => {
                let status = self.child.wait().map_err(|error| self.command.failed(error))?;
                self.has_ended = true;
                let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
                Ok(Output { status, stdout, stderr })
            }
            Ok(Watched::TooMuch) => {
                Err(ProcessError::TooMuch { command: self.command.to_string(), most: self.command.most })
            }
            Ok(Watched::TimedOut) => {
                Err(ProcessError::TimedOut { command: self.command.to_string(), limit: self.command.limit })
            }
            Err(error) => Err(self.command.failed(error)),
        }
    }

    /// Feeds and drains the program until it has ended or reaches a limit.
    ///
    /// Only its own end counts, not that of its pipes: a daemon that it started may hold them open, and write.
    fn watch(&mut self) -> io::Result<Watched> {
        let pidfd = pidfd_open(self.pid()?, PidfdFlags::empty())?;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut has_ended = false;
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let [ends, says, complains, listens] = wait(
                [
                    Some((pidfd.as_fd(), PollFlags::IN)).filter(|_| !has_ended),
                    self.stdout.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::IN)),
                    self.stderr.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::IN)),
                    self.stdin.as_ref().map(|pipe| (pipe.as_fd(), PollFlags::OUT)),
                ],
                if has_ended { Duration::ZERO } else { left },
            )?;
            if has_ended && !(says || complains) {
                return Ok(Watched::Ended { stdout: out, stderr: err });
            }
            has_ended |= ends;
            if left.is_zero() && !has_ended {
                return Ok(Watched::TimedOut);
            }
            if says {
                drain(&mut self.stdout, &mut out)?;
            }
            if complains {
                drain(&mut self.stderr, &mut err)?;
            }
            if out.len() + err.len() > self.command.most {
                return Ok(Watched::TooMuch);
            }
            if listens {
                self.feed()?;
            }
        }
    }

    /// Writes what a ready pipe takes without blocking; closes it when all is written or nobody reads.
    fn feed(&mut self) -> io::Result<()> {
        const PIPE_BUF: usize = 4096;
        let Some(open) = &mut self.stdin else { return Ok(()) };
        let left = &self.command.stdin[self.fed..];
        match open.write(&left[..left.len().min(PIPE_BUF)]) {
            Ok(written) => self.fed += written,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.fed = self.command.stdin.len(),
            Err(error) => return Err(error),
        }
        if self.fed == self.command.stdin.len() {
            self.stdin = None;
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> io::Result<Pid> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        pid.ok_or_else(|| io::Error::other("the process has no number"))
    }
}

/// What has not ended is killed, with what it has started; its exit status is taken, so that no zombie stays.
impl Drop for Begun {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        if let Ok(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Which of the file descriptors are ready, after at most `limit`.
fn wait(fds: [Option<(BorrowedFd<'_>, PollFlags)>; 4], limit: Duration) -> io::Result<[bool; 4]> {
    let mut polled: Vec<PollFd<'_>> =
        fds.iter().flatten().map(|&(fd, flags)| PollFd::from_borrowed_fd(fd, flags)).collect();
    let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
    match poll(&mut polled, Some(&limit)) {
        Err(rustix::io::Errno::INTR) => return Ok([false; 4]),
        result => result?,
    };
    let mut polled = polled.iter();
    Ok(fds.map(|slot| slot.is_some() && polled.next().is_some_and(|fd| !fd.revents().is_empty())))
}

/// Reads what is there; closes the pipe at its end.
fn drain(pipe: &mut Option<impl Read>, bytes: &mut Vec<u8>) -> io::Result<()> {
    let Some(open) = pipe else { return Ok(()) };
    let mut chunk = [0; 16 * 1024];
    let read = open.read(&mut chunk)?;
    bytes.extend_from_slice(&chunk[..read]);
    if read == 0 {
        *pipe = None;
    }
    Ok(())
}
