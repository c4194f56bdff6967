//! Our logs don't fill the disk.

use anyhow::Result;

use super::Paths;
use super::worker::USER;
use crate::host::{Host, Owner};

/// Tells logrotate about our logs.
pub(super) fn keep(host: &Host, paths: &Paths) -> Result<()> {
    host.write_if_different(&paths.rotation_file(), text(paths).as_bytes(), 0o644, Owner::Us)?;
    Ok(())
}

/// Takes that back.
pub(super) fn forget(host: &Host, paths: &Paths) -> Result<()> {
    Ok(host.remove(&paths.rotation_file())?)
}

/// USR1 tells nginx to open its logs anew; until then it writes into the old ones, so they are compressed a day later.
fn text(paths: &Paths) -> String {
    format!(
        "# Written by the charm ssl-termination. What is changed here by hand is lost.
{access_log} {error_log} {{
    daily
    maxsize 100M
    rotate 14
    missingok
    notifempty
    compress
    delaycompress
    create 0640 {USER} {USER}
    sharedscripts
    postrotate
        [ ! -s {pid} ] || kill -USR1 \"$(cat {pid})\"
    endscript
}}
",
        access_log = paths.access_log().display(),
        error_log = paths.error_log().display(),
        pid = paths.pid().display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_this_unit_are_rotated() {
        let paths = Paths::new(&Host::new("/", ""), &"proxy/0".parse().unwrap()).unwrap();
        expect_test::expect_file!["tests/texts/rotation.txt"].assert_eq(&text(&paths));
    }
}
