//! A content on its way to a client: all of it or a part, as it comes out of the store.

use std::fmt::Write as _;

use actix_web::body::SizedStream;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, EntityTag};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use platform_schema::TenantId;
use tenant_schema::tools::AttachmentVersion;

use super::file_name::disposition;
use super::range::RequestedRange;
use crate::error::ApiError;
use crate::store::AttachmentStore;

/// A hash as text.
pub fn hex(bytes: &[u8]) -> String {
    let text = String::with_capacity(bytes.len().saturating_mul(2));
    bytes.iter().fold(text, |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Answers a request with what it asks for of a version, as a file called `name`. Its tag is the hash of the content.
///
/// # Errors
/// `range_not_satisfiable`, or a store that fails before the first byte.
pub async fn deliver(
    request: &HttpRequest,
    tenant: &TenantId,
    name: &str,
    version: &AttachmentVersion,
    store: &AttachmentStore,
) -> Result<HttpResponse, ApiError> {
    let size = u64::try_from(version.size).unwrap_or_default();
    let tag = EntityTag::new_strong(hex(&version.sha256));
    let (mut response, range) = match RequestedRange::of(request, &tag, size)? {
        RequestedRange::All => (HttpResponse::Ok(), 0..size),
        RequestedRange::Part(first, last) => {
            let mut response = HttpResponse::PartialContent();
            let part = format!("bytes {first}-{last}/{size}");
            response.insert_header((CONTENT_RANGE, part));
            (response, first..last.saturating_add(1))
        }
    };
    response
        .insert_header((CONTENT_TYPE, version.content_type.as_str()))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((ETAG, tag.to_string()))
        .insert_header(disposition(name));
    let length = range.end.saturating_sub(range.start);
    if length == 0 {
        return Ok(response.finish());
    }
    if request.method() == Method::HEAD {
        // As long as the content, and nothing of it is read.
        let nothing = stream::empty::<Result<Bytes, std::io::Error>>();
        return Ok(response.body(SizedStream::new(length, nothing)));
    }
    let content = store.read(tenant, version.object_id, range).await?;
    Ok(response.body(SizedStream::new(length, content)))
}
