//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): how a client repeats a creation without doing it twice.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt, LocalBoxFuture};

use crate::error::{ApiError, Code};
use crate::http::after_caller;
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
}

impl IdempotencyHeader {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let Some(value) = request.headers().get(HEADER) else {
            return Ok(Self(None));
        };
        let key = value.to_str().ok();
        match key.filter(|key| (1..=LONGEST_KEY).contains(&key.len())) {
            Some(key) => Ok(Self(Some(key.to_owned()))),
            None => Err(ApiError::new(Code::BadRequest)
                .detail("the header `Idempotency-Key` takes 1 to 255 visible ASCII characters")),
        }
    }
}

impl FromRequest for IdempotencyHeader {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        after_caller(request.clone(), async |request| Self::read(request)).boxed_local()
    }
}
