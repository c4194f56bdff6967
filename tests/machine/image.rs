//! A Debian as small as can be, as an archive below the target folder: made once, with what apt is told on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// What Juju's machines have and the smallest Debian has not; and an ACME server.
const PACKAGES: &str = "ca-certificates,curl,logrotate,pebble,systemd";

/// What is missing for machines of our own, and what to do.
pub(crate) fn missing() -> Option<String> {
    let uid = Command::new("id").arg("-u").output().unwrap().stdout;
    if uid != b"0\n" {
        return Some("a machine of its own takes root: run this test as root".to_owned());
    }
    let does = |shell: &str| {
        let output = Command::new("sh").args(["-c", shell]).output().unwrap();
        output.status.success()
    };
    let programs = ["mmdebstrap", "unshare", "ip"];
    if let Some(program) = programs.iter().find(|program| !does(&format!("command -v {program}"))) {
        return Some(format!("{program} is missing: scripts/install-tools installs it"));
    }
    let groups = does("test -w \"$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)\"");
    (!groups).then(|| "a machine of its own needs control groups (cgroup2), and there are none".to_owned())
}

/// The archive.
pub(crate) fn get() -> PathBuf {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let release = os_release("VERSION_CODENAME");
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "{}-{release}+{}.tar",
        os_release("ID"),
        PACKAGES.replace(',', "+")
    ));
    if !image.exists() {
        let made = image.with_extension("new.tar");
        let status = Command::new("mmdebstrap")
            .args(["--quiet", "--variant=minbase", &format!("--include={PACKAGES}")])
            .args(settings().iter().map(|setting| format!("--aptopt={setting}")))
            .arg(&release)
            .arg(&made)
            .args(sources())
            .status()
            .unwrap();
        assert!(status.success(), "mmdebstrap: {status}");
        fs::rename(made, &image).unwrap();
    }
    image
}

/// The distribution's own packages only, from where this machine has them.
fn sources() -> Option<PathBuf> {
    let id = os_release("ID");
    let files = [format!("/etc/apt/sources.list.d/{id}.sources"), "/etc/apt/sources.list".to_owned()];
    files.into_iter().map(PathBuf::from).find(|file| file.exists())
}

/// How this machine's apt reaches its packages and what it makes of old lists of them.
fn settings() -> Vec<String> {
    let files = fs::read_dir("/etc/apt/apt.conf.d").into_iter().flatten();
    let texts = files.filter_map(|file| fs::read_to_string(file.ok()?.path()).ok());
    let is_one = |line: &&str| {
        ["Acquire::http", "Acquire::https", "Acquire::Check"].iter().any(|start| line.starts_with(start))
    };
    texts.flat_map(|text| text.lines().filter(is_one).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn os_release(key: &str) -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_default().trim_matches('"').to_owned()
}
