//! JSON bodies that are understood in full or refused.

mod document;
mod fields;

use std::ops::Deref;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::{BodyStream, to_bytes_limited},
    dev::Payload,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
    web::{Bytes, Data},
};
use futures_util::future::{FutureExt, LocalBoxFuture, ready};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{IdempotencyHeader, Repeatable};
use crate::error::{ApiError, Code};
use crate::http;

/// The most bytes a JSON body may have; register with `app_data(Data::new(…))` to change it.
#[derive(Clone, Copy, Debug)]
pub struct JsonLimit(pub usize);

impl Default for JsonLimit {
    /// 1 MiB.
    fn default() -> Self {
        Self(1 << 20)
    }
}

/// A JSON object in which every field is known, given once and of its type.
///
/// Refused are: another content type (415); a body over [`JsonLimit`] (413); broken JSON, a key given twice, nesting
/// deeper than `serde_json`'s 128 levels (400); unknown fields, wrong types and forbidden characters (422, naming
/// the fields).
#[derive(Clone, Debug)]
pub struct StrictJson<T>(pub T);

impl<T> StrictJson<T> {
    /// The body itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for StrictJson<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for StrictJson<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        let read = async move { fields::read(document(&request, payload).await?).map(Self) };
        read.boxed_local()
    }
}

/// As [`StrictJson`], a list of such: what replaces a list as a whole.
#[derive(Clone, Debug)]
pub struct StrictList<T>(pub Vec<T>);

impl<T: DeserializeOwned + 'static> FromRequest for StrictList<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        let read = async move { fields::read_list(document(&request, payload).await?).map(Self) };
        read.boxed_local()
    }
}

/// As [`StrictJson`], of a request that creates something, and may carry an `Idempotency-Key`: 400 where that is malformed.
#[derive(Clone, Debug)]
pub struct RepeatableJson<T> {
    body: T,
    repeatable: Option<Repeatable>,
}

impl<T> RepeatableJson<T> {
    /// The body itself, and how the request is known again where it carries a key.
    pub fn into_parts(self) -> (T, Option<Repeatable>) {
        (self.body, self.repeatable)
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for RepeatableJson<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        let read = async move {
            let key = IdempotencyHeader::from_request(&request, &mut payload).await?;
            let body = document(&request, payload).await?;
            let repeatable = key.repeatable(&body);
            let body = fields::read(body)?;
            Ok(Self { body, repeatable })
        };
        read.boxed_local()
    }
}

async fn document(request: &HttpRequest, payload: Payload) -> Result<Value, ApiError> {
    require_json(request)?;
    let body = read(request, payload).await?;
    let length = body.len();
    let body = document::parse(&body)?;
    http::tell_sent(request, &body, length);
    Ok(body)
}

/// As [`StrictJson`], or no body at all, in that neither a type nor a length is announced, or `null`.
#[derive(Clone, Debug)]
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJson<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if announces_body(request) {
            let (request, payload) = (request.clone(), payload.take());
            let read = async move {
                match document(&request, payload).await? {
                    Value::Null => Ok(Self(None)),
                    body => fields::read(body).map(|body| Self(Some(body))),
                }
            };
            return read.boxed_local();
        }
        ready(Ok(Self(None))).boxed_local()
    }
}

/// Whether there is a body by the headers (RFC 9112 §6.3), or what would be its type.
fn announces_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH);
    headers.contains_key(CONTENT_TYPE)
        || headers.contains_key(TRANSFER_ENCODING)
        || length.is_some_and(|length| length.as_bytes() != b"0")
}

fn require_json(request: &HttpRequest) -> Result<(), ApiError> {
    let is_json = match request.mime_type() {
        Ok(Some(mime)) => {
            let utf_8 = mime
                .get_param("charset")
                .is_none_or(|charset| charset == "utf-8");
            mime.essence_str() == "application/json" && utf_8
        }
        Ok(None) | Err(_) => false,
    };
    if !is_json {
        return Err(ApiError::new(Code::UnsupportedMediaType));
    }
    if request.headers().contains_key(CONTENT_ENCODING) {
        return Err(ApiError::new(Code::BadRequest)
            .detail("compressed bodies are not read (hint: send it without `Content-Encoding`)"));
    }
    Ok(())
}

/// Reads the body up to the limit; one that announces more is refused unread.
pub(super) async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, ApiError> {
    let JsonLimit(limit) = request
        .app_data::<Data<JsonLimit>>()
        .map_or_else(JsonLimit::default, |limit| ***limit);
    let too_large = || {
        ApiError::new(Code::BodyTooLarge).detail(format!("the body has more than {limit} bytes"))
    };
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    match to_bytes_limited(BodyStream::new(payload), limit).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) => Err(ApiError::new(Code::BadRequest)
            .detail("the body ended early")
            .because(error.to_string())),
        Err(_over_limit) => Err(too_large()),
    }
}

#[cfg(test)]
mod tests;
