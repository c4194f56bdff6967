use super::*;
use crate::juju::tool::status;

/// A unit's state folder, and hooks that open, change and commit it.
struct Unit {
    folder: tempfile::TempDir,
    committed: Committed,
}

impl Unit {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), committed: Committed::Nothing }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join(".state")
    }

    /// Runs a hook that sets a flag; `juju` says whether Juju commits it too. Tells how it found things.
    fn hook(&mut self, id: &str, flag: Option<&str>, juju: bool) -> (Standing, Vec<String>) {
        let host = Host::new("/", "");
        let mut store = Store::open(&host, &self.dir(), id, Some(id)).unwrap();
        let (state, standing) = store.settle(&self.committed, None);
        let (mut state, standing) = store.load(&host, state, standing).unwrap();
        let found = state.flags.iter().map(ToString::to_string).collect();
        if let Some(flag) = flag {
            state.flags.set(flag.parse().unwrap());
            state.view.relate(&format!("web:{}", flag.len()).parse().unwrap(), flag).unwrap();
        }
        let next = Next::of(&state).unwrap();
        let changed = store.differs(&next) || standing == Standing::Unknown;
        assert_eq!(changed, flag.is_some() || standing == Standing::Unknown);
        store.commit(&host, next, standing, changed).unwrap();
        if changed && juju {
            self.committed = Committed::Token(id.to_owned());
        }
        (standing, found)
    }

    fn files(&self) -> Vec<String> {
        let host = Host::new("/", "");
        let mut files = host.list(&self.dir()).unwrap();
        files.extend(host.list(&self.dir().join("view")).unwrap());
        files
    }

    fn tokens(&self) -> Vec<Option<String>> {
        let bytes = std::fs::read(self.dir().join("flags.json")).unwrap();
        FlagFile::parse(&bytes).unwrap().generations.into_iter().map(|generation| generation.token).collect()
    }
}

fn flags(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_state_comes_back_when_juju_has_committed_it() {
    let mut unit = Unit::new();
    assert_eq!(unit.hook("1", None, true), (Standing::New, flags(&[])));
    assert_eq!(unit.files(), ["lock"], "nothing was changed");
    assert_eq!(unit.hook("2", Some("a"), true), (Standing::New, flags(&[])));
    assert_eq!(unit.hook("3", Some("bb"), true), (Standing::Current, flags(&["a"])));
    assert_eq!(unit.tokens(), [Some("3".to_owned()), Some("2".to_owned())]);
    assert_eq!(unit.hook("4", None, true), (Standing::Current, flags(&["a", "bb"])));
    assert_eq!(unit.tokens(), [Some("3".to_owned())], "confirmed: the older one is dropped");
}

#[test]
fn a_state_goes_back_when_juju_has_not_committed_it() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    unit.hook("2", Some("bb"), false);
    assert_eq!(unit.hook("3", None, true), (Standing::Behind, flags(&["a"])));
    assert_eq!(unit.tokens(), [Some("1".to_owned())]);
    assert_eq!(unit.hook("4", Some("ccc"), true), (Standing::Current, flags(&["a"])));
    let pieces = unit.files().into_iter().filter(|file| file.starts_with("web.")).count();
    assert_eq!(pieces, 2, "what was known before and what is known now, not what went back");
}

#[test]
fn the_first_hook_of_all_can_go_back_too() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), false);
    assert_eq!(unit.hook("2", Some("bb"), true), (Standing::Behind, flags(&[])));
    assert_eq!(unit.hook("3", None, true), (Standing::Current, flags(&["bb"])));
}

#[test]
fn where_nothing_is_known_of_the_past_there_is_nothing_to_go_back_to() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    unit.hook("2", None, true);
    unit.committed = Committed::Nothing; // forgotten
    assert_eq!(unit.hook("3", Some("bb"), false).0, Standing::Unknown);
    assert_eq!(unit.hook("3", Some("ccc"), false).0, Standing::Again);
    assert_eq!(unit.hook("4", Some("dddd"), true).0, Standing::Unknown, "not a state without anything");
    assert_eq!(unit.hook("5", None, true).0, Standing::Current);
}

#[test]
fn processes_of_one_hook_share_a_generation_and_the_one_before_it() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    unit.hook("2", Some("bb"), false);
    assert_eq!(unit.hook("2", Some("ccc"), false), (Standing::Again, flags(&["a", "bb"])));
    assert_eq!(unit.tokens(), [Some("2".to_owned()), Some("1".to_owned())]);
    assert_eq!(unit.hook("3", None, true), (Standing::Behind, flags(&["a"])));
}

#[test]
fn a_file_and_a_juju_that_do_not_know_each_other_are_nothing_to_rely_on() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    unit.committed = Committed::Token("restored".to_owned());
    assert_eq!(unit.hook("2", None, true).0, Standing::Unknown);
    assert_eq!(unit.hook("3", None, true).0, Standing::Current);

    std::fs::remove_file(unit.dir().join("flags.json")).unwrap();
    assert_eq!(unit.hook("4", None, true), (Standing::Unknown, flags(&[])), "the file is lost");
}

#[test]
fn without_charm_state_the_newest_generation_counts_and_no_other_is_kept() {
    let mut unit = Unit::new();
    unit.committed = Committed::Unsupported;
    assert_eq!(unit.hook("1", Some("a"), false).0, Standing::New);
    assert_eq!(unit.hook("2", Some("bb"), false), (Standing::Current, flags(&["a"])));
    assert_eq!(unit.tokens(), [Some("2".to_owned())]);
}

#[test]
fn a_hook_knows_that_it_wrote_the_newest_generation_before() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    let repeats = |mark| Store::open(&Host::new("/", ""), &unit.dir(), "2", mark).unwrap().repeats();
    assert!(repeats(Some("1")), "its name, in these tests");
    assert!(!repeats(Some("other")) && !repeats(None));
}

#[test]
fn a_file_cut_at_any_length_is_noticed_and_never_fails_a_hook() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    let mut files = vec![unit.dir().join("flags.json")];
    files.extend(std::fs::read_dir(unit.dir().join("view")).unwrap().map(|entry| entry.unwrap().path()));
    assert_eq!(files.len(), 2);
    let contents: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    for (cut, content) in files.iter().zip(&contents) {
        for length in 0..content.len() {
            std::fs::create_dir_all(unit.dir().join("view")).unwrap();
            files.iter().zip(&contents).for_each(|(file, content)| std::fs::write(file, content).unwrap());
            std::fs::write(cut, &content[..length]).unwrap();
            unit.committed = Committed::Token("1".to_owned());
            let (standing, _) = unit.hook("2", None, true);
            assert_eq!(standing, Standing::Unknown, "{} cut at {length}", cut.display());
            assert!(unit.files().contains(&"flags.json.unreadable".to_owned()));
        }
    }
}

#[test]
fn a_damaged_or_missing_piece_of_the_view_is_noticed() {
    for damage in [None, Some("{}")] {
        let mut unit = Unit::new();
        unit.hook("1", Some("a"), true);
        let piece = unit.files().into_iter().find(|file| file.starts_with("web.relations.0.")).unwrap();
        let piece = unit.dir().join("view").join(piece);
        match damage {
            None => std::fs::remove_file(piece).unwrap(),
            Some(text) => std::fs::write(piece, text).unwrap(),
        }
        assert_eq!(unit.hook("2", None, true), (Standing::Unknown, flags(&[])));
    }
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    let path = unit.dir().join("flags.json");
    let newer = r#"{"format": 7, "stamp": "8.1"}"#;
    std::fs::write(&path, newer).unwrap();
    let error = Store::open(&Host::new("/", ""), &unit.dir(), "2", None).unwrap_err().to_string();
    assert!(error.contains("written by version 8.1, which is newer than this one"), "{error}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), newer);
}

#[test]
fn a_hook_that_did_not_end_leaves_a_mark() {
    let unit = Unit::new();
    let host = Host::new("/", "");
    drop(Store::open(&host, &unit.dir(), "1", Some("install")).unwrap());
    let store = Store::open(&host, &unit.dir(), "2", None).unwrap();
    assert_eq!(store.died.as_deref(), Some("install"));
    assert!(!store.taken_in);
}

#[test]
fn a_mark_that_is_cut_at_any_length_is_none_of_a_hook_that_ended() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    let host = Host::new("/", "");
    for length in 0.."ended ".len() {
        std::fs::write(unit.dir().join("lock"), &"ended 1"[..length]).unwrap();
        let store = Store::open(&host, &unit.dir(), "2", None).unwrap();
        assert_eq!(store.died.as_deref(), Some("of unknown name"), "cut at {length}");
    }
    std::fs::remove_file(unit.dir().join("lock")).unwrap();
    assert!(Store::open(&host, &unit.dir(), "2", None).unwrap().died.is_some(), "removed");
}

#[test]
fn what_a_hook_has_left_that_died_is_deleted_by_the_next() {
    let mut unit = Unit::new();
    unit.hook("1", Some("a"), true);
    let left = unit.dir().join("view/web.units.0.secret.json");
    std::fs::write(&left, "").unwrap();
    drop(Store::open(&Host::new("/", ""), &unit.dir(), "2", Some("2")).unwrap());
    unit.hook("3", None, true);
    assert!(!left.exists());
}

#[test]
fn the_status_is_remembered_without_a_generation() {
    let unit = Unit::new();
    let host = Host::new("/", "");
    let told = Status { state: status::State::Active, message: "ready".to_owned() };
    let mut store = Store::open(&host, &unit.dir(), "1", Some("install")).unwrap();
    let (state, standing) = store.settle(&Committed::Nothing, None);
    store.set_status(told.clone());
    store.commit(&host, Next::of(&state).unwrap(), standing, false).unwrap();
    let mut store = Store::open(&host, &unit.dir(), "2", None).unwrap();
    assert_eq!(store.settle(&Committed::Nothing, None).1, Standing::New);
    assert_eq!(store.status(), Some(&told));
}
