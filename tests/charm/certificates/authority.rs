//! A certificate authority of the tests, made with openssl, and a provider's databag that the test writes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_juju::RelationId;

use crate::world::World;

pub(crate) const PROVIDER: &str = "name: authority\nprovides: {certificates: {interface: tls-certificates}}";

pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 900 \
             -subj /CN=root",
        );
        authority
    }

    /// The file with its certificate.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// What a provider says to a request: a certificate as it was asked for.
    pub(crate) fn issue(&self, request: &str) -> Value {
        fs::write(self.folder.path().join("csr.pem"), request).unwrap();
        self.openssl("x509 -req -in csr.pem -CA ca.crt -CAkey ca.key -CAcreateserial -out crt.pem -days 90 -copy_extensions copy");
        let text = |file: &str| fs::read_to_string(self.folder.path().join(file)).unwrap();
        json!({
            "certificate": text("crt.pem"), "certificate_signing_request": request,
            "ca": text("ca.crt"), "chain": [text("crt.pem"), text("ca.crt")],
        })
    }

    /// A certificate for a name with a key of its own: the texts of both.
    pub(crate) fn pair(&self, name: &str) -> (String, String) {
        self.openssl(&format!(
            "req -newkey rsa:2048 -nodes -keyout own.key -out own.csr -subj /CN=x -addext subjectAltName=DNS:{name}"
        ));
        let text = |file: &str| fs::read_to_string(self.folder.path().join(file)).unwrap();
        let certificate = self.issue(&text("own.csr"))["certificate"].as_str().unwrap().to_owned();
        (certificate, text("own.key"))
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The signing requests that the proxy has published.
pub(crate) fn requests(world: &World, relation: RelationId) -> Vec<String> {
    let bag = world.juju.bag(relation, "proxy/0");
    let list: Value =
        bag.get("certificate_signing_requests").map_or(json!([]), |text| serde_json::from_str(text).unwrap());
    let request = |entry: &Value| entry["certificate_signing_request"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(request).collect()
}

/// The provider says this.
pub(crate) fn say(world: &mut World, relation: RelationId, key: &str, value: &Value) {
    world.juju.app_set("authority", relation, [(key, value.to_string())]);
    world.juju.settle();
}
