//! What a scalar without quotes means in YAML 1.1, as yaml.v2 sees it.

/// The kinds of scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Str,
    Bool,
    Null,
    Int,
    Float,
    Timestamp,
    Binary,
    /// A tag of somebody's own: the text stays what it is.
    Other,
}

impl Kind {
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Str | Self::Other => "!!str",
            Self::Bool => "!!bool",
            Self::Null => "!!null",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Binary => "!!binary",
        }
    }
}

/// A tag in its short form.
pub(super) fn short(tag: &str) -> String {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => format!("!!{name}"),
        None => tag.to_owned(),
    }
}

/// The kind of a scalar with this tag (none if empty). The error is that the text doesn't fit the tag.
pub(super) fn resolve(tag: &str, text: &str) -> Result<Kind, String> {
    let tag = short(tag);
    let kind = match tag.as_str() {
        "" | "!!bool" | "!!int" | "!!float" | "!!null" => plain_kind(text, tag.is_empty()),
        "!!timestamp" => plain_kind(text, true),
        "!!str" => Kind::Str,
        "!!binary" => Kind::Binary,
        _ => Kind::Other,
    };
    let fits = match kind {
        Kind::Binary | Kind::Other => true,
        Kind::Int if tag == "!!float" => true,
        _ => tag.is_empty() || tag == kind.tag(),
    };
    if fits { Ok(kind) } else { Err(format!("cannot decode {} `{text}` as a {tag}", kind.tag())) }
}

/// The kind of a scalar without a tag. Dates are looked for on demand.
pub(super) fn plain_kind(text: &str, dates: bool) -> Kind {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" | "n" | "N"
        | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Kind::Bool,
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf"
        | "-.Inf" | "-.INF" => Kind::Float,
        _ if text.starts_with('.') => {
            if is_go_float(text) {
                Kind::Float
            } else {
                Kind::Str
            }
        }
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-') => {
            let number = text.replace('_', "");
            if dates && is_date(text) {
                Kind::Timestamp
            } else if is_int(&number) {
                Kind::Int
            } else if is_yaml_float(&number) {
                Kind::Float
            } else {
                Kind::Str
            }
        }
        _ => Kind::Str,
    }
}

/// `1:30` and the like, numbers to base 60: not read, but written with quotes.
pub(super) fn is_base_60(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = number.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let sixty = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.chars().all(|c| c.is_ascii_digit() || c == '_')
        && middle.iter().all(|part| sixty(part))
        && sixty(last)
        && fraction.chars().all(|c| c.is_ascii_digit() || c == '_')
}

/// With the prefixes of Go: 0x, 0o, 0b, and 0 alone for octal. A number has 64 bits.
fn is_int(text: &str) -> bool {
    let (negative, number) = match text.strip_prefix(['+', '-']) {
        Some(number) => (text.starts_with('-'), number),
        None => (false, text),
    };
    let lower = number.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with(['+', '-']) {
        return false;
    }
    match u64::from_str_radix(digits, base) {
        Ok(value) if negative => value <= 1 << 63,
        Ok(value) => !text.starts_with('+') || i64::try_from(value).is_ok(),
        Err(_) => false,
    }
}

/// Digits, a point, digits, an exponent.
fn is_yaml_float(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match number.find(['e', 'E']) {
        Some(at) => (&number[..at], Some(&number[at + 1..])),
        None => (number, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole)
        && digits(fraction)
        && (!whole.is_empty() || !fraction.is_empty())
        && exponent_fits
        && number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// What begins with a point and is a number to Go's `ParseFloat`.
fn is_go_float(text: &str) -> bool {
    let number = text.replace('_', "");
    !text.contains('_')
        && number[1..].starts_with(|c: char| c.is_ascii_digit())
        && number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A date, or a date and a time, of the forms that yaml.v2 takes.
fn is_date(text: &str) -> bool {
    let Some((year, rest)) = text.split_once('-') else { return false };
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let at = rest.find(['T', 't', ' ']);
    let (date, time) = at.map_or((rest, None), |at| (&rest[..at], Some((&rest[at..=at], &rest[at + 1..]))));
    let Some((month, day)) = date.split_once('-') else { return false };
    let Some(month) = ranged(month, 1, 12) else { return false };
    if ranged(day, 1, days_of(year.parse().unwrap_or(0), month)).is_none() {
        return false;
    }
    match time {
        None => true,
        Some((" ", time)) => is_time(time),
        Some((_, time)) => match time.strip_suffix('Z') {
            Some(time) => is_time(time),
            None => {
                time.find(['+', '-']).is_some_and(|at| is_time(&time[..at]) && is_offset(&time[at + 1..]))
            }
        },
    }
}

fn ranged(text: &str, least: u32, most: u32) -> Option<u32> {
    let short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| short && (least..=most).contains(number))
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    let [hour, minute, second] = parts.as_slice() else { return false };
    let (second, fraction) = match second.find(['.', ',']) {
        Some(at) => (&second[..at], Some(&second[at + 1..])),
        None => (*second, None),
    };
    hour.len() == 2
        && ranged(hour, 0, 23).is_some()
        && ranged(minute, 0, 59).is_some()
        && ranged(second, 0, 59).is_some()
        && fraction
            .is_none_or(|fraction| !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()))
}

fn is_offset(text: &str) -> bool {
    text.split_once(':').is_some_and(|(hours, minutes)| {
        hours.len() == 2
            && minutes.len() == 2
            && ranged(hours, 0, 24).is_some()
            && ranged(minutes, 0, 60).is_some()
    })
}
