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
        let text = text.to_ascii_lowercase();
        let (range, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
        if range == "icmp" {
            return Ok(Self { protocol: Protocol::Icmp, from: -1, to: -1 });
        }
        let ports: Vec<&str> = range.split('-').collect();
        let (from, to) = match ports.as_slice() {
            [one] => (number(one)?, number(one)?),
            [from, to] => (number(from)?, number(to)?),
            _ => return Err(format!(r#"invalid port range "{range}""#)),
        };
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" => return Err(format!(r#"protocol "icmp" doesn't support any ports; got "{from}""#)),
            _ => return Err(format!(r#"invalid protocol "{protocol}", expected "tcp", "udp", or "icmp""#)),
        };
        let range = Self { protocol, from, to };
        if from > to {
            return Err(format!("invalid port range {range}"));
        }
        if from < 0 || to > 65_535 {
            return Err(format!("port range bounds must be between 0 and 65535, got {from}-{to}"));
        }
        Ok(range)
    }

    /// Whether both cover some port.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.protocol == other.protocol && self.from <= other.to && other.from <= self.to
    }
}

fn number(port: &str) -> Result<i64, String> {
    port.parse().map_err(|error: std::num::ParseIntError| {
        let overflows =
            matches!(error.kind(), std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow);
        let what = if overflows { "value out of range" } else { "invalid syntax" };
        format!(r#"invalid port "{port}": strconv.Atoi: parsing "{port}": {what}"#)
    })
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
