/// How credentials that are in a secret go to a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As a secret.
    Secret,
    /// As text.
    Text,
    /// Not at all, and so does the request.
    None,
}

/// What one unit of a proxy has said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// That it takes credentials as a secret.
    pub(super) takes_secrets: bool,
    /// Anything at all.
    pub(super) has_spoken: bool,
}

/// As a secret, if every unit of the proxy takes that; one that does not would open the site to everyone.
///
/// A unit that joins later and has not yet spoken does not end what is served: it is of the same application, and so of
/// the same charm as those that take secrets.
pub(super) fn way(units: &[Unit], before: bool, as_text: bool) -> Way {
    let takes = |unit: &Unit| unit.takes_secrets || (before && !unit.has_spoken);
    match units {
        [] if before => Way::Secret,
        [] => Way::None,
        units if units.iter().all(takes) => Way::Secret,
        _ if as_text => Way::Text,
        _ => Way::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_where_every_unit_takes_it() {
        const TAKES: Unit = Unit { takes_secrets: true, has_spoken: true };
        const OLD: Unit = Unit { takes_secrets: false, has_spoken: true };
        const SILENT: Unit = Unit { takes_secrets: false, has_spoken: false };
        for (units, before, way_of_secrets, way_of_text) in [
            (&[][..], false, Way::None, Way::None),
            (&[], true, Way::Secret, Way::Secret),
            (&[TAKES], false, Way::Secret, Way::Secret),
            (&[TAKES, TAKES], false, Way::Secret, Way::Secret),
            (&[TAKES, SILENT], false, Way::None, Way::Text),
            (&[TAKES, SILENT], true, Way::Secret, Way::Secret),
            (&[TAKES, OLD], true, Way::None, Way::Text),
            (&[SILENT], false, Way::None, Way::Text),
            (&[OLD], false, Way::None, Way::Text),
        ] {
            let ways = (way(units, before, false), way(units, before, true));
            assert_eq!(ways, (way_of_secrets, way_of_text), "{units:?} {before}");
        }
    }
}
