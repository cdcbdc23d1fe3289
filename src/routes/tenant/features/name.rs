//! The name of a feature flag in a path.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::error::{ApiError, Code};

/// Longest name, in characters; the flag's column holds no longer one.
const LONGEST: usize = 128;

/// The path's `{flag}`: a small letter, and more of them, digits, `_`, `-` and dots. Anything else is 404 before the tenant's
/// flags are looked at.
#[derive(Debug)]
pub(super) struct FlagName(String);

impl FlagName {
    /// The answer where there is no such flag.
    pub(super) fn unknown(&self) -> ApiError {
        let detail = format!(
            "there is no feature flag `{}` (hint: make it by PUT with `If-Match: *`)",
            self.0
        );
        ApiError::new(Code::NotFound).detail(detail)
    }
}

impl Deref for FlagName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromRequest for FlagName {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = request.match_info().get("flag");
        let name = name.filter(|name| is_name(name)).map(str::to_owned);
        ready(name.map(Self).ok_or(ApiError::new(Code::NotFound)))
    }
}

fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || [b'_', b'-', b'.'].contains(&byte)
    };
    let begins_well = text.starts_with(|first: char| first.is_ascii_lowercase());
    begins_well && text.len() <= LONGEST && text.bytes().all(is_allowed)
}
