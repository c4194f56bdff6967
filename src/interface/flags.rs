use serde_json::Value;

use super::keys;
use crate::juju::tool::relation::Bag;
use crate::juju::{Event, Metadata, RelationKind};
use crate::reactive::{Flag, Flags, View};

/// Raises and clears the flags of every endpoint of ours, from what was known before and what is known now.
///
/// `available` is set as long as the endpoint has a unit at the other side. `update` is raised when a watched key of
/// a unit is new, different or gone, and when a unit has gone; it stays until somebody clears it.
pub(super) fn compare(metadata: &Metadata, event: &Event, before: &View, now: &View, flags: &mut Flags) {
    for endpoint in metadata.endpoints() {
        let Some(keys) = keys(endpoint) else { continue };
        let departed = matches!(event, Event::Relation(event)
            if event.kind == RelationKind::Departed && event.relation.endpoint() == endpoint.name);
        let left = before.units(endpoint.name).any(|(id, unit, _)| now.bag(id, unit).is_none());
        let published = || {
            now.units(endpoint.name).any(|(id, unit, bag)| differs(before.bag(id, unit), bag, keys.watched))
        };
        flags.put(Flag::available(endpoint.name), now.units(endpoint.name).next().is_some());
        if departed || left || published() {
            flags.set(Flag::update(endpoint.name));
        }
    }
    if now.config.is_some()
        && now.config != before.config
        && let Ok(flag) = "config.changed".parse()
    {
        flags.set(flag);
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
