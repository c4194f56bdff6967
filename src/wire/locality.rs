use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is special about an address, where a request that names it as its upstream would reach further than its
/// sender could: the machine itself, its link, the cloud's metadata service.
///
/// An IPv4 address inside an IPv6 one counts as what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Locality {
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// `169.254.0.0/16`, `fe80::/10`, but for the metadata addresses in them.
    LinkLocal,
    /// An address under which a cloud tells machines their secrets.
    Metadata,
    /// `0.0.0.0/8`, `::`: Linux connects to itself.
    Unspecified,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
}

impl Locality {
    /// Classifies `address`; `None` is an ordinary address, private or public.
    pub fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

/// From the clouds' own documentation.
const METADATA_V4: [Ipv4Addr; 5] = [
    Ipv4Addr::new(169, 254, 169, 254), // nearly all
    Ipv4Addr::new(169, 254, 170, 2),   // AWS ECS: a task's credentials
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba
    Ipv4Addr::new(168, 63, 129, 16),   // Azure
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle
];

const METADATA_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),   // AWS
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),    // Google
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),     // Scaleway
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // OpenStack
];

fn of_v4(address: Ipv4Addr) -> Option<Locality> {
    if METADATA_V4.contains(&address) {
        Some(Locality::Metadata)
    } else if address.is_loopback() {
        Some(Locality::Loopback)
    } else if address.is_link_local() {
        Some(Locality::LinkLocal)
    } else if address.octets()[0] == 0 {
        Some(Locality::Unspecified)
    } else if address.is_multicast() {
        Some(Locality::Multicast)
    } else if address.is_broadcast() {
        Some(Locality::Broadcast)
    } else {
        None
    }
}

fn of_v6(address: Ipv6Addr) -> Option<Locality> {
    if METADATA_V6.contains(&address) {
        Some(Locality::Metadata)
    } else if address.is_loopback() {
        Some(Locality::Loopback)
    } else if address.is_unicast_link_local() {
        Some(Locality::LinkLocal)
    } else if address.is_unspecified() {
        Some(Locality::Unspecified)
    } else if address.is_multicast() {
        Some(Locality::Multicast)
    } else {
        embedded(address).and_then(of_v4)
    }
}

/// The IPv4 address that a kernel or a translator would reach for this one: mapped (RFC 4291), compatible (the
/// same, deprecated), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215 with a /96), 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Locality;

    #[test]
    fn table() {
        for (address, locality) in [
            ("10.0.0.4", None),
            ("192.168.1.1", None),
            ("172.16.0.1", None),
            ("100.64.0.1", None),
            ("8.8.8.8", None),
            ("126.255.255.255", None),
            ("128.0.0.0", None),
            ("169.253.255.255", None),
            ("169.255.0.0", None),
            ("223.255.255.255", None),
            ("240.0.0.1", None),
            ("127.0.0.1", Some(Locality::Loopback)),
            ("127.255.255.255", Some(Locality::Loopback)),
            ("169.254.0.0", Some(Locality::LinkLocal)),
            ("169.254.255.255", Some(Locality::LinkLocal)),
            ("169.254.169.254", Some(Locality::Metadata)),
            ("169.254.170.2", Some(Locality::Metadata)),
            ("100.100.100.200", Some(Locality::Metadata)),
            ("168.63.129.16", Some(Locality::Metadata)),
            ("192.0.0.192", Some(Locality::Metadata)),
            ("0.0.0.0", Some(Locality::Unspecified)),
            ("0.0.0.1", Some(Locality::Unspecified)),
            ("224.0.0.1", Some(Locality::Multicast)),
            ("239.255.255.255", Some(Locality::Multicast)),
            ("255.255.255.255", Some(Locality::Broadcast)),
            ("fd00::4", None),
            ("2001:db8::1", None),
            ("2001:4860:4860::8888", None),
            ("::1", Some(Locality::Loopback)),
            ("::", Some(Locality::Unspecified)),
            ("fe80::1", Some(Locality::LinkLocal)),
            ("febf::1", Some(Locality::LinkLocal)),
            ("fec0::1", None),
            ("ff02::1", Some(Locality::Multicast)),
            ("fd00:ec2::254", Some(Locality::Metadata)),
            ("fd20:ce::254", Some(Locality::Metadata)),
            ("fd00:42::42", Some(Locality::Metadata)),
            ("fe80::a9fe:a9fe", Some(Locality::Metadata)),
            ("::ffff:10.0.0.4", None),
            ("::ffff:127.0.0.1", Some(Locality::Loopback)),
            ("::ffff:7f00:1", Some(Locality::Loopback)),
            ("::ffff:169.254.169.254", Some(Locality::Metadata)),
            ("::ffff:0.0.0.0", Some(Locality::Unspecified)),
            ("::ffff:255.255.255.255", Some(Locality::Broadcast)),
            ("::127.0.0.1", Some(Locality::Loopback)),
            ("::ffff:0:127.0.0.1", Some(Locality::Loopback)),
            ("64:ff9b::127.0.0.1", Some(Locality::Loopback)),
            ("64:ff9b::169.254.169.254", Some(Locality::Metadata)),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b:1::169.254.1.1", Some(Locality::LinkLocal)),
            ("2002:7f00:1::1", Some(Locality::Loopback)),
            ("2002:a9fe:a9fe::", Some(Locality::Metadata)),
            ("2002:808:808::1", None),
        ] {
            assert_eq!(Locality::of(address.parse().unwrap()), locality, "{address}");
        }
    }
}
