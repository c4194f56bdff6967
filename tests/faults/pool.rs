//! Work on more threads than there are processors: half the time, a life waits for nginx and for processes.

use std::sync::Mutex;

/// Does each job once; the first that panics ends the test.
pub(crate) fn each<J: Send>(jobs: impl IntoIterator<Item = J>, work: impl Fn(J) + Sync) {
    let jobs: Vec<J> = jobs.into_iter().collect();
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap().next();
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) * 2;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(job) = next() {
                    work(job);
                }
            });
        }
    });
}

/// Whether everything is tried, however long it takes.
pub(crate) fn is_soak() -> bool {
    std::env::var_os("SOAK").is_some()
}
