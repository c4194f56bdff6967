use serde_json::Value;

use super::keys;
use crate::juju::{Event, Metadata, RelationKind};
use crate::reactive::{Change, Flag, Flags, View};
use crate::wire::Bag;

/// The flags `available` and `update` of each endpoint that this program follows.
pub fn of_endpoints(metadata: &Metadata) -> impl Iterator<Item = [Flag; 2]> {
    let followed = metadata.endpoints().filter(|endpoint| keys(*endpoint).is_some());
    followed.map(|endpoint| [Flag::available(endpoint.name), Flag::update(endpoint.name)])
}

/// Raises and clears the flags of every endpoint of ours, from what has become of units in this hook.
///
/// `available` is set as long as the endpoint has a unit at the other side. `update` is raised when a watched key of
/// a unit is new, different or gone, and when a unit has gone; it stays until somebody clears it. Where an application
/// speaks for its units, also when one of them is new: there is somebody to be asked.
pub(super) fn follow(metadata: &Metadata, event: &Event, view: &View, changes: &[Change], flags: &mut Flags) {
    for endpoint in metadata.endpoints() {
        let Some(keys) = keys(endpoint) else { continue };
        let departed = matches!(event, Event::Relation(event)
            if event.kind == RelationKind::Departed && event.relation.endpoint() == endpoint.name);
        let of_endpoint = changes.iter().filter(|change| change.relation.endpoint() == endpoint.name);
        let updates = |change: &Change| {
            (keys.of_application && change.before.is_none())
                || change.now.as_ref().is_none_or(|now| differs(change.before.as_ref(), now, keys.watched))
        };
        flags.put(Flag::available(endpoint.name), view.is_available(endpoint.name));
        if departed || of_endpoint.into_iter().any(updates) {
            flags.set(Flag::update(endpoint.name));
        }
    }
}

fn differs(before: Option<&Bag>, now: &Bag, keys: &[&str]) -> bool {
    let before = |key: &str| before.and_then(|bag| bag.get(key)).map(String::as_str);
    keys.iter().any(|key| !same(before(key), now.get(*key).map(String::as_str)))
}

/// Whether two published texts are the same value: white space and the order of keys are no difference.
fn same(one: Option<&str>, other: Option<&str>) -> bool {
    if one == other {
        return true;
    }
    let (Some(one), Some(other)) = (one, other) else { return false };
    let value = |text| serde_json::from_str::<Value>(text).ok();
    value(one).zip(value(other)).is_some_and(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_not_texts() {
        assert!(same(Some(r#"{"a": 1, "b": 2}"#), Some(r#"{"b":2,"a":1}"#)));
        assert!(same(None, None));
        for (one, other) in
            [(None, Some("{}")), (Some("{}"), None), (Some("{bad"), Some("{bad ")), (Some("1"), Some("2"))]
        {
            assert!(!same(one, other), "{one:?} {other:?}");
        }
    }
}
