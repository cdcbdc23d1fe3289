//! Creations that are not done twice: who repeats one with its `Idempotency-Key` gets the answer of the first again.
//!
//! An answer may hold a secret that is shown once, and the request a password. What is kept of them is made with a key of the
//! server and the key of the client, of which the database has neither: who reads it learns nothing, not even by guessing.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use platform_schema::Tenant;
use secrecy::SecretString;
use serde::Serialize;
use tenant_schema::settings::{Change, IdempotencyReceipt, NewIdempotencyReceipt};
use uuid::Uuid;

use super::sealing;
use super::signed_in::SignedIn;
use crate::error::{ApiError, Code};
use crate::resource::{KeptAnswer, Repeatable, Success};

/// What sets this key apart from whatever else is derived from the pepper.
const PURPOSE: &[u8] = b"rowhouse: receipts of creations, version 1";

/// How long an answer is kept.
const LIFETIME: TimeDelta = TimeDelta::days(1);

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

    /// The receipt of a request; it means nothing outside its scope.
    fn receipt(&self, scope: &str, request: &Repeatable) -> Receipt {
        let derived = |purpose: &str, more: &[u8]| {
            let mut context = hmac::Context::with_key(&self.0);
            // None of them holds a NUL, so no two lists of them are alike.
            for part in [purpose, scope, request.key()] {
                context.update(part.as_bytes());
                context.update(&[0]);
            }
            context.update(more);
            context.sign()
        };
        Receipt {
            name: derived("name", &[]),
            request: derived("request", request.body()),
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
struct Receipt {
    name: hmac::Tag,
    request: hmac::Tag,
    seal: hmac::Tag,
}

impl Receipt {
    /// The answer that was given to the request, if it was. Nobody else does the same until the transaction ends.
    ///
    /// # Errors
    /// `idempotency_in_progress` while another transaction does the same, `idempotency_key_reused` where the key stands for
    /// another request, or a failure of the database.
    async fn find(&self, conn: &mut TenantConn) -> Result<Option<KeptAnswer>, ApiError> {
        if !IdempotencyReceipt::try_lock(self.lock(), conn).await? {
            return Err(ApiError::new(Code::IdempotencyInProgress));
        }
        let known = IdempotencyReceipt::find(self.name.as_ref(), ended(), conn).await?;
        let Some(known) = known else {
            return Ok(None);
        };
        if known.request_hash != self.request.as_ref() {
            return Err(ApiError::new(Code::IdempotencyKeyReused));
        }
        let answer = self.open(&known.answer).map_err(ApiError::internal)?;
        let answer = serde_json::from_slice(&answer).map_err(ApiError::internal)?;
        Ok(Some(answer))
    }

    async fn keep(&self, answer: &KeptAnswer, conn: &mut TenantConn) -> Result<(), ApiError> {
        let answer = serde_json::to_vec(answer).map_err(ApiError::internal)?;
        let receipt = NewIdempotencyReceipt {
            id: Uuid::now_v7(),
            name: self.name.as_ref().to_vec(),
            request_hash: self.request.as_ref().to_vec(),
            answer: self.seal(answer).map_err(ApiError::internal)?,
        };
        Ok(receipt.insert(ended(), conn).await?)
    }

    /// The number of the advisory lock: as much of the name as it takes.
    fn lock(&self) -> i64 {
        let first = self.name.as_ref().first_chunk();
        first.map_or(0, |bytes| i64::from_be_bytes(*bytes))
    }

    fn seal(&self, text: Vec<u8>) -> Result<Vec<u8>, Unspecified> {
        sealing::seal(self.seal.as_ref(), self.name.as_ref(), text)
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
        sealing::open(self.seal.as_ref(), self.name.as_ref(), sealed)
    }
}

/// Up to when receipts have ended by now.
fn ended() -> DateTime<Utc> {
    Utc::now() - LIFETIME
}

impl SignedIn {
    /// Creates something as [`Self::mutate`] does, and answers what `show` makes of it. A request that carries an
    /// `Idempotency-Key` is done once: its repetition within a day gets the same answer, and leaves no row in the audit log.
    /// The key is the tenant's, the caller's and the action's.
    ///
    /// # Errors
    /// As [`Self::mutate`]; `idempotency_in_progress` while the first runs, `idempotency_key_reused` for another body.
    pub async fn create<T, V: Serialize>(
        &mut self,
        action: &'static str,
        request: Option<&Repeatable>,
        show: impl Fn(&Tenant, T) -> Success<V>,
        mut work: impl AsyncFnMut(&mut TenantConn) -> Result<(T, Change), ApiError>,
    ) -> Result<KeptAnswer, ApiError> {
        let tenant = self.served();
        let receipt = request.map(|request| self.receipt(action, request));
        self.mutate(action, async |conn: &mut TenantConn| {
            if let Some(receipt) = &receipt
                && let Some(answer) = receipt.find(conn).await?
            {
                return Ok((answer, None));
            }
            let (created, change) = work(conn).await?;
            let answer = show(&tenant, created).kept();
            let answer = answer.map_err(ApiError::internal)?;
            if let Some(receipt) = &receipt {
                receipt.keep(&answer, conn).await?;
            }
            Ok((answer, Some(change)))
        })
        .await
    }

    fn receipt(&self, action: &str, request: &Repeatable) -> Receipt {
        let access = self.access();
        let scope = format!(
            "{} {} {:?} {action}",
            self.tenant().id,
            access.user.id,
            access.acting_system_user
        );
        self.platform().receipts.receipt(&scope, request)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::NONCE_LEN;

    use super::*;

    #[test]
    fn a_sealed_answer_is_opened_by_its_own_receipt_alone() {
        let request = |key: &str| Repeatable::new(key, b"body");
        let key = ReceiptKey::derive(&"pepper".into()).unwrap();
        let receipt = key.receipt("alice", &request("key"));
        let sealed = receipt.seal(b"secret".to_vec()).unwrap();
        assert_eq!(receipt.open(&sealed).unwrap(), b"secret");
        let salt = ReceiptKey::derive(&"salt".into()).unwrap();
        for other in [
            key.receipt("alice", &request("another")),
            key.receipt("bob", &request("key")),
            salt.receipt("alice", &request("key")),
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
