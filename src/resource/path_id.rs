//! Ids in paths: what cannot be an id is a thing that does not exist.

use std::{
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::PathConfig};
use uuid::Uuid;

use crate::error::{ApiError, Code};

/// The path's `{id}`; anything but a UUID is 404 before the database is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathId(pub Uuid);

impl Deref for PathId {
    type Target = Uuid;

    fn deref(&self) -> &Uuid {
        &self.0
    }
}

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id");
        let id = id.and_then(|id| Uuid::try_parse(id).ok());
        ready(id.map(Self).ok_or(ApiError::new(Code::NotFound)))
    }
}

/// Makes `web::Path<T>`, for paths with several ids, answer 404 like [`PathId`].
pub fn path_config() -> PathConfig {
    PathConfig::default().error_handler(|_, _| ApiError::new(Code::NotFound).into())
}
