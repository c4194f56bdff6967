use serde::{Deserialize, Serialize};

use super::answers::Told;

/// What there is to count of answers, and of some of it an example: the first of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tally {
    /// How many names are served.
    pub(super) served: usize,
    /// The name that is served, if it is the only one.
    pub(super) first: Option<String>,
    /// How many names wait for something else than a certificate.
    pub(super) pending: usize,
    /// How many requests are refused.
    pub(super) refused: usize,
    /// How many names wait for a certificate, and the first of them with its reason.
    pub(super) waiting: usize,
    /// See `waiting`.
    pub(super) waits: Option<String>,
    /// How many names have a certificate that should have been renewed long ago.
    late: usize,
    /// The first of them, with the reason.
    pub(super) ending: Option<String>,
}

impl Tally {
    /// Of one answer.
    pub(super) fn of(Told { answer, waiting, ending }: &Told) -> Self {
        let with_reason = |(name, reason)| format!("{name}: {reason}");
        let only = answer.served.keys().next().filter(|_| answer.served.len() == 1);
        Self {
            served: answer.served.len(),
            first: only.map(ToString::to_string),
            pending: answer.pending.keys().filter(|name| !waiting.contains_key(*name)).count(),
            refused: answer.refused.len(),
            waiting: waiting.len(),
            waits: waiting.iter().next().map(with_reason),
            late: ending.len(),
            ending: ending.iter().next().map(with_reason),
        }
    }

    /// Of all together.
    pub(super) fn sum<'t>(tallies: impl Iterator<Item = &'t Self>) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            served: sum.served + one.served,
            first: sum.first.or(one.first.clone()).filter(|_| sum.served + one.served == 1),
            pending: sum.pending + one.pending,
            refused: sum.refused + one.refused,
            waiting: sum.waiting + one.waiting,
            waits: first(sum.waits, one.waits.clone()),
            late: sum.late + one.late,
            ending: first(sum.ending, one.ending.clone()),
        })
    }

    /// The sum, if one part of it becomes another; nothing where that does not follow from these.
    pub(super) fn replaced(&self, before: &Self, now: &Self) -> Option<Self> {
        let count = |of: fn(&Self) -> usize| Some(of(self).checked_sub(of(before))? + of(now));
        let example = |count: fn(&Self) -> usize, of: fn(&Self) -> &Option<String>| {
            let of_others = match of(self) {
                _ if count(self) == count(before) => None,
                // It was this part's: which is the first of the others?
                all if all == of(before) => return (of(before) == of(now)).then(|| all.clone()),
                all => all.clone(),
            };
            Some(first(of_others, of(now).clone()))
        };
        let served = count(|tally| tally.served)?;
        let first = match served {
            1 if now.served == 1 => now.first.clone(),
            1 => return None,
            _ => None,
        };
        Some(Self {
            served,
            first,
            pending: count(|tally| tally.pending)?,
            refused: count(|tally| tally.refused)?,
            waiting: count(|tally| tally.waiting)?,
            waits: example(|tally| tally.waiting, |tally| &tally.waits)?,
            late: count(|tally| tally.late)?,
            ending: example(|tally| tally.late, |tally| &tally.ending)?,
        })
    }
}

/// The first of two examples.
fn first(one: Option<String>, other: Option<String>) -> Option<String> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally() -> impl Strategy<Value = Tally> {
        let example = || prop::option::of("[a-c]").prop_map(|text| (usize::from(text.is_some()), text));
        (0..3_usize, "[a-c]", 0..3_usize, 0..3_usize, example(), example()).prop_map(
            |(served, name, pending, refused, (waiting, waits), (late, ending))| Tally {
                served,
                first: (served == 1).then_some(name),
                pending,
                refused,
                waiting,
                waits,
                late,
                ending,
            },
        )
    }

    proptest! {
        /// One by one they become the same sum as all at once.
        #[test]
        fn what_follows_from_a_change_is_what_counting_all_gives(
            mut all in prop::collection::vec(tally(), 1..4),
            changes in prop::collection::vec((any::<prop::sample::Index>(), tally()), 1..12),
        ) {
            let mut sum = Tally::sum(all.iter());
            for (index, now) in changes {
                let index = index.index(all.len());
                let before = std::mem::replace(&mut all[index], now.clone());
                let counted = Tally::sum(all.iter());
                if let Some(sum) = sum.replaced(&before, &now) {
                    prop_assert_eq!(&sum, &counted);
                }
                sum = counted;
            }
        }
    }
}
