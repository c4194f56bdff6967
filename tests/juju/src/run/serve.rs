use std::fs;
use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::context::HookContext;
use crate::wire::{Answer, Request};
use crate::{Call, Fault, tool};

/// A tool that doesn't get its request across in this time is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// What comes of a call.
#[derive(Debug)]
pub(super) enum Served {
    Answered,
    /// The hook is to be killed instead, before its tool hears of anything.
    Kill(UnixStream),
    /// This call goes on hanging.
    Hangs(UnixStream),
    /// Nobody answers any more. The call goes on hanging until the others can't come through.
    AgentDies(UnixStream),
}

/// What the hook tools of one execution have asked for.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) calls: Vec<Call>,
    pub(super) max_rss_kib: Option<u64>,
}

impl Server {
    /// Answer one call.
    pub(super) fn answer(
        &mut self,
        context: &mut HookContext<'_>,
        context_id: &str,
        mut stream: UnixStream,
        faults: &[(usize, Fault)],
    ) -> io::Result<Served> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request = Request::read(&mut BufReader::new(&stream))?;
        let number = self.calls.len() + 1;
        let (mut refused, mut garbage) = (None, None);
        for (_, fault) in faults.iter().filter(|(at, _)| *at == number) {
            match fault {
                Fault::Kill => {
                    self.record(request, Answer::default());
                    return Ok(Served::Kill(stream));
                }
                Fault::AgentDies => {
                    self.record(request, Answer::default());
                    return Ok(Served::AgentDies(stream));
                }
                Fault::Hang => {
                    self.record(request, Answer::default());
                    return Ok(Served::Hangs(stream));
                }
                Fault::Delay(time) => thread::sleep(*time),
                Fault::Garbage(text) => garbage = Some(text.clone().into_bytes()),
                Fault::Refuse { exit, stderr } => {
                    refused = Some(Answer { exit: *exit, stdout: Vec::new(), stderr: stderr.clone().into() });
                }
            }
        }
        let mut answer = refused.unwrap_or_else(|| carry_out(context, context_id, &request));
        answer.stdout = garbage.unwrap_or(answer.stdout);
        answer.write(&mut stream)?;
        self.record(request, answer);
        Ok(Served::Answered)
    }

    fn record(&mut self, request: Request, answer: Answer) {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        self.calls.push(Call {
            argv: request.argv,
            stdin: text(request.stdin),
            exit: answer.exit,
            stdout: text(answer.stdout),
            stderr: text(answer.stderr),
        });
    }

    /// Look at the hook's memory, while it waits for an answer and is still there to be looked at.
    pub(super) fn look_at_memory(&mut self, pid: u32) {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|value| value.trim().trim_end_matches(" kB").parse().ok());
        self.max_rss_kib = self.max_rss_kib.max(peak);
    }
}

fn carry_out(context: &mut HookContext<'_>, context_id: &str, request: &Request) -> Answer {
    let Some((name, args)) = request.argv.split_first() else { return Answer::default() };
    if request.context_id != context_id {
        let got = &request.context_id;
        let stderr = format!("ERROR bad request: expected context id {context_id:?}, got {got:?}\n");
        return Answer { exit: 1, stdout: Vec::new(), stderr: stderr.into() };
    }
    let call = tool::Call { args, stdin: &request.stdin, cwd: Path::new(&request.cwd) };
    tool::run(context, name, call)
}
