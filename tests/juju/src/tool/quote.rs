/// A string in Go's `%q`.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        let letter = match c {
            '"' | '\\' => c,
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\x07' => 'a',
            '\x08' => 'b',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\0'..='\x1f' | '\x7f' => {
                quoted.extend([format!("\\x{:02x}", u32::from(c))]);
                continue;
            }
            _ => {
                let escaped = c.is_control() || matches!(c, '\u{a0}' | '\u{feff}' | '\u{2028}' | '\u{2029}');
                if escaped {
                    quoted.extend([format!("\\u{:04x}", u32::from(c))]);
                } else {
                    quoted.push(c);
                }
                continue;
            }
        };
        quoted.extend(['\\', letter]);
    }
    quoted.push('"');
    quoted
}
