use std::time::Duration;

use super::Finding;
use crate::cert::{self, rfc_3339};
use crate::host::{Command, Host, Space};
use crate::interface::Hook;

/// Whether there is room, and whether the clock is right.
pub(super) fn check(hook: &Hook) -> Vec<Finding> {
    let places = ["etc", "var/lib", "var/log", "run"].map(|folder| hook.host.path(folder));
    let mut seen = Vec::new();
    let mut findings = Vec::new();
    for place in places.into_iter().chain([hook.context.charm_dir.clone()]) {
        if let Some(space) = hook.host.space(&place).filter(|space| !seen.contains(&space.id)) {
            seen.push(space.id);
            findings.push(disk(&place.display().to_string(), space));
        }
    }
    findings.push(clock(&rfc_3339(cert::now()), is_synchronised(&hook.host)));
    findings
}

fn disk(place: &str, space: Space) -> Finding {
    const MIB: u64 = 1024 * 1024;
    let about = format!("disk at {place}");
    let seen = format!("{} MiB of {} MiB are free", space.free / MIB, space.size / MIB);
    let todo = "make room: certificates, logs and the charm's memory are written there";
    if space.files > 0 && space.free_files < space.files / 100 {
        return Finding::fail(about, format!("{} of {} files are free", space.free_files, space.files), todo);
    }
    match space.free {
        free if free < 50 * MIB && free < space.size / 10 => Finding::fail(about, seen, todo),
        free if free < 1024 * MIB && free < space.size / 10 => Finding::warn(about, seen, todo),
        _ => Finding::ok(about, seen),
    }
}

/// What the machine says of its clock; nothing if it can't be asked.
fn is_synchronised(host: &Host) -> Option<bool> {
    if !host.is_machine() {
        return None;
    }
    let ask = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]);
    let output = host.run_ok(&ask.limit(Duration::from_secs(5))).ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn clock(now: &str, is_synchronised: Option<bool>) -> Finding {
    match is_synchronised {
        Some(true) => Finding::ok("clock", format!("{now}, synchronised")),
        None => Finding::ok("clock", now),
        Some(false) => Finding::warn(
            "clock",
            format!("{now}, not synchronised"),
            "compare it with yours: a wrong one makes certificates look ended, or not begun",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_and_clock_are_judged() {
        let space = |free: u64, free_files| {
            let mib = 1024 * 1024;
            disk("/x", Space { id: 1, free: free * mib, size: 10_000 * mib, free_files, files: 1000 })
                .to_string()
        };
        let todo = "make room: certificates, logs and the charm's memory are written there";
        assert_eq!(space(2000, 500), "ok   disk at /x: 2000 MiB of 10000 MiB are free");
        assert_eq!(space(900, 500), format!("warn disk at /x: 900 MiB of 10000 MiB are free — {todo}"));
        assert_eq!(space(49, 500), format!("fail disk at /x: 49 MiB of 10000 MiB are free — {todo}"));
        assert_eq!(space(2000, 9), format!("fail disk at /x: 9 of 1000 files are free — {todo}"));
        assert_eq!(clock("T", Some(true)).to_string(), "ok   clock: T, synchronised");
        assert_eq!(clock("T", None).to_string(), "ok   clock: T");
        assert!(clock("T", Some(false)).to_string().starts_with("warn clock: T, not synchronised — "));
    }
}
