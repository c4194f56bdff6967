//! Headers that a client may set, and those that are the proxy's.

use crate::wire::Reason;

/// What a client may not set, in lower case: who is served, how the connection is framed, who the visitor is, what
/// keeps sites apart. A name that ends in `-` stands for all that begin with it.
const RESERVED: [&str; 40] = [
    "host",
    "authorization",
    "proxy",
    "proxy-",
    "connection",
    "upgrade",
    "http2-settings",
    "keep-alive",
    "forwarded",
    "x-forwarded-",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "client-ip",
    "true-client-ip",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-",
    "x-rewrite-",
    "via",
    "cookie",
    "set-cookie",
    "content-length",
    "content-encoding",
    "content-type",
    "content-range",
    "te",
    "trailer",
    "transfer-encoding",
    "expect",
    "range",
    "strict-transport-security",
    "location",
    "refresh",
    "www-authenticate",
    "x-accel-",
    "server",
    "date",
    "status",
];

/// A header's name: letters, digits and hyphens, beginning with a letter.
pub(super) fn name(word: &str) -> Result<String, Reason> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let begins = word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if begins && word.len() <= 64 && word.bytes().all(plain) {
        return Ok(word.to_owned());
    }
    Err(Reason::quoting("not a header's name of letters, digits and hyphens", word))
}

/// The name of a header that the client's site may add to its answers.
pub(super) fn response(word: &str) -> Result<String, Reason> {
    free(word)
}

/// The name of a header that the client may have added to the requests that reach it.
pub(super) fn request(word: &str) -> Result<String, Reason> {
    free(word)
}

fn free(word: &str) -> Result<String, Reason> {
    let name = name(word)?;
    let lower = name.to_ascii_lowercase();
    let reserved = |known: &str| if known.ends_with('-') { lower.starts_with(known) } else { lower == known };
    if RESERVED.into_iter().any(reserved) {
        return Err(Reason::quoting("this header is the proxy's to set", word));
    }
    Ok(name)
}

/// A header's value, in quotes. Its characters were judged when the words were read.
pub(super) fn value(word: &str) -> Result<String, Reason> {
    const LONGEST: usize = 1000;
    if word.len() > LONGEST {
        return Err(Reason::new(format!("a value longer than {LONGEST} characters")));
    }
    Ok(format!("\"{word}\""))
}
