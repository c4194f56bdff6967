mod authority;
mod check;
mod keep;

use time::OffsetDateTime;

use crate::wire::Fqdn;

pub(in crate::cert) use authority::Authority;

pub(in crate::cert) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

fn names(names: &[&str]) -> Vec<Fqdn> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}
