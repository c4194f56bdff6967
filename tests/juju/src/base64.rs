//! Base 64 with the standard alphabet and padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text that stands for these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number =
            (0..3).fold(0, |number, place| number << 8 | usize::from(*chunk.get(place).unwrap_or(&0)));
        for place in 0..4 {
            let digit = char::from(ALPHABET[number >> (18 - 6 * place) & 63]);
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

/// The bytes that a text stands for, none if it isn't such a text. Line breaks don't count.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits.iter().rev().take_while(|digit| **digit == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    for group in digits.chunks(4) {
        let last = group.len() - if std::ptr::eq(&raw const group[3], digits.last()?) { padding } else { 0 };
        let mut number = 0;
        for (place, digit) in group.iter().enumerate() {
            let value = if place < last { ALPHABET.iter().position(|other| other == digit)? } else { 0 };
            number = number << 6 | value;
        }
        bytes.extend(
            (0..last.saturating_sub(1))
                .map(|place| u8::try_from(number >> (16 - 8 * place) & 255).unwrap_or(0)),
        );
    }
    Some(bytes)
}
