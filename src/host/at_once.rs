use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

/// Does something for each item, for a few at a time, and gives what came of it.
pub fn at_once<T, R>(items: &[T], most: usize, one: impl Fn(&T) -> R + Sync) -> BTreeMap<T, R>
where
    T: Clone + Ord + Send + Sync,
    R: Send,
{
    let queue = Mutex::new(items.iter());
    let done = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..items.len().min(most) {
            scope.spawn(|| {
                let next = || queue.lock().ok().and_then(|mut queue| queue.next());
                while let Some(item) = next() {
                    let result = one(item);
                    if let Ok(mut done) = done.lock() {
                        done.insert(item.clone(), result);
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_default()
}
