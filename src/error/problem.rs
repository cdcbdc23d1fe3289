//! The body of every error response: a problem document (RFC 9457) with Rowhouse's own members.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, FieldErrors};

/// An error as clients read it, sent as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem<'a> {
    /// `urn:rowhouse:error:<code>`: a name, not an address; the codes are explained in `docs/API.md`.
    #[schema(example = "urn:rowhouse:error:not_found")]
    r#type: String,
    /// The public sentence of the code, the same for every occurrence.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened this time.
    detail: &'a str,
    /// The path that was asked for, without its query.
    instance: &'a str,
    /// The stable name to match on.
    #[schema(example = "not_found")]
    code: &'static str,
    /// Ties the answer to the server's log; also in the `X-Request-ID` header.
    request_id: &'a str,
    /// Always false: tells an error from a success without looking at the status.
    success: bool,
    /// The same as `detail`, where a success has its message.
    message: &'a str,
    /// Field path → what is wrong with it.
    #[serde(skip_serializing_if = "FieldErrors::is_empty")]
    #[schema(required = false, value_type = BTreeMap<String, Vec<String>>)]
    errors: &'a FieldErrors,
}

impl<'a> Problem<'a> {
    /// The media type of RFC 9457.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// Describes `error`, met by request `request_id` at the path `instance`.
    pub fn new(error: &'a ApiError, instance: &'a str, request_id: &'a str) -> Self {
        let code = error.code();
        Self {
            r#type: format!("urn:rowhouse:error:{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            detail: error.public_detail(),
            instance,
            code: code.as_str(),
            request_id,
            success: false,
            message: error.public_detail(),
            errors: error.field_errors(),
        }
    }

    /// The document as text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
