use std::str::FromStr;

use anyhow::{Context as _, Result};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};

use crate::host::{Command, Host};

/// What kind of key a certificate is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyKind {
    /// ECDSA on the curve P-256.
    #[default]
    P256,
    /// RSA with 2048 bits, for providers that sign nothing else.
    Rsa,
}

impl FromStr for KeyKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" | "p256" => Ok(Self::P256),
            "rsa" => Ok(Self::Rsa),
            other => Err(format!("{other:?} is none of p256, rsa")),
        }
    }
}

impl KeyKind {
    pub(super) fn of(key: &KeyPair) -> Self {
        if key.algorithm() == &PKCS_RSA_SHA256 { Self::Rsa } else { Self::P256 }
    }
}

/// A new key.
///
/// RSA keys are made by openssl, which every Ubuntu has for the sake of its own certificates: ring, which does all else
/// here, cannot make them. The key comes through a pipe and never lies in a file that is not ours.
pub(super) fn generate(host: &Host, kind: KeyKind) -> Result<KeyPair> {
    match kind {
        KeyKind::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a P-256 key"),
        KeyKind::Rsa => {
            let command = Command::new("openssl").args(["genpkey", "-algorithm", "RSA", "-quiet"]);
            let output = host.run_ok(&command.args(["-pkeyopt", "rsa_keygen_bits:2048"]));
            let output = output.context("cannot make an RSA key")?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            KeyPair::from_pem(&text).context("cannot read the RSA key that openssl has made")
        }
    }
}

/// A private key in PEM as people have them: PKCS #8, or the older forms of RSA and EC keys, which openssl turns into
/// PKCS #8 for us. Nothing that is said of a key that cannot be read shows any of it.
pub(in crate::cert) fn read(host: &Host, text: &str) -> Result<KeyPair, String> {
    if let Ok(key) = KeyPair::from_pem(text) {
        return Ok(key);
    }
    let tag = |block: pem::Pem| block.tag().to_owned();
    let tags: Vec<String> = pem::parse_many(text).unwrap_or_default().into_iter().map(tag).collect();
    if tags.iter().any(|tag| tag == "ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("the key is encrypted: give it without a passphrase".to_owned());
    }
    if !tags.iter().any(|tag| tag.ends_with("PRIVATE KEY")) {
        return Err("no private key in PEM".to_owned());
    }
    let command = Command::new("openssl").args(["pkey", "-passin", "pass:"]).stdin(text);
    let output = host.run(&command).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    KeyPair::from_pem(&text).map_err(|_| "the private key cannot be read: use an RSA or EC key".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        Host::new("/", "")
    }

    #[test]
    fn keys_of_both_kinds_are_made_and_read_again() {
        for kind in [KeyKind::P256, KeyKind::Rsa] {
            let key = generate(&host(), kind).unwrap();
            assert_eq!(KeyKind::of(&key), kind);
            let again = read(&host(), &key.serialize_pem()).unwrap();
            assert_eq!((KeyKind::of(&again), again.serialize_der()), (kind, key.serialize_der()));
            assert_ne!(generate(&host(), kind).unwrap().serialize_der(), key.serialize_der());
        }
    }

    #[test]
    fn older_forms_are_read_and_what_is_no_key_is_refused_without_showing_it() {
        for (arguments, kind) in [
            (&["genrsa", "-traditional", "2048"][..], KeyKind::Rsa),
            (&["ecparam", "-name", "prime256v1", "-genkey"], KeyKind::P256),
        ] {
            let output = host().run_ok(&Command::new("openssl").args(arguments.iter().copied())).unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(KeyPair::from_pem(&text).is_err(), "{text}");
            assert_eq!(KeyKind::of(&read(&host(), &text).unwrap()), kind);
        }
        let encrypted = Command::new("openssl").args(["genpkey", "-algorithm", "EC", "-aes256"]);
        let encrypted = encrypted.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-pass", "pass:sesame"]);
        let encrypted = String::from_utf8(host().run_ok(&encrypted).unwrap().stdout).unwrap();
        for (text, told) in [
            ("sesame", "no private key in PEM"),
            (encrypted.as_str(), "the key is encrypted: give it without a passphrase"),
            (
                "-----BEGIN PRIVATE KEY-----\nc2VzYW1l\n-----END PRIVATE KEY-----",
                "the private key cannot be read: use an RSA or EC key",
            ),
        ] {
            assert_eq!(read(&host(), text).unwrap_err(), told);
        }
    }
}
