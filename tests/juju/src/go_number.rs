//! Numbers as Go writes them.

/// As in YAML: the shortest form, with an exponent from a million on and below a ten thousandth.
pub(crate) fn general(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let (sign, digits, exponent) = parts(value);
    if (-4..6).contains(&exponent) { format!("{value}") } else { with_exponent(sign, &digits, exponent, 2) }
}

/// As in JSON.
pub(crate) fn json(value: f64) -> String {
    let (sign, digits, exponent) = parts(value);
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        with_exponent(sign, &digits, exponent, 1)
    } else {
        format!("{value}")
    }
}

/// The sign, the shortest digits, and the exponent of the first of them.
fn parts(value: f64) -> (&'static str, String, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if value.is_sign_negative() { "-" } else { "" };
    (sign, mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

fn with_exponent(sign: &str, digits: &str, exponent: i32, width: usize) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let direction = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{direction}{:0width$}", exponent.abs())
}
