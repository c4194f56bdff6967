//! The steps of a walk, and the dice that choose them.

use test_juju::Part;

use super::CLIENTS;

/// What happens. What cannot happen, because nothing of that kind is there, is passed over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    Relate(usize),
    EndRelation(usize),
    ForceEndRelation(usize),
    /// A relation is suspended, or resumed if it is.
    Suspend(usize),
    AddUnit(usize),
    RemoveUnit(usize, usize),
    ForceRemoveUnit(usize, usize),
    /// A unit asks for those names whose bit is set.
    Ask(usize, usize, u8),
    Upgrade,
    Reboot,
    Exec,
}

/// What goes wrong in the hooks that follow.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    Kill(usize),
    Refuse(usize),
    RefuseAndSkip(usize),
    Garbage(usize),
    /// The unit's agent dies at this call, and comes back.
    AgentDies(usize),
    /// The commit fails at this part. Where a commit is one transaction, that is all of it.
    FailCommit(Part),
    FailCommitAndSkip(Part),
    CommitTwice,
    LoseState,
    LoseLock,
    KeepCopy,
    RestoreCopy,
    CutFlagFile(u8),
    ForgetToken,
    /// nginx is killed, where there is one.
    KillNginx,
}

impl Trouble {
    /// Whether it comes with a hook, and is over when Juju has run that again.
    pub(crate) fn is_of_a_hook(self) -> bool {
        matches!(
            self,
            Self::Kill(_)
                | Self::Refuse(_)
                | Self::Garbage(_)
                | Self::AgentDies(_)
                | Self::FailCommit(_)
                | Self::CommitTwice
        )
    }
}

/// What comes after an event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    /// All hooks run.
    Hooks,
    /// They run, and this goes wrong meanwhile.
    Trouble(Trouble),
    /// The next event, before the proxy has run a hook.
    Another,
}

pub(crate) type Step = (Event, Then);

/// Numbers that follow from a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn byte(&mut self, limit: usize) -> u8 {
        u8::try_from(self.below(limit)).unwrap()
    }

    fn part(&mut self) -> Part {
        [Part::Secrets, Part::Ports, Part::State][self.below(3)]
    }

    fn event(&mut self) -> Event {
        let client = self.below(CLIENTS.len());
        match self.below(22) {
            0..3 => Event::Relate(client),
            3 => Event::EndRelation(client),
            4 => Event::ForceEndRelation(client),
            5 | 6 | 20 => Event::Suspend(client),
            21 => Event::AddUnit(client),
            7 => Event::RemoveUnit(client, self.below(2)),
            8 => Event::ForceRemoveUnit(client, self.below(2)),
            9..17 => Event::Ask(client, self.below(2), self.byte(8)),
            17 => Event::Upgrade,
            18 => Event::Reboot,
            _ => Event::Exec,
        }
    }

    fn trouble(&mut self) -> Trouble {
        let call = 1 + self.below(6);
        match self.below(16) {
            0 | 1 => Trouble::Kill(call),
            2 => Trouble::Refuse(call),
            3 => Trouble::RefuseAndSkip(call),
            4 => Trouble::Garbage(call),
            5 => Trouble::FailCommit(self.part()),
            6 => Trouble::FailCommitAndSkip(self.part()),
            7 => Trouble::CommitTwice,
            8 => Trouble::LoseState,
            9 => Trouble::LoseLock,
            10 => Trouble::KeepCopy,
            11 => Trouble::RestoreCopy,
            12 => Trouble::CutFlagFile(self.byte(100)),
            13 => Trouble::ForgetToken,
            14 => Trouble::AgentDies(call),
            _ => Trouble::KillNginx,
        }
    }

    /// One client that asks, or more, and few events or some more: each second has trouble, some come at once.
    pub(crate) fn steps(&mut self) -> Vec<Step> {
        let first = self.below(CLIENTS.len());
        let last = first + self.below(CLIENTS.len());
        let clients = (first..=last).map(|client| client % CLIENTS.len());
        let mut steps = Vec::new();
        for client in clients {
            let then = if self.below(4) == 0 { Then::Another } else { Then::Hooks };
            steps.extend([(Event::Relate(client), then), (Event::Ask(client, 0, 1 + self.byte(7)), then)]);
        }
        let most = if self.below(8) == 0 { 12 } else { 5 };
        for _ in 0..=self.below(most) {
            let event = self.event();
            let then = match self.below(6) {
                0..3 => Then::Trouble(self.trouble()),
                3 | 4 => Then::Hooks,
                _ => Then::Another,
            };
            steps.push((event, then));
        }
        steps
    }
}
