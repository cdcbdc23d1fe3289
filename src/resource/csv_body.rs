//! Tables as clients send them: CSV (RFC 4180) with a line of names.

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::json;
use crate::error::{ApiError, Code};

/// A body of the type `text/csv`, no larger than a JSON body may be.
#[derive(Debug, Clone)]
pub struct CsvBody(pub Bytes);

impl FromRequest for CsvBody {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        let read = async move {
            let is_csv = request.content_type().eq_ignore_ascii_case("text/csv");
            if !is_csv || request.headers().contains_key(CONTENT_ENCODING) {
                let detail = "the body is not plain CSV (hint: send it as `text/csv`)";
                return Err(ApiError::new(Code::UnsupportedMediaType).detail(detail));
            }
            json::read(&request, payload).await.map(Self)
        };
        read.boxed_local()
    }
}
