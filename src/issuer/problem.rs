//! What went wrong with an order, whose matter it is, and in words.

use instant_acme::{Error, Problem};
use time::{Duration, OffsetDateTime};

/// The longest text of a server that is passed on.
const LONGEST: usize = 200;

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server, or the way to it: nothing else can be done now.
    Server(String),
    /// The server refuses what was asked for.
    Refused(String),
    /// The server does not know the account.
    NoAccount,
    /// The account has another key now, which nginx must learn first.
    NewKey,
}

impl Fault {
    /// What an error of the ACME crate means.
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Api(problem) if kind(problem) == "accountDoesNotExist" => Self::NoAccount,
            Error::Api(problem) if kind(problem) == "serverInternal" => Self::Server(words(problem)),
            Error::Api(problem) => Self::Refused(words(problem)),
            Error::Timeout(_) => Self::Server("the server has not come to an end in time".to_owned()),
            Error::Other(error) => Self::Server(one_line(&error.to_string())),
            Error::Json(_) => Self::Server(
                "the server's answer cannot be read: is acme-server an ACME directory?".to_owned(),
            ),
            other => Self::Server(one_line(&other.to_string())),
        }
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Server(words) | Self::Refused(words) => words.clone(),
            Self::NoAccount => "the server does not know the account".to_owned(),
            Self::NewKey => "the account has a new key, which nginx must learn first".to_owned(),
        }
    }
}

/// The type of a problem, without what all have in common.
pub(super) fn kind(problem: &Problem) -> &str {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or(kind)
}

/// A problem in words: what it means, and what the server says.
pub(super) fn words(problem: &Problem) -> String {
    let means = match kind(problem) {
        "dns" => "the name does not resolve",
        "connection" => "the ACME server cannot connect to this proxy under the name",
        "unauthorized" | "incorrectResponse" => "the name leads to another server than this proxy",
        "caa" => "the name's CAA record forbids this authority",
        "rejectedIdentifier" => "the authority does not serve this name",
        "unsupportedIdentifier" => "the authority does not serve names of this kind",
        "rateLimited" => "a limit of the authority is reached",
        "externalAccountRequired" => {
            "the authority asks for an external account: set acme-eab-key-id and acme-eab-hmac-key"
        }
        "userActionRequired" => "the authority's terms have changed: agree to them there",
        "invalidContact" | "unsupportedContact" => "the authority does not accept contact-email",
        "serverInternal" => "the ACME server has a fault",
        "tls" => "the ACME server cannot speak TLS with this proxy",
        _ => "the authority refuses",
    };
    let detail = problem.detail.as_deref().map(one_line).filter(|detail| !detail.is_empty());
    match detail {
        Some(detail) => format!("{means} ({}: {detail})", kind(problem)),
        None => format!("{means} ({})", kind(problem)),
    }
}

/// A server's text as one line of printable ASCII.
pub(super) fn one_line(text: &str) -> String {
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().map(printable).take(LONGEST).collect()
}

/// How long a server wants to be left alone: seconds, or a date.
pub(super) fn wait(retry_after: &str, now: OffsetDateTime) -> Option<Duration> {
    let text = retry_after.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::seconds(i64::from(seconds)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(OffsetDateTime::from(date) - now).filter(|wait| wait.is_positive())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, detail: &str) -> Problem {
        let json =
            serde_json::json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn problems_are_told_in_words_and_by_whose_matter_they_are() {
        let fault = |kind, detail| Fault::of(&Error::Api(problem(kind, detail)));
        assert_eq!(fault("accountDoesNotExist", ""), Fault::NoAccount);
        assert_eq!(
            fault("dns", "NXDOMAIN looking up A\nfor a.example\u{1b}[1m"),
            Fault::Refused(
                "the name does not resolve (dns: NXDOMAIN looking up A for a.example?[1m)".to_owned()
            )
        );
        assert_eq!(
            fault("serverInternal", ""),
            Fault::Server("the ACME server has a fault (serverInternal)".to_owned())
        );
        let long = words(&problem("new", &"x".repeat(9999)));
        assert!(long.starts_with("the authority refuses (new: xxx") && long.len() < 250);
    }

    #[test]
    fn when_to_come_back_is_said_in_two_ways() {
        let now = OffsetDateTime::from_unix_timestamp(784_111_777).unwrap();
        let told = |text| wait(text, now).map(Duration::whole_seconds);
        assert_eq!(told("120"), Some(120));
        assert_eq!(told("Sun, 06 Nov 1994 08:51:37 GMT"), Some(120));
        for nothing in ["", "soon", "-5", "Sun, 06 Nov 1994 08:49:36 GMT"] {
            assert_eq!(told(nothing), None, "{nothing}");
        }
    }
}
