use rcgen::{KeyPair, PublicKeyData};
use time::Duration;

use super::authority::Authority;
use super::{names, now};
use crate::cert::signing::check;
use crate::wire::tls_certificates::{Certificate, Issued};

struct Case {
    root: Authority,
    between: Authority,
    key: KeyPair,
}

impl Case {
    fn new() -> Self {
        let root = Authority::root("root");
        Self { between: root.below("between"), root, key: KeyPair::generate().unwrap() }
    }

    fn issue(&self) -> Certificate {
        self.between.issue(&self.key, &["a.example", "*.b.example"])
    }

    fn check(
        &self,
        certificate: &Certificate,
        chain: &[&Certificate],
        ca: &Certificate,
    ) -> Result<usize, String> {
        let issued = Issued {
            certificate: certificate.clone(),
            ca: ca.clone(),
            chain: chain.iter().map(|&link| link.clone()).collect(),
        };
        let public_key = self.key.subject_public_key_info();
        let shown = check::issued(&issued, &public_key, &names(&["a.example", "x.b.example"]), now())?;
        assert_eq!(&shown[0], certificate);
        assert!(!shown.contains(&self.root.certificate), "visitors have the root already");
        assert!(shown.len() < 2 || shown[1] == self.between.certificate);
        Ok(shown.len())
    }
}

#[test]
fn a_good_chain_is_taken_in_whatever_order_it_comes() {
    let case = Case::new();
    let (leaf, between, root) = (case.issue(), &case.between.certificate, &case.root.certificate);
    for chain in [&[&leaf, between, root][..], &[between, root], &[root, between, &leaf], &[between]] {
        assert_eq!(case.check(&leaf, chain, root), Ok(2));
    }
    assert_eq!(case.check(&leaf, &[&leaf, between, root], between), Ok(2), "an authority below another");
    assert_eq!(case.check(&leaf, &[], between), Ok(2));
    let direct = case.root.issue(&case.key, &["a.example", "x.b.example"]);
    assert_eq!(case.check(&direct, &[], root), Ok(1));
    assert_eq!(case.check(&direct, &[&direct, root], root), Ok(1));
}

#[test]
fn a_certificate_that_clients_would_refuse_is_refused() {
    let case = Case::new();
    let (leaf, between, root) = (case.issue(), &case.between.certificate, &case.root.certificate);
    let refused = |certificate: &Certificate, chain: &[&Certificate], ca: &Certificate| {
        case.check(certificate, chain, ca).unwrap_err()
    };
    let gap = "it does not lead to the authority's certificate: the chain has a gap";
    assert_eq!(refused(&leaf, &[&leaf, root], root), gap);
    assert_eq!(refused(&leaf, &[&leaf, between], &Authority::root("other").certificate), gap);
    let namesake = Authority::root("root").certificate;
    let unsigned = "it is not signed by the next one in the chain";
    assert_eq!(refused(&leaf, &[&leaf, between], &namesake), unsigned);

    let foreign = case.between.issue(&KeyPair::generate().unwrap(), &["a.example", "x.b.example"]);
    assert_eq!(refused(&foreign, &[between], root), "it is for another key");
    let other = case.between.issue(&case.key, &["a.example"]);
    assert_eq!(refused(&other, &[between], root), "it is not for x.b.example");
    for (begins, told) in [
        (now() - Duration::days(91), "it has ended, or one of its chain has"),
        (now() + Duration::days(1), "it has not begun yet, or one of its chain hasn't"),
    ] {
        let certificate = case.between.issue_from(&case.key, &["a.example", "x.b.example"], begins);
        assert_eq!(refused(&certificate, &[between], root), told);
    }
    let authority = case.root.issue_authority(&case.key);
    assert_eq!(refused(&authority, &[], root), "it is an authority's and no server's");
}
