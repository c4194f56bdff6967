use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use time::OffsetDateTime;

use super::finding::{Finding, few};
use super::sites::Meant;
use crate::cert::{self, Pair, Source, rfc_3339};
use crate::interface::Hook;
use crate::proxy::Overview;
use crate::wire::Fqdn;

/// Whether the certificates that are served fit, and when the next one is renewed.
pub(super) fn check(hook: &Hook, overview: &Overview, meant: &Meant<'_>) -> Result<Vec<Finding>> {
    let mut of_files: BTreeMap<&Path, Vec<&Fqdn>> = BTreeMap::new();
    for name in meant.names() {
        if let Some(file) = overview.live.get(name) {
            of_files.entry(file).or_default().push(name);
        }
    }
    let (now, mut findings) = (cert::now(), Vec::new());
    let (mut untrusted, mut renewals, mut good) = (Vec::new(), Vec::new(), 0);
    for (file, names) in of_files {
        let pair = hook.host.read(file)?.and_then(|content| Pair::read(&content));
        if overview.source(file) == Some(Source::SelfSigned) {
            untrusted.extend(names.iter().copied());
        }
        match judge(file, &names, pair.as_ref(), now) {
            Some(finding) => findings.push(finding),
            None => good += names.len(),
        }
        renewals.extend(pair.as_ref().map(Pair::grows_old));
    }
    if good > 0 {
        findings
            .push(Finding::ok("certificates", format!("{good} names have one that fits and has not ended")));
    }
    if !untrusted.is_empty() {
        findings.push(Finding::warn(
            "trust",
            format!("no browser trusts the self-signed certificates of {}", few(&untrusted)),
            "set another certificate-source, or have visitors trust what get-ca-certificate gives",
        ));
    }
    findings.extend(renewals.into_iter().min().map(|next| renewal(next, now)));
    Ok(findings)
}

/// What is wrong with a file; nothing if all is well.
fn judge(file: &Path, names: &[&Fqdn], pair: Option<&Pair>, now: OffsetDateTime) -> Option<Finding> {
    let about = format!("certificate of {}", few(names));
    let todo = "the next hook puts it right; renew-certificates does it now";
    let Some(pair) = pair else {
        let seen = format!("{} is missing, damaged, or its key is another one's", file.display());
        return Some(Finding::fail(about, seen, todo));
    };
    let others: Vec<&&Fqdn> = names.iter().filter(|name| !pair.covers(name)).collect();
    if !others.is_empty() {
        return Some(Finding::fail(about, format!("does not hold {}", few(others)), todo));
    }
    let ends = rfc_3339(pair.ends);
    if now < pair.begins {
        let seen = format!("begins {}, which is still to come", rfc_3339(pair.begins));
        return Some(Finding::fail(about, seen, "correct the machine's clock"));
    }
    if !pair.is_valid(now) {
        return Some(Finding::fail(about, format!("ended {ends}"), todo));
    }
    pair.is_late(now).then(|| {
        Finding::warn(
            about,
            format!("ends {ends} and should have been renewed"),
            "list-sites says what its source waits for",
        )
    })
}

fn renewal(next: OffsetDateTime, now: OffsetDateTime) -> Finding {
    if next <= now {
        return Finding::ok("renewal", "the next one is due now");
    }
    Finding::ok(
        "renewal",
        format!("the next one is due {}, in {} days", rfc_3339(next), (next - now).whole_days()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_certificate_is_judged() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let name: Fqdn = "a.bc".parse().unwrap();
        let pair = |name: &str, begins: i64, ends: i64| {
            let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
            (params.not_before, params.not_after) =
                (now + Duration::days(begins), now + Duration::days(ends));
            let key = rcgen::KeyPair::generate().unwrap();
            let text = params.self_signed(&key).unwrap().pem() + &key.serialize_pem();
            Pair::read(text.as_bytes()).unwrap()
        };
        let told = |pair: Option<&Pair>| {
            judge(Path::new("/x.pem"), &[&name], pair, now).map(|finding| finding.to_string())
        };
        let todo = "the next hook puts it right; renew-certificates does it now";
        assert_eq!(told(Some(&pair("a.bc", -30, 60))), None);
        for (pair, expected) in [
            (None, format!("fail certificate of a.bc: /x.pem is missing, damaged, or its key is another one's — {todo}")),
            (Some(pair("d.ef", -30, 60)), format!("fail certificate of a.bc: does not hold a.bc — {todo}")),
            (Some(pair("a.bc", -90, 0)), format!("fail certificate of a.bc: ended 2027-01-15T08:00:00Z — {todo}")),
            (
                Some(pair("a.bc", 1, 90)),
                "fail certificate of a.bc: begins 2027-01-16T08:00:00Z, which is still to come — correct the machine's clock".to_owned(),
            ),
            (
                Some(pair("a.bc", -80, 10)),
                "warn certificate of a.bc: ends 2027-01-25T08:00:00Z and should have been renewed — list-sites says what its source waits for".to_owned(),
            ),
        ] {
            assert_eq!(told(pair.as_ref()), Some(expected));
        }
        assert_eq!(
            renewal(now + Duration::days(3), now).to_string(),
            "ok   renewal: the next one is due 2027-01-18T08:00:00Z, in 3 days"
        );
        assert_eq!(renewal(now, now).to_string(), "ok   renewal: the next one is due now");
    }
}
