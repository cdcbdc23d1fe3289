//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): how a client repeats a creation without doing it twice.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::error::{ApiError, Code};
use crate::provisioner::receipt::ReceiptRequest;

const HEADER: &str = "Idempotency-Key";

/// Longest key in bytes.
const LONGEST_KEY: usize = 255;

/// The key of a request that creates something, if it carries one; 400 where it is malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyHeader(Option<String>);

impl IdempotencyHeader {
    /// What the key stands for: this request, of this caller, on this route.
    pub fn receipt(&self, scope: &str, request_hash: &[u8]) -> Option<ReceiptRequest> {
        let key = self.0.clone()?;
        Some(ReceiptRequest {
            scope: scope.to_owned(),
            key,
            request_hash: request_hash.to_vec(),
        })
    }

    /// Whether the request carries a key.
    pub fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// What the key stands for: a request of this body.
    pub fn repeatable(self, body: &Value) -> Option<Repeatable> {
        let key = self.0?;
        Some(Repeatable::new(&key, body.to_string().as_bytes()))
    }
}

/// A creation that may be repeated: the key by which it is known again, and SHA-256 of its body. Neither is to be kept as it is:
/// a body may hold a password, which its hash would give to whoever guesses.
#[derive(Debug, Clone)]
pub struct Repeatable {
    key: SecretString,
    body: Vec<u8>,
}

impl Repeatable {
    /// What is known again by `key` and this body.
    pub fn new(key: &str, body: &[u8]) -> Self {
        Self {
            key: key.into(),
            body: digest(&SHA256, body).as_ref().to_vec(),
        }
    }

    /// The key, as the client sent it.
    pub fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// SHA-256 of the body, in which the order of fields and spaces do not count.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl FromRequest for IdempotencyHeader {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(HEADER) else {
            return ready(Ok(Self(None)));
        };
        let key = value
            .to_str()
            .ok()
            .filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
        ready(match key {
            Some(key) => Ok(Self(Some(key.to_owned()))),
            None => Err(ApiError::new(Code::BadRequest)
                .detail("the header `Idempotency-Key` takes 1 to 255 visible ASCII characters")),
        })
    }
}
