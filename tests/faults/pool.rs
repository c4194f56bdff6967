//! Work on more threads than there are processors: half the time, a life waits for nginx and for processes.

use std::sync::{Condvar, Mutex};
use std::thread::{available_parallelism, scope};

/// How many jobs are being done, in all tests together.
static BUSY: Mutex<usize> = Mutex::new(0);
static DONE: Condvar = Condvar::new();

/// Does each job once; the first that panics ends the test.
pub(crate) fn each<J: Send>(jobs: impl IntoIterator<Item = J>, work: impl Fn(J) + Sync) {
    let jobs: Vec<J> = jobs.into_iter().collect();
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap().next();
    let processors = available_parallelism().map_or(2, std::num::NonZero::get);
    scope(|scope| {
        for _ in 0..processors * 2 {
            scope.spawn(|| {
                while let Some(job) = next() {
                    let _place = Place::take(processors * 4);
                    work(job);
                }
            });
        }
    });
}

/// One of the places to work at.
struct Place;

impl Place {
    fn take(places: usize) -> Self {
        let mut busy = DONE.wait_while(BUSY.lock().unwrap(), |busy| *busy >= places).unwrap();
        *busy += 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *BUSY.lock().unwrap() -= 1;
        DONE.notify_one();
    }
}

/// Whether everything is tried, however long it takes.
pub(crate) fn is_soak() -> bool {
    std::env::var_os("SOAK").is_some()
}
