//! Paths that lead nowhere.

use std::future::{Ready, ready};

use actix_web::HttpResponse;

use crate::error::{ApiError, Code};

/// 404 for every path without an endpoint; the application's default service.
pub fn not_found() -> Ready<Result<HttpResponse, ApiError>> {
    ready(Err(ApiError::new(Code::NotFound).detail(
        "there is no endpoint at this path (hint: `GET /openapi.json` lists them)",
    )))
}
