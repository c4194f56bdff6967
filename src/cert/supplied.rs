//! Certificates that the operator supplies, with their keys.

use rcgen::PublicKeyData;
use time::OffsetDateTime;

use super::signing::{chain_of, read_key};
use super::{Pair, rfc_3339};
use crate::host::Host;
use crate::wire::tls_certificates::Certificate;

/// The text of a file with certificate, chain and key, from texts as people have them; or what is wrong with them.
///
/// The certificate comes first, then those that lead from it to the authority's, with or without that one. Of the key
/// nothing is ever said.
pub fn supplied(host: &Host, chain: &str, key: &str, now: OffsetDateTime) -> Result<String, String> {
    let mut certificates: Vec<Certificate> = Vec::new();
    for block in pem::parse_many(chain).map_err(|_| "the certificate is not in PEM".to_owned())? {
        if block.tag() != "CERTIFICATE" {
            return Err(format!("beside certificates there is a {}", block.tag()));
        }
        let read = Certificate::from_der(block.into_contents());
        if !certificates.contains(&read) {
            certificates.push(read);
        }
    }
    let key = read_key(host, key)?;
    let text: String = certificates.iter().map(Certificate::to_pem).collect();
    let text = text + &key.serialize_pem();
    let (first, others) = certificates.split_first().ok_or("there is no certificate")?;
    let pair = Pair::read(text.as_bytes()).ok_or("the key is not that of the first certificate")?;
    if pair.names.is_empty() {
        return Err("the certificate names no DNS name".to_owned());
    }
    if !pair.is_valid(now) {
        return Err(format!("the certificate has ended {}", rfc_3339(pair.ends)));
    }
    if let Some((last, between)) = others.split_last() {
        let path = chain_of(first, between, last, &key.subject_public_key_info(), now);
        if path.map_err(|why| format!("the certificate cannot be used: {why}"))?.len()
            != certificates.len() - 1
        {
            return Err("the chain has certificates that do not belong to it".to_owned());
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::signing::tests::{Authority, now};
    use rcgen::KeyPair;
    use time::Duration;

    #[test]
    fn what_people_have_becomes_a_file_or_is_refused_with_the_reason() {
        let root = Authority::root("root");
        let (between, key) = (root.below("between"), KeyPair::generate().unwrap());
        let leaf = between.issue(&key, &["a.example"]);
        let [leaf, between_pem, root_pem] =
            [&leaf, &between.certificate, &root.certificate].map(Certificate::to_pem);
        let other = Authority::root("other").certificate.to_pem();
        let key = key.serialize_pem();
        let read = |chain: &str, key: &str, now| supplied(&Host::new("/", ""), chain, key, now);
        for chain in [
            leaf.clone(),
            format!("{leaf}{between_pem}"),
            format!("my certificate\n{leaf}\n{leaf}\n{between_pem}{root_pem}"),
        ] {
            let text = read(&chain, &key, now()).unwrap();
            assert!(text.starts_with(&leaf) && text.ends_with(&key), "{text}");
            assert!(Pair::read(text.as_bytes()).is_some());
        }
        let foreign = KeyPair::generate().unwrap().serialize_pem();
        let ended = now() + Duration::days(90);
        let gap = "the certificate cannot be used: it does not lead to the authority's certificate: the chain has a gap";
        for (chain, key, time, why) in [
            ("", key.as_str(), now(), "there is no certificate"),
            (&key, &key, now(), "beside certificates there is a PRIVATE KEY"),
            (&leaf, "", now(), "no private key in PEM"),
            (&leaf, &foreign, now(), "the key is not that of the first certificate"),
            (&format!("{between_pem}{leaf}"), &key, now(), "the key is not that of the first certificate"),
            (&leaf, &key, ended, "the certificate has ended 2027-04-15T07:00:00Z"),
            (&format!("{leaf}{root_pem}"), &key, now(), gap),
            (
                &format!("{leaf}{other}{between_pem}"),
                &key,
                now(),
                "the chain has certificates that do not belong to it",
            ),
        ] {
            assert_eq!(read(chain, key, time).unwrap_err(), why);
        }
    }
}
