use proptest::prelude::*;

use super::*;
use crate::host::Host;

/// A table on the disk, and the map that it should be.
struct Both {
    folder: tempfile::TempDir,
    root: Root,
    model: BTreeMap<String, u32>,
}

impl Both {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), root: Root::default(), model: BTreeMap::new() }
    }

    fn table(&self) -> (Rc<Pieces>, Table<String, u32>) {
        let pieces = Rc::new(Pieces::in_folder(&Host::new("/", ""), self.folder.path()));
        let table = Table::at(&pieces, "t", &self.root);
        (pieces, table)
    }

    /// Changes both, writes the table, and counts the pieces that had to be written.
    fn change(&mut self, changes: &[(u32, Option<u32>)]) -> usize {
        let (pieces, mut table) = self.table();
        for (key, value) in changes {
            let key = format!("key {key}");
            let (before, known) = match value {
                Some(value) => (table.insert(key.clone(), *value).unwrap(), self.model.insert(key, *value)),
                None => (table.remove(&key).unwrap(), self.model.remove(&key)),
            };
            assert_eq!(before, known);
        }
        let mut to_write = Vec::new();
        self.root = table.root(&mut to_write).unwrap();
        pieces.write(&to_write).unwrap();
        pieces.keep_only(&self.root.pieces().collect()).unwrap();
        to_write.len()
    }

    fn compare(&self) {
        let (_, table) = self.table();
        let entries: BTreeMap<String, u32> =
            table.entries().unwrap().into_iter().map(|(key, value)| (key.clone(), *value)).collect();
        assert_eq!(entries, self.model);
        assert_eq!(table.len(), self.model.len());
        let (_, table) = self.table();
        for key in (0..300).step_by(7).map(|key| format!("key {key}")) {
            assert_eq!(table.get(&key).unwrap(), self.model.get(&key));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_table_is_a_map_whatever_its_size(
        hooks in proptest::collection::vec(
            proptest::collection::vec((0..150_u32, proptest::option::weighted(0.7, 0..5_u32)), 0..60), 1..12)
    ) {
        let mut both = Both::new();
        for changes in &hooks {
            both.change(changes);
            both.compare();
        }
    }
}

#[test]
fn a_large_table_writes_and_reads_only_what_is_touched() {
    let mut both = Both::new();
    let all: Vec<(u32, Option<u32>)> = (0..5000).map(|key| (key, Some(key))).collect();
    assert_eq!(both.change(&all), usize::from(MOST));
    assert_eq!(both.change(&[]), 0);
    assert_eq!(both.change(&[(7, Some(7))]), 0, "the same value");
    assert_eq!(both.change(&[(7, Some(8))]), 1);
    assert_eq!(both.change(&[(5001, Some(1)), (7, None)]), 2);
    both.compare();

    let (_, table) = both.table();
    table.get(&"key 8".to_owned()).unwrap();
    let read = table.buckets.values().filter(|bucket| bucket.entries.get().is_some()).count();
    assert_eq!(read, 1);
}

#[test]
fn a_small_table_is_one_piece_before_it_grows_and_after_it_has_shrunk() {
    let mut both = Both::new();
    let keys = |range: std::ops::Range<u32>, value| range.map(|key| (key, value)).collect::<Vec<_>>();
    assert_eq!(both.change(&keys(0..64, Some(1))), 1);
    assert!(both.change(&keys(64..65, Some(1))) > 1);
    both.compare();
    assert_eq!(both.change(&keys(65..1024, Some(1))), 16);
    assert_eq!(both.change(&keys(1024..1025, Some(1))), usize::from(MOST));
    both.compare();
    assert_eq!(both.change(&keys(65..1025, None)), 16);
    both.compare();
    assert_eq!(both.change(&keys(0..10, None)), 1);
    both.compare();
    both.change(&keys(10..65, None));
    assert_eq!(both.root, Root::default());
}

#[test]
fn a_damaged_piece_is_an_error_and_never_another_value() {
    let mut both = Both::new();
    both.change(&[(1, Some(1))]);
    let name = both.root.pieces().next().unwrap().to_owned();
    let path = both.folder.path().join(&name);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(both.table().1.get(&"key 1".to_owned()).is_err(), "cut at {length}");
    }
    std::fs::remove_file(&path).unwrap();
    let error = both.table().1.entries().unwrap_err().to_string();
    assert_eq!(error, format!("{} is missing", path.display()));
}
