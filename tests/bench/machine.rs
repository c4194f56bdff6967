//! On what it was measured, and when.

use std::fs;
use std::process::Command;
use std::thread;

/// `2 × Xeon …, 24 GiB, Linux 6.1`
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let memory = read("/proc/meminfo");
    let memory: u64 = memory.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0);
    format!(
        "{} × {}, {} GiB, Linux {}",
        thread::available_parallelism().map_or(1, usize::from),
        cpu.trim_start_matches([' ', '\t', ':']),
        (memory + (1 << 19)) >> 20,
        read("/proc/sys/kernel/osrelease").trim()
    )
}

/// `2026-01-31`, in UTC.
pub(crate) fn today() -> String {
    said_by(Command::new("date").args(["-u", "+%F"]))
}

/// How busy the machine is, as `uptime` says it: processes that run or want to, over one, five and fifteen minutes.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(", ")
}

pub(crate) fn said_by(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).trim().to_owned()
}
