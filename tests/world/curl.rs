use std::fmt;
use std::path::Path;
use std::process::Command;

/// A request that curl is to make.
pub(crate) struct Request {
    url: String,
    arguments: Vec<String>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status code; 0 if there was no answer.
    pub(crate) code: u16,
    /// Where to go instead.
    pub(crate) location: String,
    /// The version of HTTP.
    pub(crate) version: String,
    /// The body.
    pub(crate) body: String,
    /// What curl said of a failure, of any of those that were made together.
    pub(crate) error: String,
}

impl Request {
    /// To a URL without a port, on this machine. The certificate is not checked.
    pub(crate) fn to(url: &str, http_port: u16, https_port: u16) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
        let port = if scheme == "https" { https_port } else { http_port };
        let resolve = format!("{name}:{port}:127.0.0.1");
        Self {
            url: format!("{scheme}://{name}:{port}/{path}"),
            arguments: vec!["-k".into(), "--resolve".into(), resolve],
        }
    }

    /// Whose certificate must be signed by the authority in a file.
    pub(crate) fn checked(mut self, authority: &Path) -> Self {
        self.arguments.splice(..1, ["--cacert".to_owned(), authority.display().to_string()]);
        self
    }

    /// With more arguments for curl.
    pub(crate) fn with<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.arguments.extend(arguments.map(str::to_owned));
        self
    }

    /// With a user and a password.
    pub(crate) fn with_password(self, credentials: &str) -> Self {
        self.with(["-u", credentials])
    }

    /// Makes it.
    pub(crate) fn send(&self) -> Answer {
        Self::send_all(std::slice::from_ref(self)).swap_remove(0)
    }

    /// Makes them one after the other, by one process.
    pub(crate) fn send_all(requests: &[Self]) -> Vec<Answer> {
        const END: char = '\u{1e}';
        let mut curl = Command::new("curl");
        for (number, request) in requests.iter().enumerate() {
            curl.args((number > 0).then_some("--next"))
                .args(["--silent", "--show-error", "--max-time", "20", "--write-out"])
                .arg(format!("\n%{{http_code}} %{{http_version}} %{{redirect_url}}{END}"))
                .args(&request.arguments)
                .arg(&request.url);
        }
        let output = curl.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        text.split_terminator(END).map(|text| Answer::parse(text, &error)).collect()
    }
}

impl Answer {
    fn parse(text: &str, error: &str) -> Self {
        let (body, facts) = text.rsplit_once('\n').unwrap();
        let mut facts = facts.splitn(3, ' ');
        let mut fact = || facts.next().unwrap_or_default().to_owned();
        Self {
            code: fact().parse().unwrap(),
            version: fact(),
            location: fact(),
            body: body.to_owned(),
            error: error.to_owned(),
        }
    }
}

/// As a person would type it.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "curl {} {}", self.arguments.join(" "), self.url)
    }
}
