use std::fmt;

/// A range of ports of one protocol. The order is that of `opened-ports`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PortRange {
    protocol: Protocol,
    from: i64,
    to: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Protocol {
    Icmp,
    Tcp,
    Udp,
}

impl PortRange {
    /// Read `80`, `80/udp`, `8000-8010/tcp` or `icmp`. The error is what the hook tool says.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("icmp") {
            return Ok(Self { protocol: Protocol::Icmp, from: -1, to: -1 });
        }
        let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = match protocol.to_ascii_lowercase().as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(format!(r#"invalid protocol "{protocol}", expected "tcp", "udp", or "icmp""#)),
        };
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let number = |port: &str| {
            port.parse().map_err(|_| {
                format!(r#"invalid port "{port}": strconv.Atoi: parsing "{port}": invalid syntax"#)
            })
        };
        let (from, to): (i64, i64) = (number(from)?, number(to)?);
        if from > to {
            return Err(format!("invalid port range {text}"));
        }
        if from < 0 || to > 65_535 {
            return Err(format!("port range bounds must be between 0 and 65535, got {from}-{to}"));
        }
        Ok(Self { protocol, from, to })
    }

    /// Whether both cover some port, without being the same.
    pub(crate) fn conflicts(&self, other: &Self) -> bool {
        self != other && self.protocol == other.protocol && self.from <= other.to && other.from <= self.to
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Icmp => return f.write_str("icmp"),
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        if self.from == self.to {
            write!(f, "{}/{protocol}", self.from)
        } else {
            write!(f, "{}-{}/{protocol}", self.from, self.to)
        }
    }
}
