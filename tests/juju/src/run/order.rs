//! The order of calls that are made side by side: as their programs were started, so that a scenario is the same each
//! time. A real agent takes them as they come.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::net::UnixStream;

use rustix::net::sockopt::socket_peercred;

/// Calls that have come and are not taken yet.
#[derive(Debug, Default)]
pub(super) struct Order {
    waiting: Vec<(i32, UnixStream)>,
    taken: BTreeSet<i32>,
}

impl Order {
    /// Whether calls are waiting, for others to come before them.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A call has come.
    pub(super) fn add(&mut self, call: UnixStream) -> io::Result<()> {
        let program = socket_peercred(&call)?.pid.as_raw_nonzero().get();
        self.waiting.push((program, call));
        self.waiting.sort_by(|(one, _), (other, _)| by_start(*one, *other));
        Ok(())
    }

    /// The next call to take, unless one is still to come before it.
    pub(super) fn next(&mut self) -> Option<UnixStream> {
        let (first, _) = self.waiting.first()?;
        let mut earlier =
            started_with(*first).into_iter().filter(|program| by_start(*program, *first) == Ordering::Less);
        if earlier.any(|program| !self.taken.contains(&program) && is_of_same_program(program, *first)) {
            return None;
        }
        let (program, call) = self.waiting.remove(0);
        self.taken.insert(program);
        Some(call)
    }
}

/// Which of two programs that were started in the same moment came first. The system counts upwards, and from the
/// beginning again after its highest number: of two that are far from each other the higher one is the earlier.
fn by_start(one: i32, other: i32) -> Ordering {
    const FAR: u32 = 10_000;
    if one.abs_diff(other) > FAR { other.cmp(&one) } else { one.cmp(&other) }
}

/// All that the one who has started this program has started.
fn started_with(program: i32) -> Vec<i32> {
    let stat = fs::read_to_string(format!("/proc/{program}/stat")).unwrap_or_default();
    let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)).unwrap_or("0");
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// Hook tools are all one file.
fn is_of_same_program(one: i32, other: i32) -> bool {
    let program = |process: i32| fs::read_link(format!("/proc/{process}/exe")).ok();
    program(one).is_some_and(|file| program(other) == Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_highest_number_the_lowest_comes() {
        let mut started = [302, 32_767, 301, 32_766];
        started.sort_by(|one, other| by_start(*one, *other));
        assert_eq!(started, [32_766, 32_767, 301, 302]);
    }
}
