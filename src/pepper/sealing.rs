//! Sealing: secrets that a tenant's rows keep and the server must read again, encrypted with a key that the database lacks.
//!
//! A secret is sealed for one place and is opened there alone: who can write to the database can neither read it nor move it
//! to another tenant or record. What needs no reading again is hashed instead.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform_schema::TenantId;
use secrecy::{ExposeSecret, SecretString};

/// Length of derived keys: 256 bits.
pub const KEY_LENGTH: usize = 32;

/// What sets these keys apart from whatever else is derived from the pepper.
const PURPOSE: &[u8] = b"rowhouse: secrets of tenants, version 1";

/// What a sealed secret begins with: how it was sealed.
const VERSION: &str = "s1.";

/// Where a secret is kept.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The tenant whose it is.
    pub tenant: &'a TenantId,
    /// The kind of record that keeps it: `setting`.
    pub kind: &'static str,
    /// Which of them, and which field where it has several: a key, or an id that never changes.
    pub name: &'a str,
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Prk);

/// What was kept is no secret of this place, or was sealed under another pepper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret could not be sealed or opened (hint: was the pepper changed?)")]
pub struct SealError;

impl From<Unspecified> for SealError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl Sealer {
    /// Takes the pepper in (RFC 5869). With another pepper, nothing that was sealed before is opened again.
    pub fn new(pepper: &SecretString) -> Self {
        Self(extracted(pepper))
    }

    /// Encrypts a secret for its place, as text. Twice the same secret gives two texts.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn seal(&self, place: Place<'_>, secret: &str) -> Result<String, SealError> {
        let sealed = seal(
            &self.key(place)?,
            &associated(place),
            secret.as_bytes().to_vec(),
        )?;
        Ok(format!("{VERSION}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The secret that was sealed for this place.
    ///
    /// # Errors
    /// For a text that was not made by [`Self::seal`] under the same pepper and for the same place.
    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<SecretString, SealError> {
        let encoded = sealed.strip_prefix(VERSION).ok_or(SealError)?;
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(encoded) else {
            return Err(SealError);
        };
        let opened = open(&self.key(place)?, &associated(place), &sealed)?;
        match String::from_utf8(opened) {
            Ok(secret) => Ok(secret.into()),
            Err(_) => Err(SealError),
        }
    }

    /// The key of a tenant for records of this kind: one for each, so that no key meets so many random nonces that two might
    /// be alike (2^32, NIST SP 800-38D §8.3).
    fn key(&self, place: Place<'_>) -> Result<[u8; KEY_LENGTH], Unspecified> {
        let tenant = place.tenant.as_str().as_bytes();
        // None of them holds a NUL, so no two lists of them are alike.
        let info: &[&[u8]] = &[PURPOSE, b"\0", tenant, b"\0", place.kind.as_bytes()];
        expanded(&self.0, info)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer")
    }
}

/// What is authenticated with the secret: tenant and kind chose the key already.
fn associated(place: Place<'_>) -> Vec<u8> {
    let tenant = place.tenant.as_str();
    format!("{tenant}\0{}\0{}", place.kind, place.name).into_bytes()
}

/// A key for one purpose out of the pepper (RFC 5869).
///
/// # Errors
/// None that could occur: the length is that of the hash.
pub fn derived(pepper: &SecretString, purpose: &[u8]) -> Result<[u8; KEY_LENGTH], Unspecified> {
    expanded(&extracted(pepper), &[purpose])
}

fn extracted(pepper: &SecretString) -> Prk {
    Salt::new(HKDF_SHA256, &[]).extract(pepper.expose_secret().as_bytes())
}

fn expanded(extracted: &Prk, info: &[&[u8]]) -> Result<[u8; KEY_LENGTH], Unspecified> {
    let mut key = [0; KEY_LENGTH];
    extracted.expand(info, HKDF_SHA256)?.fill(&mut key)?;
    Ok(key)
}

/// Encrypts with AES-256-GCM: the nonce, the ciphertext, the tag.
///
/// # Errors
/// For a key of another length than 32 bytes, or when there are no random bytes.
pub fn seal(key: &[u8], associated: &[u8], mut text: Vec<u8>) -> Result<Vec<u8>, Unspecified> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key)?;
    let nonce = key.seal_in_place_append_tag(Aad::from(associated), &mut text)?;
    Ok([nonce.as_ref().as_slice(), &text].concat())
}

/// Decrypts what [`seal`] gave for the same key and associated data.
///
/// # Errors
/// For anything else.
pub fn open(key: &[u8], associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unspecified)?;
    let (nonce, mut text) = (Nonce::from(nonce), text.to_vec());
    let key = RandomizedNonceKey::new(&AES_256_GCM, key)?;
    let opened = key.open_in_place(nonce, Aad::from(associated), &mut text)?;
    Ok(opened.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "smtp password, Zoë's";

    fn tenant(id: &str) -> TenantId {
        id.parse().unwrap()
    }

    #[test]
    fn a_secret_is_opened_in_its_own_place_and_with_its_own_pepper_alone() {
        let (sealer, acme, globex) = (
            Sealer::new(&"pepper".into()),
            tenant("0123456789ab"),
            tenant("9123456789ab"),
        );
        let place = Place {
            tenant: &acme,
            kind: "setting",
            name: "custom.token",
        };
        let kept = sealer.seal(place, SECRET).unwrap();
        assert!(!kept.contains("smtp"));
        assert_eq!(sealer.open(place, &kept).unwrap().expose_secret(), SECRET);
        assert_ne!(sealer.seal(place, SECRET).unwrap(), kept);
        for other in [
            Place {
                tenant: &globex,
                ..place
            },
            Place {
                kind: "channel",
                ..place
            },
            Place {
                name: "custom.other",
                ..place
            },
        ] {
            assert!(sealer.open(other, &kept).is_err(), "{other:?}");
        }
        assert!(Sealer::new(&"salt".into()).open(place, &kept).is_err());
    }

    #[test]
    fn what_was_edited_is_not_opened() {
        let (sealer, acme) = (Sealer::new(&"pepper".into()), tenant("0123456789ab"));
        let place = Place {
            tenant: &acme,
            kind: "setting",
            name: "custom.token",
        };
        let kept = sealer.seal(place, SECRET).unwrap();
        let mut edited = kept.clone().into_bytes();
        edited[VERSION.len() + NONCE_LEN * 2] ^= 1;
        let edited = String::from_utf8(edited).unwrap();
        for text in [
            "",
            "s1.",
            "s1.AAAA",
            SECRET,
            kept.strip_prefix("s").unwrap(),
            &edited,
        ] {
            assert_eq!(sealer.open(place, text).unwrap_err(), SealError, "{text}");
        }
    }

    #[test]
    fn nothing_of_the_key_is_shown() {
        assert_eq!(format!("{:?}", Sealer::new(&"pepper".into())), "Sealer");
    }
}
