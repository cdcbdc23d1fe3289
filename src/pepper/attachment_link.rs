//! The key that links to contents of attachments are signed with, and what a link says.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use platform_schema::TenantId;
use secrecy::SecretString;
use uuid::Uuid;

use super::sealing;

/// What sets this key apart from whatever else is derived from the pepper.
const PURPOSE: &[u8] = b"rowhouse: links to attachments, version 1";

/// Bytes of a version's id.
const ID: usize = 16;

/// Bytes of what is signed: the id, and the end in seconds since 1970.
const CLAIM: usize = ID + 8;

/// The key that links are signed with.
#[derive(Clone)]
pub struct AttachmentLinks(Arc<hmac::Key>);

impl AttachmentLinks {
    /// Derives the key from the pepper (RFC 5869). With another pepper, links that were given out are void.
    ///
    /// # Errors
    /// None that could occur: the length is that of the hash.
    pub fn derive(pepper: &SecretString) -> Result<Self, Unspecified> {
        let key = sealing::derived(pepper, PURPOSE)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        Ok(Self(Arc::new(key)))
    }

    /// The last part of a link to a version of a tenant that ends at `end`.
    pub fn sign(&self, tenant: &TenantId, version: Uuid, end: DateTime<Utc>) -> String {
        let end = end.timestamp().to_be_bytes();
        let claim = [version.as_bytes().as_slice(), &end].concat();
        let tag = hmac::sign(&self.0, &signed(tenant, &claim));
        URL_SAFE_NO_PAD.encode([claim.as_slice(), tag.as_ref()].concat())
    }

    /// The version that a link of this tenant leads to, if it is genuine and has not ended by `now`.
    pub fn verify(&self, tenant: &TenantId, link: &str, now: DateTime<Utc>) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(link).ok()?;
        let (claim, tag) = bytes.split_first_chunk::<CLAIM>()?;
        hmac::verify(&self.0, &signed(tenant, claim), tag).ok()?;
        let (version, end) = claim.split_first_chunk::<ID>()?;
        let end = i64::from_be_bytes(end.try_into().ok()?);
        (now.timestamp() < end).then(|| Uuid::from_bytes(*version))
    }
}

/// What the signature covers. The claim has one length, so no two pairs are alike.
fn signed(tenant: &TenantId, claim: &[u8]) -> Vec<u8> {
    [claim, tenant.to_string().as_bytes()].concat()
}

impl fmt::Debug for AttachmentLinks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AttachmentLinks")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_link_leads_to_one_version_of_one_tenant_until_it_ends() {
        let links = AttachmentLinks::derive(&"pepper".into()).unwrap();
        let (acme, globex) = (TenantId::generate(), TenantId::generate());
        let (version, now) = (Uuid::now_v7(), Utc::now());
        let end = now + TimeDelta::minutes(5);
        let link = links.sign(&acme, version, end);
        assert_eq!(links.verify(&acme, &link, now), Some(version));
        assert_eq!(links.verify(&globex, &link, now), None);
        assert_eq!(links.verify(&acme, &link, end), None);
        let salt = AttachmentLinks::derive(&"salt".into()).unwrap();
        assert_eq!(salt.verify(&acme, &link, now), None);
        let bytes = URL_SAFE_NO_PAD.decode(&link).unwrap();
        for place in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[place] ^= 1;
            let edited = URL_SAFE_NO_PAD.encode(edited);
            assert_eq!(links.verify(&acme, &edited, now), None, "{place}");
        }
        for wrong in ["", "x", link.get(..40).unwrap(), &format!("{link}AAAA")] {
            assert_eq!(links.verify(&acme, wrong, now), None, "{wrong}");
        }
    }
}
