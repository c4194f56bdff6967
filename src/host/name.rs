use sha2::{Digest, Sha256};

/// A name as a part of a file's name, at most 200 bytes: names can be longer than file systems allow.
pub fn file_stem(name: &str) -> String {
    const LONGEST: usize = 200;
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let digest = hex(&Sha256::digest(name))[..32].to_owned();
    format!("{}_{digest}", &name[..LONGEST - 33])
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_fits_into_a_file_name_and_stays_its_own() {
        let long = |last: &str| format!("{}.{last}", ["a".repeat(60).as_str(); 4].join("."));
        let (one, other) = (file_stem(&long("one")), file_stem(&long("two")));
        assert_eq!(one.len(), 200);
        assert_ne!(one, other);
        assert_eq!(file_stem("a.b"), "a.b");
    }
}
