//! What a creation is known again by, and its answer kept with.
//!
//! An answer may hold a secret that is shown once, and the request a password. What is kept of them is made with a key of the
//! server and the key of the client, of which the database has neither: who reads it learns nothing, not even by guessing.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use secrecy::SecretString;

use super::sealing;

/// What sets this key apart from whatever else is derived from the pepper.
const PURPOSE: &[u8] = b"rowhouse: receipts of creations, version 1";

/// The key of the server that receipts are made with.
#[derive(Clone)]
pub struct ReceiptKey(Arc<hmac::Key>);

impl ReceiptKey {
    /// Derives the key from the pepper (RFC 5869). With another pepper, no earlier creation is known again.
    ///
    /// # Errors
    /// None that could occur: the length is that of the hash.
    pub fn derive(pepper: &SecretString) -> Result<Self, Unspecified> {
        let key = sealing::derived(pepper, PURPOSE)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        Ok(Self(Arc::new(key)))
    }

    /// What is kept of a request to the platform, to tell a repetition from another request. Made with the key, for the request
    /// may hold a password.
    pub fn request_hash(&self, request: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"platform request\0");
        context.update(request);
        context.sign().as_ref().to_vec()
    }

    /// The receipt of a request of this key and this hash of its body; it means nothing outside its scope.
    pub fn receipt(&self, scope: &str, key: &str, body: &[u8]) -> Receipt {
        let derived = |purpose: &str, more: &[u8]| {
            let mut context = hmac::Context::with_key(&self.0);
            // None of them holds a NUL, so no two lists of them are alike.
            for part in [purpose, scope, key] {
                context.update(part.as_bytes());
                context.update(&[0]);
            }
            context.update(more);
            context.sign()
        };
        Receipt {
            name: derived("name", &[]),
            request: derived("request", body),
            seal: derived("answer", &[]),
        }
    }
}

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReceiptKey")
    }
}

/// What a creation is known by, and its answer kept with.
pub struct Receipt {
    name: hmac::Tag,
    request: hmac::Tag,
    seal: hmac::Tag,
}

impl Receipt {
    /// What it is found by.
    pub fn name(&self) -> &[u8] {
        self.name.as_ref()
    }

    /// What tells a repetition from another request of the same key.
    pub fn request(&self) -> &[u8] {
        self.request.as_ref()
    }

    /// The number of the advisory lock: as much of the name as it takes.
    pub fn lock(&self) -> i64 {
        let first = self.name.as_ref().first_chunk();
        first.map_or(0, |bytes| i64::from_be_bytes(*bytes))
    }

    /// Seals the answer.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn seal(&self, text: Vec<u8>) -> Result<Vec<u8>, Unspecified> {
        sealing::seal(self.seal.as_ref(), self.name.as_ref(), text)
    }

    /// Opens what was sealed by the same receipt.
    ///
    /// # Errors
    /// What was sealed by another one, or edited.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
        sealing::open(self.seal.as_ref(), self.name.as_ref(), sealed)
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Receipt")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::NONCE_LEN;

    use super::*;

    #[test]
    fn a_sealed_answer_is_opened_by_its_own_receipt_alone() {
        let key = ReceiptKey::derive(&"pepper".into()).unwrap();
        let receipt = key.receipt("alice", "key", b"body");
        let sealed = receipt.seal(b"secret".to_vec()).unwrap();
        assert_eq!(receipt.open(&sealed).unwrap(), b"secret");
        let salt = ReceiptKey::derive(&"salt".into()).unwrap();
        for other in [
            key.receipt("alice", "another", b"body"),
            key.receipt("bob", "key", b"body"),
            salt.receipt("alice", "key", b"body"),
        ] {
            assert!(other.open(&sealed).is_err());
            assert_ne!(other.name.as_ref(), receipt.name.as_ref());
            assert_ne!(other.request.as_ref(), receipt.request.as_ref());
        }
        let mut edited = sealed.clone();
        edited[NONCE_LEN] ^= 1;
        assert!(receipt.open(&edited).is_err());
        assert!(receipt.open(&sealed[..NONCE_LEN - 1]).is_err());
    }
}
