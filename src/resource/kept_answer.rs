//! An answer that is kept, to be given again word for word.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Serialize};

/// The answer to a creation: its status, the headers that tell of what was created, and its body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// HTTP status.
    pub(super) status: u16,
    /// Where what was created can be read.
    pub(super) location: Option<String>,
    /// Its version.
    pub(super) etag: Option<String>,
    /// The body: JSON.
    pub(super) body: String,
}

impl std::fmt::Debug for KeptAnswer {
    /// Without the body, which may hold a secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("KeptAnswer");
        shown.field("status", &self.status).finish_non_exhaustive()
    }
}

impl Responder for KeptAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        // It was made of a status, and is given with no other.
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::CREATED);
        let mut response = HttpResponse::build(status);
        response.insert_header(ContentType::json());
        if let Some(location) = &self.location {
            response.insert_header((LOCATION, location.as_str()));
        }
        if let Some(etag) = &self.etag {
            response.insert_header((ETAG, etag.as_str()));
        }
        response.body(self.body)
    }
}
