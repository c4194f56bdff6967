use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use x509_parser::pem::Pem;

use super::results::Results;
use super::{Params, overview, serves_nothing};
use crate::cert::{Folder, rfc_3339};
use crate::interface::Hook;
use crate::wire::Fqdn;

/// The chain that a name is served with, never its key.
pub(super) fn of_name(hook: &mut Hook, params: &Params) -> Result<Results> {
    let Some(name) = params.text("name") else {
        bail!("say which name: juju run {} get-certificate name=blog.example.com", hook.context.unit)
    };
    let name: Fqdn = name.parse().map_err(|reason| anyhow::anyhow!("cannot look for the name: {reason}"))?;
    let overview = overview(hook)?;
    let Some(path) = overview.live.get(&name) else {
        let why = match overview.requests.iter().find(|wanted| wanted.names().any(|asked| *asked == name)) {
            Some(wanted) => overview.why_not(&wanted.owner, &name).unwrap_or_default(),
            None if overview.plan.sites.is_empty() => serves_nothing(hook)?,
            None => "nobody asks for it; list-sites lists what is served".to_owned(),
        };
        bail!("{name} is not served: {why}");
    };
    let content = hook.host.read(path)?.with_context(|| {
        format!("{} is missing, though nginx serves {name} with it: diagnose says what to do", path.display())
    })?;
    shown(&content).with_context(|| format!("cannot read {}", path.display()))
}

/// The certificate of the authority that signs self-signed certificates, for those who are to trust it.
pub(super) fn of_authority(hook: &mut Hook, _: &Params) -> Result<Results> {
    let folder = Folder::of(&hook.host, &hook.context.unit);
    match hook.host.read(&folder.authority_certificate())? {
        Some(content) => shown(&content),
        None => bail!(
            "this unit has no authority of its own: it has not served anything with a self-signed certificate. \
             list-sites says where certificates come from"
        ),
    }
}

/// What there is to say of a file with certificates, and their text. A key in it is left where it is.
fn shown(content: &[u8]) -> Result<Results> {
    let blocks: Vec<Pem> = Pem::iter_from_buffer(content).collect::<Result<_, _>>()?;
    let chain: Vec<&Pem> = blocks.iter().filter(|block| block.label == "CERTIFICATE").collect();
    let first = chain.first().context("there is no certificate in it: diagnose says what to do")?;
    let certificate = first.parse_x509()?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
        x509_parser::extensions::GeneralName::DNSName(name) => Some(*name),
        _ => None,
    });
    let names: Vec<&str> = names.collect();
    let validity = certificate.validity();
    let mut results = Results::default();
    if !names.is_empty() {
        results.put("names", names.join(" "));
    }
    results.put("subject", certificate.subject().to_string());
    results.put("issuer", certificate.issuer().to_string());
    results.put("begins", rfc_3339(validity.not_before.to_datetime()));
    results.put("expires", rfc_3339(validity.not_after.to_datetime()));
    results.put("sha256", crate::host::hex(&Sha256::digest(&first.contents)));
    results.put("chain", certificates_in(std::str::from_utf8(content)?));
    Ok(results)
}

/// The certificates in a PEM text, and nothing else of it.
fn certificates_in(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let bodies = text.split(BEGIN).skip(1).filter_map(|rest| Some(rest.split_once(END)?.0));
    let whole = bodies.filter(|body| !body.contains("-----"));
    whole.flat_map(|body| [BEGIN, body, END, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::certificates_in;

    #[test]
    fn the_key_stays_where_it_is() {
        let one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n";
        let torn = "-----BEGIN CERTIFICATE-----\nAA\n";
        assert_eq!(certificates_in(&format!("Server: x\n{one}{one}{key}")), format!("{one}{one}"));
        assert_eq!(certificates_in(&format!("{key}{one}")), one);
        assert_eq!(certificates_in(&format!("{torn}{key}{one}")), one);
        assert_eq!(certificates_in(&format!("{torn}{key}-----END CERTIFICATE-----\n")), "");
    }
}
