//! `OLDER_CHARM=/path/to.charm make bench`: what hooks cost with this charm, and with an earlier one of it, in turns.

use std::path::Path;

use test_juju::{Charm, HookRun};

use crate::measure::median;
use crate::proxy::Proxy;
use crate::world::packed;

/// In each, both run each hook twice.
const ROUNDS: usize = 11;

/// A hook of the proxy, brought about as its name says.
type Hook = (&'static str, fn(&mut Proxy, usize) -> HookRun);

const HOOKS: [Hook; 4] = [
    ("nothing changes", |proxy, turn| proxy.touch(0, turn)),
    ("an answer changes", |proxy, turn| proxy.change(0, &format!("turn{turn}.example.com")).0),
    ("update-status", |proxy, _| proxy.update_status()),
    ("start", |proxy, _| proxy.reboot()),
];

/// Says it as a table in Markdown.
#[allow(clippy::print_stdout, reason = "the answer to the one who runs it")]
pub(crate) fn compare(archive: &Path) {
    // Both are unpacked alike: how a program came into the machine's memory is part of what it takes to start it.
    let folder = tempfile::tempdir().unwrap();
    let charms = [(archive, "before"), (packed::archive(), "now")].map(|(archive, name)| {
        let unpacked = folder.path().join(name);
        Charm::packed(archive, &unpacked);
        unpacked
    });
    println!("| hook | sites | before | now | now to before | calls before | now |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for sites in [1, 100] {
        let mut both = charms.each_ref().map(|charm| Proxy::with(Some(charm), sites, false));
        for (name, hook) in HOOKS {
            let (mut times, mut ratios, mut calls) = ([vec![], vec![]], vec![], [0; 2]);
            for round in 0..ROUNDS {
                // Who comes first after the other has warmed up the machine is not the same each time.
                let mut round_times = [0.0; 2];
                for (turn, which) in [0, 1, 1, 0].into_iter().enumerate() {
                    let run = hook(&mut both[which], 4 * round + turn);
                    round_times[which] += run.millis / 2.0;
                    calls[which] = run.calls.len();
                }
                let [before, now] = round_times;
                times[0].push(before);
                times[1].push(now);
                ratios.push(now / before);
            }
            let [before, now] = times.map(|times| median(&times));
            let [calls_before, calls_now] = calls;
            println!(
                "| {name} | {sites} | {before:.1} ms | {now:.1} ms | {:.2} | {calls_before} | {calls_now} |",
                median(&ratios)
            );
        }
    }
}
