//! JSON as Python writes it.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// `value` exactly as Python's `json.dumps(value, sort_keys=True)` has it, which is what the charms in the field
/// write: `", "` and `": "` between, keys by code point at every depth, nothing but ASCII from space to `~`.
///
/// The order is that of `serde_json`'s map, a `BTreeMap` as long as no crate in the build turns on
/// `preserve_order`; a test below watches over it.
///
/// What differs is lost when JSON is read, not here: integers beyond 64 bits have become floats, a float with many
/// digits or a large exponent may be off by its last bit (`serde_json` without `float_roundtrip`), and `NaN`,
/// `Infinity` and halves of surrogate pairs, which Python reads and writes, are not JSON to us.
pub fn to_string(value: &Value) -> String {
    let mut text = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut text, Python));
    debug_assert!(written.is_ok(), "writing a Value into memory cannot fail");
    String::from_utf8_lossy(&text).into_owned()
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        separate(writer, first)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    /// Gets what JSON needs no escape for; the control characters below space, `"` and `\` go another way, and are
    /// written there as Python does.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if matches!(c, ' '..='~') {
                write!(writer, "{c}")?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    /// Both languages write the shortest digits that read back as the same number, and change to an exponent at
    /// the same sizes; only the exponent's form differs: `1e-05` and `1e+16`.
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let text = format!("{value:?}");
        match text.split_once('e') {
            None => writer.write_all(text.as_bytes()),
            Some((digits, exponent)) => {
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(exponent) => ('-', exponent),
                    None => ('+', exponent),
                };
                write!(writer, "{digits}e{sign}{exponent:0>2}")
            }
        }
    }
}

fn separate<W: ?Sized + Write>(writer: &mut W, first: bool) -> io::Result<()> {
    if first { Ok(()) } else { writer.write_all(b", ") }
}

#[cfg(test)]
mod tests {
    use super::to_string;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use serde_json::{Value, from_str, json};

    /// The right side of every pair was printed by Python 3.11.
    #[test]
    fn strings_as_python_writes_them() {
        for (text, written) in [
            ("", r#""""#),
            ("\0\x01\x1f \x7e\x7f\u{80}\u{ff}", r#""\u0000\u0001\u001f ~\u007f\u0080\u00ff""#),
            ("\n\t\r\x08\x0c\"\\", r#""\n\t\r\b\f\"\\""#),
            ("/<>&'", r#""/<>&'""#),
            ("\u{e9}", r#""\u00e9""#),
            ("\u{20ac}", r#""\u20ac""#),
            ("\u{2028}", r#""\u2028""#),
            ("\u{d7ff}\u{e000}\u{ffff}", r#""\ud7ff\ue000\uffff""#),
            ("\u{1f600}", r#""\ud83d\ude00""#),
            ("\u{10000}\u{10ffff}", r#""\ud800\udc00\udbff\udfff""#),
            ("\u{65e5}\u{672c}", r#""\u65e5\u672c""#),
        ] {
            assert_eq!(to_string(&json!(text)), written);
        }
    }

    #[test]
    fn numbers_as_python_writes_them() {
        for (number, written) in [
            (json!(0), "0"),
            (json!(-1), "-1"),
            (json!(u64::MAX), "18446744073709551615"),
            (json!(i64::MIN), "-9223372036854775808"),
            (json!(0.0), "0.0"),
            (json!(-0.0), "-0.0"),
            (json!(1.0), "1.0"),
            (json!(-1.5), "-1.5"),
            (json!(0.1), "0.1"),
            (json!(3.25), "3.25"),
            (json!(1e5), "100000.0"),
            (json!(1_234_567.125), "1234567.125"),
            (json!(1e15), "1000000000000000.0"),
            (json!(9_007_199_254_740_992.0), "9007199254740992.0"),
            (json!(9_999_999_999_999_998.0), "9999999999999998.0"),
            (json!(1e16), "1e+16"),
            (json!(1e17), "1e+17"),
            (json!(123_456_789_012_345_680.0), "1.2345678901234568e+17"),
            (json!(1e22), "1e+22"),
            (json!(1e100), "1e+100"),
            (json!(1.5e300), "1.5e+300"),
            (json!(f64::MAX), "1.7976931348623157e+308"),
            (json!(0.000_123_45), "0.00012345"),
            (json!(1e-4), "0.0001"),
            (json!(1e-5), "1e-05"),
            (json!(1.5e-5), "1.5e-05"),
            (json!(1e-7), "1e-07"),
            (json!(2.5e-10), "2.5e-10"),
            (json!(5e-324), "5e-324"),
        ] {
            assert_eq!(to_string(&number), written);
        }
    }

    #[test]
    fn structure_as_python_writes_it() {
        for (json, written) in [
            ("[ ]", "[]"),
            ("{ }", "{}"),
            ("[[],{},[[]],[{}]]", "[[], {}, [[]], [{}]]"),
            ("[null,true,false]", "[null, true, false]"),
            (
                r#"{"b":1,"a":{"z":null,"A":true,"é":[1,2,{}],"_":[]},"😀":1,"￿":2,"~":false}"#,
                r#"{"a": {"A": true, "_": [], "z": null, "\u00e9": [1, 2, {}]}, "b": 1, "~": false, "\uffff": 2, "\ud83d\ude00": 1}"#,
            ),
            (
                r#"{"upstreams":[{"port":"8080","hostname":"10.0.0.4"}],"fqdn":["a.example.com"],"credentials":"u p","contact-email":""}"#,
                r#"{"contact-email": "", "credentials": "u p", "fqdn": ["a.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}]}"#,
            ),
        ] {
            assert_eq!(to_string(&from_str(json).unwrap()), written);
        }
    }

    proptest! {
        #[test]
        fn reads_back_and_is_plain_ascii(key in any::<String>(), text in any::<String>(), number in any::<i64>()) {
            let value = json!({key.clone(): [text, number], "k": {key: null}});
            let written = to_string(&value);
            prop_assert!(written.bytes().all(|b| (0x20..=0x7e).contains(&b)));
            prop_assert_eq!(from_str::<Value>(&written).unwrap(), value);
        }
    }
}
