//! The name of a setting in a path.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use crate::error::{ApiError, Code};
use crate::identity::setting_changes::SettingName;
use crate::settings::LONGEST_KEY;

/// The path's `{key}`: the id of a row where it is a UUID, which no name is.
#[derive(Debug)]
pub(super) struct PathName(SettingName);

impl Deref for PathName {
    type Target = SettingName;

    fn deref(&self) -> &SettingName {
        &self.0
    }
}

impl FromRequest for PathName {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request.match_info().get("key").unwrap_or_default();
        if let Ok(id) = Uuid::try_parse(key) {
            return ready(Ok(Self(SettingName::Id(id))));
        }
        if !is_name(key) {
            return ready(Err(ApiError::new(Code::NotFound).detail(NO_NAME)));
        }
        ready(Ok(Self(SettingName::Key(key.to_owned()))))
    }
}

/// The answer to what cannot be a name.
const NO_NAME: &str = "no setting has a name like this (hint: `GET settings` lists them)";

/// Whether a setting could have this name; what could not is 404 before the database is asked.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || [b'_', b'.'].contains(&byte)
    };
    (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(is_allowed)
}
