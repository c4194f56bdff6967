//! relation-get, relation-set, relation-ids, relation-list.

use super::{Asked, read, yaml_safe};
use crate::host::{Command, Host};
use crate::juju::{RelationId, UnitName};
use crate::wire::Bag;

/// A unit's whole databag on a relation.
pub fn get(host: &Host, relation: &RelationId, unit: &UnitName) -> Asked<Bag> {
    let command = Command::new("relation-get").args(["--format=json", "-r"]);
    Asked::new(host, command.args([relation.to_string(), "-".to_owned(), unit.to_string()]), read)
}

/// The databag of the application at the other side of a relation.
pub fn get_application(host: &Host, relation: &RelationId, app: &str) -> Asked<Bag> {
    let command = Command::new("relation-get").args(["--format=json", "-r"]);
    Asked::new(host, command.args([&*relation.to_string(), "--app", "-", app]), read)
}

/// Sets keys of our own unit's databag; an empty text deletes the key. Juju applies it when the hook has ended well.
pub fn set(host: &Host, relation: &RelationId, values: &Bag) -> Asked<()> {
    let command = Command::new("relation-set").arg("-r").arg(relation.to_string()).args(["--file", "-"]);
    Asked::new(host, command.stdin(yaml_safe(values)), |_, _| Ok(()))
}

/// The relations of an endpoint.
pub fn ids(host: &Host, endpoint: &str) -> Asked<Vec<RelationId>> {
    Asked::new(host, Command::new("relation-ids").args(["--format=json", endpoint]), read)
}

/// The units that have joined a relation, as far as our unit was told.
pub fn units(host: &Host, relation: &RelationId) -> Asked<Vec<UnitName>> {
    let command = Command::new("relation-list").args(["--format=json", "-r"]);
    Asked::new(host, command.arg(relation.to_string()), read)
}
