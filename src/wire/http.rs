use super::{Bag, Port, Reason, Refusal, Upstream, UpstreamHost};

/// Where one unit of a web application listens: the interface `http`.
///
/// From the plain strings `hostname` and `port` in its unit bag. Where the hostname is missing, the addresses that
/// Juju puts there stand in. Other keys are ignored, `all_services` among them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Website {
    /// The machine.
    pub hostname: UpstreamHost,
    /// The port it listens on.
    pub port: Port,
}

impl Website {
    /// Reads a unit's bag; `None` is a unit that has not published yet where it listens. An empty string counts as
    /// missing; a hostname that is there but not valid is refused, nothing stands in for it.
    pub fn parse(bag: &Bag) -> Result<Option<Self>, Refusal> {
        let hostname = ["hostname", "ingress-address", "private-address"]
            .into_iter()
            .find_map(|key| Some((key, present(bag, key)?)));
        let (Some((key, hostname)), Some(port)) = (hostname, present(bag, "port")) else { return Ok(None) };
        Ok(Some(Self {
            hostname: hostname.parse().map_err(|reason: Reason| reason.at(key))?,
            port: port.parse().map_err(|reason: Reason| reason.at("port"))?,
        }))
    }
}

impl From<Website> for Upstream {
    fn from(website: Website) -> Self {
        Self { host: website.hostname, port: website.port }
    }
}

fn present<'a>(bag: &'a Bag, key: &str) -> Option<&'a str> {
    bag.get(key).map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<String>, String> {
        let bag = pairs.iter().map(|&(key, text)| (key.to_owned(), text.to_owned())).collect();
        match Website::parse(&bag) {
            Ok(website) => Ok(website.map(|website| Upstream::from(website).to_string())),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    #[test]
    fn table() {
        let (host, port) = (("hostname", "web.lxd"), ("port", "80"));
        let (ingress, private) = (("ingress-address", "10.0.0.1"), ("private-address", "10.0.0.2"));
        let empty = ("hostname", "");
        for (bag, expected) in [
            (&[][..], Ok(None)),
            (&[host], Ok(None)),
            (&[host, ingress, private], Ok(None)),
            (&[host, ("port", "")], Ok(None)),
            (&[port], Ok(None)),
            (&[("hostname", "bad;"), ingress], Ok(None)),
            (&[host, port, ingress, private], Ok(Some("web.lxd:80"))),
            (&[port, ingress, private], Ok(Some("10.0.0.1:80"))),
            (&[port, empty, ingress, private], Ok(Some("10.0.0.1:80"))),
            (&[port, private], Ok(Some("10.0.0.2:80"))),
            (&[port, ("ingress-address", ""), private], Ok(Some("10.0.0.2:80"))),
            (&[port, ("hostname", "fd00::1"), ("all_services", "[{")], Ok(Some("[fd00::1]:80"))),
            (&[host, ("port", "http")], Err("port: not a port: http")),
            (
                &[port, ("hostname", "a b"), ingress],
                Err("hostname: a name has only lower-case ASCII letters, digits, hyphens and dots: a b"),
            ),
            (
                &[port, ("ingress-address", "10.0.0.300")],
                Err("ingress-address: the last label of the name is a number: 10.0.0.300"),
            ),
        ] {
            let expected = expected.map(|shown| shown.map(str::to_owned)).map_err(str::to_owned);
            assert_eq!(read(bag), expected, "{bag:?}");
        }
    }
}
