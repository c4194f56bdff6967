use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use time::OffsetDateTime;

use super::known::Known;
use super::self_signed;
use crate::host::{Host, Owner};
use crate::proxy::nginx::Paths;
use crate::wire::Fqdn;

/// Keys are for us alone.
const KEY_MODE: u32 = 0o600;
const KEYS_MODE: u32 = 0o700;

/// A certificate that is ready to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The PEM file: certificate, then key.
    pub path: PathBuf,
    /// When it ends, in RFC 3339 and UTC: `2027-01-30T12:00:00Z`.
    pub expires: String,
    /// Whether it was issued just now.
    pub renewed: bool,
}

/// The self-signed certificate of the site `id` for exactly these names: the one that is kept, or a new one if there
/// is none, it is damaged, has other names, or a third or less of its lifetime is left.
pub fn keep(
    host: &Host,
    paths: &Paths,
    id: &Fqdn,
    names: &[Fqdn],
    now: SystemTime,
    known: &mut Known,
) -> Result<Certificate> {
    let names: Vec<&str> = names.iter().map(Fqdn::as_str).collect();
    keep_at(host, paths, paths.certificate(id), &names, now, known)
}

/// The certificate shown to those who ask for no name of ours, where nginx cannot refuse them.
pub(in crate::proxy) fn keep_fallback(host: &Host, paths: &Paths, now: SystemTime) -> Result<Certificate> {
    let known = &mut Known::default();
    keep_at(host, paths, paths.fallback_certificate(), &["unknown.invalid"], now, known)
}

fn keep_at(
    host: &Host,
    paths: &Paths,
    path: PathBuf,
    names: &[&str],
    now: SystemTime,
    known: &mut Known,
) -> Result<Certificate> {
    let now = OffsetDateTime::from(now);
    let wanted: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    let kept = known.read(host, &path)?;
    if let Some((kept, untouched)) = kept.filter(|(kept, _)| kept.names == wanted && kept.is_fresh(now)) {
        let is_closed = |path: &Path, mode| host.mode(path).map(|found| found == Some(mode));
        if !(untouched || is_closed(&path, KEY_MODE)? && is_closed(&paths.certificates(), KEYS_MODE)?) {
            host.create_folder(&paths.certificates(), KEYS_MODE)?;
            let content = host.read(&path)?.unwrap_or_default();
            host.write(&path, &content, KEY_MODE, Owner::Us)?;
        }
        return Ok(Certificate { path, expires: rfc_3339(kept.ends), renewed: false });
    }
    let pem = self_signed::issue(names, now)?;
    host.create_folder(paths.state(), 0o711)?;
    host.create_folder(&paths.certificates(), KEYS_MODE)?;
    host.write(&path, pem.as_bytes(), KEY_MODE, Owner::Us)?;
    host.sync(&path)?;
    let issued = known.read(host, &path)?;
    let (issued, _) = issued.context("a certificate that was issued just now is not readable")?;
    Ok(Certificate { path, expires: rfc_3339(issued.ends), renewed: true })
}

/// Deletes the files of a folder that are not to be kept.
pub(in crate::proxy) fn remove_others(host: &Host, folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<()> {
    for path in host.list(folder)?.into_iter().map(|name| folder.join(name)) {
        if !kept.contains(&path) {
            host.remove(&path)?;
        }
    }
    Ok(())
}

/// `2027-01-30T12:00:00Z`
fn rfc_3339(time: OffsetDateTime) -> String {
    let (date, time) = (time.date(), time.time());
    let (hour, minute, second) = time.as_hms();
    format!(
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const DAY: Duration = Duration::from_hours(24);

    fn fqdns(names: &[&str]) -> Vec<Fqdn> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_certificate_is_kept_until_it_must_be_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let start = NOW + DAY * 20_000;
        let names = fqdns(&["a.example", "b.example"]);
        let keep =
            |names: &[Fqdn], now| keep(&host, &paths, &names[0], names, now, &mut Known::default()).unwrap();

        let first = keep(&names, start);
        assert_eq!((first.expires.as_str(), first.renewed), ("2025-01-02T00:00:00Z", true));
        assert_eq!(host.mode(&first.path).unwrap(), Some(0o600));
        assert_eq!(host.mode(first.path.parent().unwrap()).unwrap(), Some(0o700));

        let again = keep(&fqdns(&["a.example", "b.example"]), start + DAY * 59);
        assert_eq!(again, Certificate { renewed: false, ..first.clone() });
        assert!(keep(&names, start + DAY * 61).renewed);
        assert!(keep(&names[..1], start + DAY * 61).renewed);
        assert!(!keep(&names[..1], start + DAY * 61).renewed);
        host.write(&first.path, b"damaged", 0o600, Owner::Us).unwrap();
        assert!(keep(&names[..1], start + DAY * 61).renewed);
    }

    #[test]
    fn a_key_that_others_can_read_is_closed_again() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let names = fqdns(&["a.example"]);
        let first = keep(&host, &paths, &names[0], &names, NOW + DAY, &mut Known::default()).unwrap();
        let content = host.read(&first.path).unwrap();
        for (path, open, closed) in
            [(first.path.clone(), 0o644, KEY_MODE), (paths.certificates(), 0o755, KEYS_MODE)]
        {
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(open)).unwrap();
            assert!(
                !keep(&host, &paths, &names[0], &names, NOW + DAY, &mut Known::default()).unwrap().renewed
            );
            assert_eq!(host.mode(&path).unwrap(), Some(closed));
            assert_eq!(host.read(&first.path).unwrap(), content);
        }
    }
}
