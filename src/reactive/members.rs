use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The numbers of the units at the other side of a relation: a bit each, so that those of many units can be written anew
/// with each that comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Members(BTreeMap<u32, u64>);

impl Members {
    pub(super) fn insert(&mut self, number: u32) {
        *self.0.entry(number / u64::BITS).or_default() |= bit(number);
    }

    pub(super) fn remove(&mut self, number: u32) {
        if let Some(bits) = self.0.get_mut(&(number / u64::BITS)) {
            *bits &= !bit(number);
        }
        self.0.retain(|_, bits| *bits != 0);
    }

    /// In order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        let of = |(block, bits): (&u32, &u64)| {
            let (first, bits) = (block.saturating_mul(u64::BITS), *bits);
            (0..u64::BITS).filter(move |number| bits & bit(*number) != 0).map(move |number| first + number)
        };
        self.0.iter().flat_map(of)
    }
}

fn bit(number: u32) -> u64 {
    1 << (number % u64::BITS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_of_numbers(steps in prop::collection::vec((any::<bool>(), prop_oneof![0..200_u32, any::<u32>()]), 0..50)) {
            let (mut members, mut model) = (Members::default(), BTreeSet::new());
            for (comes, number) in steps {
                if comes {
                    members.insert(number);
                    model.insert(number);
                } else {
                    members.remove(number);
                    model.remove(&number);
                }
                prop_assert_eq!(members.numbers().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            }
            let text = serde_json::to_string(&members).unwrap();
            prop_assert_eq!(serde_json::from_str::<Members>(&text).unwrap(), members);
        }
    }
}
