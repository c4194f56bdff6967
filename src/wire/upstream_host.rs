use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::{HostName, Reason};

/// Where an upstream listens: an address, or a name that somebody has to resolve.
///
/// Read from `10.0.0.4`, `fd00::4`, `[fd00::4]` and `backend`; an IPv6 scope (`fe80::1%eth0`) is refused. Written
/// with brackets around IPv6, which old readers need as they put `:port` behind it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpstreamHost {
    /// An address; what may be reached by it is the proxy's policy ([`Locality`](super::Locality)).
    Address(IpAddr),
    /// A name.
    Name(HostName),
}

impl FromStr for UpstreamHost {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        if let Some(inner) = text.strip_prefix('[') {
            return match inner.strip_suffix(']').map(str::parse::<Ipv6Addr>) {
                Some(Ok(address)) => Ok(Self::Address(address.into())),
                _ => Err(Reason::quoting("only an IPv6 address without a scope stands in brackets", text)),
            };
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if text.contains(':') {
            return Err(Reason::quoting(
                "a colon stands only in an IPv6 address without scope and port",
                text,
            ));
        }
        text.parse().map(Self::Name)
    }
}

impl fmt::Display for UpstreamHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UpstreamHost;
    use crate::wire::hostile::{ATTACKS, is_special};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;
    use std::net::IpAddr;

    #[test]
    fn accepted() {
        for (text, written) in [
            ("10.0.0.4", "10.0.0.4"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("FD00::00A4", "[fd00::a4]"),
            ("::ffff:10.0.0.4", "[::ffff:10.0.0.4]"),
        ] {
            let host = text.parse::<UpstreamHost>().unwrap();
            assert!(matches!(host, UpstreamHost::Address(_)), "{text}");
            assert_eq!(host.to_string(), written);
        }
        for text in ["backend", "web-0.lxd", "localhost", "deadbeef"] {
            let host = text.parse::<UpstreamHost>().unwrap();
            assert!(matches!(host, UpstreamHost::Name(_)), "{text}");
            assert_eq!(host.to_string(), text);
        }
    }

    #[test]
    fn refused() {
        const BRACKETS: &str = "only an IPv6 address without a scope stands in brackets";
        const COLON: &str = "a colon stands only in an IPv6 address without scope and port";
        const NUMBER: &str = "the last label of the name is a number";
        for (text, rule) in [
            ("[10.0.0.4]", BRACKETS),
            ("[backend]", BRACKETS),
            ("[::1", BRACKETS),
            ("[::1]:80", BRACKETS),
            ("[[::1]]", BRACKETS),
            ("[fe80::1%eth0]", BRACKETS),
            ("fe80::1%eth0", COLON),
            ("fe80::1%25eth0", COLON),
            ("10.0.0.4:80", COLON),
            ("unix:/run/x.sock", COLON),
            (":::1", COLON),
            ("127.1", NUMBER),
            ("010.0.0.4", NUMBER),
            ("10.0.0.04", NUMBER),
            ("0177.0.0.1", NUMBER),
            ("0x7f000001", NUMBER),
            ("0x7f.1", NUMBER),
            ("2130706433", NUMBER),
            ("256.0.0.1", NUMBER),
            ("1.2.3.4.5", NUMBER),
        ] {
            assert_eq!(text.parse::<UpstreamHost>().unwrap_err().to_string(), format!("{rule}: {text}"));
        }
        for text in [" 10.0.0.4", "10.0.0.4\n", "10.0.0.4 ", "10.0.0.4/8", "::1]", "unix", "\u{661}0.0.0.1"] {
            assert!(text.parse::<UpstreamHost>().is_err(), "{text:?}");
        }
        for text in ATTACKS {
            assert!(text.parse::<UpstreamHost>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_harmless(text in prop_oneof![
            any::<String>(),
            "[a-z0-9.:\\[\\]{};\"'$\\\\ #%x-]{1,10}",
            "[0-9a-fx]{1,4}(\\.[0-9a-fx]{1,4}){0,4}",
            "\\[?[0-9a-f:]{1,20}\\]?",
        ].boxed()) {
            if let Ok(host) = text.parse::<UpstreamHost>() {
                for shown in [&text, &host.to_string()] {
                    prop_assert!(shown.chars().all(|c| c.is_ascii_alphanumeric() || ".:-[]".contains(c)));
                    prop_assert!(!shown.contains(is_special));
                }
                prop_assert_eq!(host.to_string().parse::<UpstreamHost>(), Ok(host));
            }
        }

        #[test]
        fn every_address_is_accepted(address in any::<IpAddr>()) {
            prop_assert_eq!(address.to_string().parse::<UpstreamHost>(), Ok(UpstreamHost::Address(address)));
        }
    }
}
