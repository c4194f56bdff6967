use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use time::OffsetDateTime;

use super::authority::{Authority, LIFETIME};
use super::choice::{Kept, choose};
use super::{Asked, Folder, Pair, Source};
use crate::host::{Host, Owner};
use crate::reactive::digest;
use crate::wire::Fqdn;

/// The pairs that a unit keeps, looked at in one hook.
#[derive(Debug)]
pub struct Store<'a> {
    host: &'a Host,
    folder: &'a Folder,
    asked: &'a Asked,
    now: OffsetDateTime,
    near: Option<BTreeSet<PathBuf>>,
    authority: RefCell<Option<Authority>>,
    trusted: OnceCell<Vec<Kept>>,
    acme: RefCell<BTreeMap<Fqdn, Pair>>,
    supplied: OnceCell<Vec<Kept>>,
}

/// Names of a site that are served with the same pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The names.
    pub names: Vec<Fqdn>,
    /// The file.
    pub pem: PathBuf,
    /// A digest of what stands in it; nothing if it is not there yet.
    pub digest: String,
    /// Where it is from.
    pub source: Source,
    /// When it ends; of one that is still to be issued, when it would.
    pub ends: OffsetDateTime,
    /// How it stands to what is asked for.
    pub standing: Standing,
    /// Whether another brings it, and should have brought the next one long ago.
    pub is_late: bool,
    /// Whether it is ours to issue, and is to be issued anew.
    is_due: bool,
}

/// How a pair stands to what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is from where it is asked for.
    Asked,
    /// It is from somewhere else.
    Another,
    /// It has ended.
    Ended,
}

impl<'a> Store<'a> {
    /// The unit's pairs, from among which those that are asked for are chosen first.
    pub fn new(host: &'a Host, folder: &'a Folder, asked: &'a Asked, now: OffsetDateTime) -> Result<Self> {
        let authority = host.read(&folder.authority())?.and_then(|content| Authority::read(&content));
        let authority = RefCell::new(authority);
        let (trusted, supplied, acme) = (OnceCell::new(), OnceCell::new(), RefCell::default());
        Ok(Self { host, folder, asked, now, near: None, authority, trusted, acme, supplied })
    }

    /// The same, which looks at no other pairs than these, what has been made for sites with these ids, and the operator's.
    #[must_use]
    pub fn near<'s>(self, pairs: BTreeSet<PathBuf>, sites: impl IntoIterator<Item = &'s Fqdn>) -> Self {
        let mut near = pairs;
        for (site, source) in sites.into_iter().flat_map(|site| Source::ALL.map(|source| (site, source))) {
            let pair = self.folder.pair(source, site);
            near.extend([Folder::earlier(&pair), pair]);
        }
        Self { near: Some(near), ..self }
    }

    /// What the names of a site should be served with; nothing is written. The part of the first name comes first.
    pub fn look(&self, id: &Fqdn, names: &[Fqdn]) -> Result<Vec<Part>> {
        let mut own = self.supplied()?.to_vec();
        let is_self_signed = self.asked.source == Source::SelfSigned;
        if !is_self_signed {
            let asked = self.read(self.asked.source, &self.folder.pair(self.asked.source, id))?;
            if self.asked.source == Source::Acme {
                let pairs = asked.iter().map(|kept| (id.clone(), kept.pair.clone()));
                self.acme.borrow_mut().extend(pairs);
            }
            own.extend(asked);
            own.retain(|kept| kept.standing(self.asked, self.now) == Standing::Asked);
        }
        let suffices = || names.iter().all(|name| own.iter().any(|kept| kept.pair.covers(name)));
        let kept = if is_self_signed || suffices() { &own } else { self.trusted()? };
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = Vec::new();
        for name in names {
            let Some(best) = choose(name, self.asked, kept, self.now) else {
                rest.push(name.clone());
                continue;
            };
            match parts.iter_mut().find(|part| part.pem == best.path) {
                Some(part) => part.names.push(name.clone()),
                None => parts.push(Part {
                    names: vec![name.clone()],
                    pem: best.path.clone(),
                    digest: best.digest.clone(),
                    source: best.source,
                    ends: best.pair.ends,
                    standing: best.standing(self.asked, self.now),
                    is_late: best.pair.is_late(self.now),
                    is_due: false,
                }),
            }
        }
        if !rest.is_empty() {
            parts.push(self.self_signed(id, names, rest)?);
        }
        parts.sort_by_key(|part| !part.names.contains(id));
        Ok(parts)
    }

    /// As [`Store::look`]; the self-signed pair is issued or renewed, if it is among them and due, and keys that others
    /// can read are closed.
    pub fn keep(&self, id: &Fqdn, names: &[Fqdn]) -> Result<Vec<Part>> {
        let mut parts = self.look(id, names)?;
        for part in &mut parts {
            if part.is_due {
                (part.ends, part.digest) = self.issue(&part.pem, names)?;
                part.is_due = false;
            }
            self.folder.close(self.host, &part.pem)?;
        }
        Ok(parts)
    }

    /// Issues the self-signed pair of a site anew, whatever is left of it, if any of its names is served with it; says
    /// whether that is so.
    pub fn renew(&self, id: &Fqdn, names: &[Fqdn]) -> Result<bool> {
        let parts = self.look(id, names)?;
        let Some(own) = parts.iter().find(|part| part.source == Source::SelfSigned) else { return Ok(false) };
        self.issue(&own.pem, names)?;
        Ok(true)
    }

    /// What sites were found to have from ACME, if that is what is asked for.
    pub fn into_acme(self) -> BTreeMap<Fqdn, Pair> {
        self.acme.into_inner()
    }

    /// Whether the operator supplies certificates for all of these names.
    pub fn supplies(&self, names: &[Fqdn]) -> Result<bool> {
        let supplied = self.supplied()?;
        Ok(names.iter().all(|name| supplied.iter().any(|kept| kept.pair.covers(name))))
    }

    /// The pairs that the operator supplies and that have not ended.
    fn supplied(&self) -> Result<&[Kept]> {
        if let Some(supplied) = self.supplied.get() {
            return Ok(supplied);
        }
        let mut supplied = self.of_source(Source::Operator)?;
        supplied.retain(|kept| kept.pair.is_valid(self.now));
        Ok(self.supplied.get_or_init(|| supplied))
    }

    /// All pairs of sources that browsers may trust, whichever site they were made for: a site whose first name has
    /// changed finds its own here.
    fn trusted(&self) -> Result<&[Kept]> {
        if let Some(trusted) = self.trusted.get() {
            return Ok(trusted);
        }
        let mut trusted = Vec::new();
        for source in Source::ALL.into_iter().filter(|source| *source != Source::SelfSigned) {
            let Some(near) = self.near.as_ref().filter(|_| source != Source::Operator) else {
                trusted.extend(self.of_source(source)?);
                continue;
            };
            let folder = self.folder.of_source(source);
            for pair in near.iter().filter(|pair| pair.parent() == Some(&folder)) {
                trusted.extend(self.read(source, pair)?);
            }
        }
        Ok(self.trusted.get_or_init(|| trusted))
    }

    fn of_source(&self, source: Source) -> Result<Vec<Kept>> {
        let folder = self.folder.of_source(source);
        let mut kept = Vec::new();
        for name in self.host.list(&folder)?.iter().filter(|name| !name.starts_with('.')) {
            kept.extend(self.read(source, &folder.join(name))?);
        }
        Ok(kept)
    }

    fn read(&self, source: Source, path: &Path) -> Result<Option<Kept>> {
        let read = |content: Vec<u8>| {
            Some(Kept {
                source,
                path: path.to_owned(),
                digest: digest(&content),
                pair: Pair::read(&content)?,
            })
        };
        Ok(self.host.read(path)?.and_then(read))
    }

    /// The self-signed pair of a site, shown for some of its names.
    fn self_signed(&self, id: &Fqdn, names: &[Fqdn], shown: Vec<Fqdn>) -> Result<Part> {
        let (source, pem) = (Source::SelfSigned, self.folder.pair(Source::SelfSigned, id));
        let kept = self.read(source, &pem)?;
        Ok(Part {
            names: shown,
            pem,
            source,
            digest: kept.as_ref().map(|kept| kept.digest.clone()).unwrap_or_default(),
            ends: kept.as_ref().map_or(self.now + LIFETIME, |kept| kept.pair.ends),
            standing: if self.asked.source == source { Standing::Asked } else { Standing::Another },
            is_late: false,
            is_due: !kept.is_some_and(|kept| self.is_right(&kept.pair, names)),
        })
    }

    /// Whether a self-signed pair is for exactly these names, lasts, and is from the authority of now, which lasts.
    fn is_right(&self, pair: &Pair, names: &[Fqdn]) -> bool {
        let authority = self.authority.borrow();
        names.len() == pair.names.len()
            && names.iter().all(|name| pair.names.contains(name.as_str()))
            && pair.is_fresh(self.now)
            && authority.as_ref().is_some_and(|one| one.has_signed(pair) && one.is_fresh(self.now))
    }

    /// Issues a self-signed pair; says when it ends, and the digest of its file.
    fn issue(&self, pem: &Path, names: &[Fqdn]) -> Result<(OffsetDateTime, String)> {
        let mut known = self.authority.borrow_mut();
        let authority = match known.take() {
            Some(authority) if authority.is_fresh(self.now) => authority,
            other => self.make_authority(other)?,
        };
        let text = authority.issue(names, self.now)?;
        let issued =
            Pair::read(text.as_bytes()).context("cannot read the certificate that was signed just now")?;
        *known = Some(authority);
        self.folder.write_key(self.host, pem, text.as_bytes())?;
        Ok((issued.ends, digest(text.as_bytes())))
    }

    /// A new authority, or a renewed one.
    fn make_authority(&self, old: Option<Authority>) -> Result<Authority> {
        let whose = self.folder.unit().to_string();
        let new = if let Some(old) = old {
            old.renewed(&whose, self.now)?
        } else {
            let file = self.folder.authority();
            if self.host.mode(&file)?.is_some() {
                log::warn!("{} is damaged: who trusts ca.crt needs the new one", file.display());
            }
            Authority::new(&whose, self.now)?
        };
        // The certificate first: an authority that is there has one to be trusted by, wherever a hook was cut off.
        let certificate = new.certificate().as_bytes();
        self.folder.create(self.host)?;
        self.host.write(&self.folder.authority_certificate(), certificate, 0o644, Owner::Us)?;
        self.folder.write_key(self.host, &self.folder.authority(), new.text().as_bytes())?;
        Ok(new)
    }
}

/// The pair shown to those who ask for no name of ours, where nginx cannot refuse them; gives the digest of its file.
pub fn keep_fallback(host: &Host, folder: &Folder, now: OffsetDateTime) -> Result<String> {
    let asked = Asked { source: Source::SelfSigned, server: None };
    let store = Store::new(host, folder, &asked, now)?;
    let (pem, names) = (folder.fallback(), ["unknown.invalid".parse()?]);
    let kept = store.read(Source::SelfSigned, &pem)?.filter(|kept| store.is_right(&kept.pair, &names));
    let digest = match kept {
        Some(kept) => kept.digest,
        None => store.issue(&pem, &names)?.1,
    };
    folder.close(host, &pem)?;
    Ok(digest)
}

/// The certificate of the unit's own authority, in PEM; nothing before it has signed anything.
pub fn authority(host: &Host, folder: &Folder) -> Result<Option<String>> {
    let text = host.read(&folder.authority_certificate())?;
    Ok(text.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

#[cfg(test)]
mod tests;
