use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::order::Order;
use super::serve::{Served, Server};
use crate::context::HookContext;
use crate::{Fault, HookRun};

/// How long a call waits, before it is looked again whether one is still to come before it.
const MOMENT: Duration = Duration::from_millis(2);

/// A program to run for a unit.
#[derive(Debug)]
pub(crate) struct Program<'p> {
    pub(crate) argv: Vec<OsString>,
    pub(crate) cwd: &'p Path,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) context_id: &'p str,
    pub(crate) socket: String,
    pub(crate) limit: Duration,
    pub(crate) call_delay: Duration,
}

/// Run a program to its end, answering its hook tools meanwhile, and note in `run` what happened.
pub(crate) fn execute(
    context: &mut HookContext<'_>,
    program: &Program<'_>,
    faults: &[(usize, Fault)],
    run: &mut HookRun,
) {
    if let Err(error) = try_execute(context, program, faults, run) {
        run.exit = 1;
        let message = format!("{}: {error}\n", program.argv.join(" ".as_ref()).display());
        run.stderr.push_str(&message);
    }
}

fn try_execute(
    context: &mut HookContext<'_>,
    program: &Program<'_>,
    faults: &[(usize, Fault)],
    run: &mut HookRun,
) -> io::Result<()> {
    let listener = listen(&program.socket)?;
    // Files rather than pipes: a daemon that the hook leaves behind may keep them open.
    let (mut stdout, mut stderr) = (tempfile::tempfile_in(program.cwd)?, tempfile::tempfile_in(program.cwd)?);
    let mut child = spawn(program, &stdout, &stderr)?;
    // The program has begun. What came before, a copy of this process, costs more the larger the model is.
    let start = Instant::now();
    let mut served = Server::default();
    let status = attend(&mut child, context, program, faults, listener, &mut served, run)?;
    run.millis = start.elapsed().as_secs_f64() * 1000.0;
    run.exit = status.code().unwrap_or_else(|| -status.signal().unwrap_or_default());
    run.calls = served.calls;
    run.max_rss_kib = served.max_rss_kib;
    run.stdout = content(&mut stdout)?;
    run.stderr = content(&mut stderr)?;
    Ok(())
}

/// The last hook's socket may still be open in a process that another thread is just starting.
fn listen(address: &str) -> io::Result<UnixListener> {
    let address = SocketAddr::from_abstract_name(address.trim_start_matches('@'))?;
    let listener = patiently(io::ErrorKind::AddrInUse, || UnixListener::bind_addr(&address))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A program that was just written counts as busy while another thread is starting a process.
fn spawn(program: &Program<'_>, stdout: &File, stderr: &File) -> io::Result<Child> {
    let [name, args @ ..] = program.argv.as_slice() else { return Err(io::ErrorKind::NotFound.into()) };
    patiently(io::ErrorKind::ExecutableFileBusy, || {
        Command::new(name)
            .args(args)
            .current_dir(program.cwd)
            .env_clear()
            .envs(program.env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .process_group(0)
            .spawn()
    })
}

/// Try again for a while, as long as it fails so.
fn patiently<T>(passing: io::ErrorKind, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match attempt() {
            Err(error) if error.kind() == passing && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(1));
            }
            other => return other,
        }
    }
}

/// Answer calls until the process ends. What it leaves running is not waited for.
fn attend(
    child: &mut Child,
    context: &mut HookContext<'_>,
    program: &Program<'_>,
    faults: &[(usize, Fault)],
    listener: UnixListener,
    served: &mut Server,
    run: &mut HookRun,
) -> io::Result<ExitStatus> {
    let pid = Pid::from_child(child);
    let ended = pidfd_open(pid, PidfdFlags::empty())?;
    let deadline = Instant::now() + program.limit;
    let mut listener = Some(listener);
    let (mut order, mut hanging) = (Order::default(), Vec::new());
    loop {
        let mut events = vec![PollFd::new(&ended, PollFlags::IN)];
        events.extend(listener.as_ref().map(|listener| PollFd::new(listener, PollFlags::IN)));
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = if order.is_waiting() { left.min(MOMENT) } else { left };
        let patience =
            (!run.timed_out).then(|| Timespec::try_from(patience)).transpose().map_err(io::Error::other)?;
        match poll(&mut events, patience.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        if events[0].revents().contains(PollFlags::IN) {
            return child.wait();
        }
        let called = events.get(1).is_some_and(|event| event.revents().contains(PollFlags::IN));
        if left.is_zero() && !run.timed_out {
            run.timed_out = true;
            kill_process_group(pid, Signal::KILL)?;
            continue;
        }
        if let Some(open) = listener.as_ref().filter(|_| called) {
            order.add(open.accept()?.0)?;
        }
        while let Some(stream) = order.next() {
            served.look_at_memory(child.id());
            thread::sleep(program.call_delay);
            // A tool that was killed in the middle of its call is nobody's error.
            match served.answer(context, program.context_id, stream, faults) {
                Ok(Served::Kill(stream)) => {
                    kill_process_group(pid, Signal::KILL)?;
                    let ended = child.wait();
                    drop(stream);
                    return ended;
                }
                Ok(Served::Hangs(stream)) => hanging.push(stream),
                Ok(Served::AgentDies(stream)) => {
                    run.agent_died = true;
                    (listener, order) = (None, Order::default());
                    drop(stream);
                }
                Ok(Served::Answered) | Err(_) => {}
            }
        }
    }
}

fn content(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
