//! The live configuration, looked at from outside: which certificate each name has, whether nginx accepts it, whose the
//! ports are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::candidate::{limit, nginx};
use super::holder::Holder;
use super::parts::{self, MAIN};
use super::{Paths, Server, complaint, daemon};
use crate::host::{Host, ProcessId};
use crate::wire::Fqdn;

/// The file with the certificate that each name is served with, as the live configuration has it.
pub fn certificates(host: &Host, paths: &Paths) -> Result<BTreeMap<Fqdn, PathBuf>> {
    let read = |name: &str| -> Result<String> {
        let content = host.read(&paths.live().join(name))?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&content).into_owned())
    };
    let main = read(MAIN)?;
    let mut found = certificates_in(&main);
    for part in parts::named_in(&main) {
        found.extend(certificates_in(&read(part)?));
    }
    Ok(found.into_iter().collect())
}

/// Reads a file of ours: in each block `server` the names stand before the certificate.
fn certificates_in(text: &str) -> Vec<(Fqdn, PathBuf)> {
    let (mut names, mut found) = ("", Vec::new());
    for line in text.lines().map(|line| line.trim().trim_end_matches(';')) {
        if let Some(list) = line.strip_prefix("server_name ") {
            names = list;
        } else if let Some(file) = line.strip_prefix("ssl_certificate ") {
            let names = names.split(' ').filter_map(|name| name.parse().ok());
            found.extend(names.map(|name| (name, PathBuf::from(file))));
        }
    }
    found
}

/// What nginx says against the live configuration, if it refuses it.
pub fn refusal(host: &Host, paths: &Paths, server: &Server) -> Result<Option<String>> {
    let main = host.read(&paths.nginx_conf())?.unwrap_or_default();
    let files = parts::named_in(&String::from_utf8_lossy(&main)).count();
    let command = nginx(server, "/dev/null")
        .arg("-t")
        .arg("-c")
        .arg(paths.nginx_conf().to_string_lossy())
        .clean_environment()
        .limit(limit(files));
    let output = host.run(&command).context("cannot let nginx test its configuration")?;
    Ok((!output.status.success()).then(|| complaint::reason(&output.stderr)))
}

/// The master process of our nginx.
pub fn master(host: &Host, paths: &Paths) -> Result<Option<ProcessId>> {
    daemon::master(host, paths)
}

/// Whether our nginx listens on a port; else in words who does: nothing if nobody.
pub fn listens(host: &Host, paths: &Paths, port: u16) -> Result<std::result::Result<(), Option<String>>> {
    let master = daemon::master(host, paths)?;
    Ok(match master.filter(|master| host.listeners(port).contains(master)) {
        Some(_) => Ok(()),
        None => Err(Holder::of(host, port).map(|holder| holder.to_string())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_the_certificate_of_its_block() {
        let text = "upstream a.bc {\n}\nserver {\n    listen 80;\n    server_name a.bc d.ef g.hi;\n}\n\
                    server {\n    server_name a.bc d.ef;\n    ssl_certificate /one.pem;\n    ssl_certificate_key /one.pem;\n}\n\
                    server {\n    server_name g.hi;\n    ssl_certificate /two.pem;\n}\n\
                    server {\n    server_name _;\n    ssl_certificate /default.pem;\n}\n";
        let found: Vec<(String, String)> = certificates_in(text)
            .into_iter()
            .map(|(name, file)| (name.to_string(), file.display().to_string()))
            .collect();
        let expected = [("a.bc", "/one.pem"), ("d.ef", "/one.pem"), ("g.hi", "/two.pem")];
        assert_eq!(found, expected.map(|(name, file)| (name.to_owned(), file.to_owned())));
    }
}
