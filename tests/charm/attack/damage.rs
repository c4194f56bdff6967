//! Files that are not what they should be.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{NAME, ask, code, has, look, request, serving, state};
use crate::world::World;

/// Damages something, and expects that the next look mends it.
fn mended(damage: impl FnOnce(&World)) {
    let (mut world, relation, _web) = serving();
    damage(&world);
    world.juju.update_status("proxy/0");
    if let Err(run) = world.juju.try_settle() {
        panic!("the hook fails for ever: {:?}", run.log);
    }
    let (state, message) = world.juju.status("proxy/0");
    assert_eq!(
        (code(&world), has(&world, relation, NAME), state.as_str()),
        (200, true, "active"),
        "{message}"
    );
}

fn a_folder_instead_of(path: impl AsRef<Path>) {
    let path = path.as_ref();
    fs::remove_file(path).unwrap_or_default();
    fs::create_dir_all(path.join("with")).unwrap();
}

#[test]
fn a_folder_in_the_place_of_the_flag_file_is_set_aside() {
    mended(|world| a_folder_instead_of(state(world).join("flags.json")));
}

#[test]
fn a_folder_where_a_damaged_flag_file_is_set_aside_is_no_obstacle() {
    mended(|world| {
        fs::write(state(world).join("flags.json"), "nonsense").unwrap();
        a_folder_instead_of(state(world).join("flags.json.unreadable"));
    });
}

#[test]
fn a_folder_in_the_place_of_a_piece_of_the_view_is_replaced() {
    mended(|world| {
        let view = state(world).join("view");
        let pieces = fs::read_dir(&view).unwrap().map(|entry| entry.unwrap().path());
        pieces.for_each(a_folder_instead_of);
    });
}

#[test]
fn a_folder_in_the_configuration_is_no_obstacle() {
    mended(|world| a_folder_instead_of(world.path("etc/ssl-termination/proxy-0/conf/sites/old")));
}

#[test]
fn a_file_in_the_place_of_the_folder_of_sites_is_replaced() {
    mended(|world| {
        let sites = world.path("etc/ssl-termination/proxy-0/conf/sites");
        fs::remove_dir_all(&sites).unwrap();
        fs::write(sites, "").unwrap();
    });
}

#[test]
fn a_folder_in_the_place_of_a_certificate_is_replaced() {
    mended(|world| {
        a_folder_instead_of(
            world.path(&format!("var/lib/ssl-termination/proxy-0/certificates/self-signed/{NAME}.pem")),
        );
    });
}

#[test]
fn a_folder_among_the_password_files_is_no_obstacle() {
    mended(|world| a_folder_instead_of(world.path("var/lib/ssl-termination/proxy-0/passwords/old")));
}

#[test]
fn nginx_is_found_again_without_its_pid_file() {
    mended(|world| {
        fs::remove_file(world.path("run/ssl-termination/proxy-0/nginx.pid")).unwrap();
        // Something has to change, or nothing has to be told to nginx.
        fs::write(world.path("run/ssl-termination/proxy-0/served"), "").unwrap();
    });
}

#[test]
fn nginx_ends_with_the_last_site_though_its_configuration_is_gone() {
    let (mut world, relation, _web) = serving();
    fs::remove_dir_all(world.path("etc/ssl-termination/proxy-0/conf")).unwrap();
    ask(&mut world, relation, "blog/0", &json!({}));
    assert_eq!((code(&world), world.nginx_processes().len()), (0, 0));
}

#[test]
fn a_password_file_that_the_workers_cannot_read_is_mended() {
    let (mut world, relation, web) = serving();
    let mut protected = request(&[NAME], &web);
    protected["credentials"] = "ann sesame".into();
    ask(&mut world, relation, "blog/0", &protected);
    let file = world.path(&format!("var/lib/ssl-termination/proxy-0/passwords/{NAME}"));
    if fs::metadata(&file).unwrap().uid() != 0 {
        return; // left out: only root's workers are somebody else
    }
    std::os::unix::fs::chown(&file, Some(0), Some(0)).unwrap();
    look(&mut world);
    let got = world.get(&format!("https://{NAME}/")).with_password("ann:sesame").send();
    assert_eq!(got.code, 200);
}

#[test]
fn a_key_that_others_can_read_is_closed_again() {
    let (mut world, _, _web) = serving();
    let folder = world.path("var/lib/ssl-termination/proxy-0/certificates");
    let pem = folder.join(format!("self-signed/{NAME}.pem"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&pem, fs::Permissions::from_mode(0o644)).unwrap();
    look(&mut world);
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&pem)), (0o700, 0o600));
}
