//! Uploads as clients send them: `multipart/form-data` (RFC 7578) with one file, which goes into the store as it comes.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, Stream, StreamExt};
use serde_json::json;
use tokio::time::timeout;

use super::upload::{Upload, UploadError, Uploaded};
use crate::error::{ApiError, Code};
use crate::identity::signed_in::SignedIn;
use crate::resource::{IdempotencyHeader, Repeatable};
use crate::store::AttachmentStore;

/// The field that has the file.
const FILE: &str = "file";

/// Most bytes of a field that is no file.
const LONGEST_TEXT: usize = 16 * 1024;

/// Bytes that a body may have beyond the file: its other fields, and what separates them.
const BEYOND_FILE: u64 = 64 * 1024;

/// How long a client may pause.
const IDLE: Duration = Duration::from_secs(30);

/// A form with a file, not read yet.
pub struct UploadForm {
    multipart: Multipart,
    key: IdempotencyHeader,
    /// Bytes of the body, if it says so.
    announced: Option<u64>,
}

impl std::fmt::Debug for UploadForm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("UploadForm")
    }
}

/// A form that was read, its file stored.
#[derive(Debug)]
pub struct Received {
    /// The fields beside the file, by name.
    pub fields: BTreeMap<String, String>,
    /// The file.
    pub file: Uploaded,
    /// What the client calls the file, as it came.
    pub file_name: Option<String>,
    /// How the request is known again, where it carries a key.
    pub request: Option<Repeatable>,
}

impl UploadForm {
    /// Bytes that the file has at least, as far as the length of the body tells.
    pub fn least_bytes(&self) -> u64 {
        let announced = self.announced.unwrap_or_default();
        announced.saturating_sub(BEYOND_FILE)
    }

    /// Whether this may be the repetition of an upload that was done: its answer is known only when it was read.
    pub fn is_repeatable(&self) -> bool {
        self.key.is_given()
    }

    /// Refuses a file that is certainly larger than any may be.
    ///
    /// # Errors
    /// `body_too_large`.
    pub fn require_size(&self, store: &AttachmentStore) -> Result<(), ApiError> {
        if self.least_bytes() > store.most_bytes {
            return Err(UploadError::TooLarge(store.most_bytes).into());
        }
        Ok(())
    }

    /// Reads the form, which may have the fields `known` beside the file, each once, and stores the file for the caller, where
    /// `admit` has nothing against it by the fields before it. No connection to the database is held meanwhile.
    ///
    /// # Errors
    /// The error of `admit`; `bad_request` for what is no form, or is cut off; `validation_failed` for fields that are not
    /// known, given twice or missing; and what [`UploadError`] becomes.
    pub async fn receive(
        mut self,
        known: &[&str],
        caller: &SignedIn,
        store: &AttachmentStore,
        admit: impl AsyncFn(&BTreeMap<String, String>) -> Result<(), ApiError>,
    ) -> Result<Received, ApiError> {
        let (mut fields, mut file) = (BTreeMap::new(), None);
        while let Some(field) = next(&mut self.multipart).await? {
            let name = field.name().unwrap_or_default().to_owned();
            if name != FILE && !known.contains(&name.as_str()) {
                return Err(faulty(&name, "is not known"));
            }
            if fields.contains_key(&name) || (name == FILE && file.is_some()) {
                return Err(faulty(&name, "is given twice"));
            }
            if name == FILE {
                admit(&fields).await?;
                file = Some(receive_file(field, caller, store).await?);
            } else {
                fields.insert(name, text(field).await?);
            }
        }
        let (file, file_name) = file.ok_or_else(|| faulty(FILE, "is required"))?;
        let told =
            json!({ "fields": fields, "file_name": file_name, "sha256": file.content().sha256 });
        Ok(Received {
            request: self.key.repeatable(&told),
            fields,
            file,
            file_name,
        })
    }
}

impl FromRequest for UploadForm {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        let read = async move {
            let is_form = request
                .content_type()
                .eq_ignore_ascii_case("multipart/form-data");
            if !is_form || request.headers().contains_key(CONTENT_ENCODING) {
                let detail =
                    "the body is not a plain form (hint: send it as `multipart/form-data`)";
                return Err(ApiError::new(Code::UnsupportedMediaType).detail(detail));
            }
            let announced = request.headers().get(CONTENT_LENGTH);
            Ok(Self {
                key: IdempotencyHeader::from_request(&request, &mut payload).await?,
                announced: announced.and_then(|length| length.to_str().ok()?.parse().ok()),
                multipart: Multipart::new(request.headers(), payload),
            })
        };
        read.boxed_local()
    }
}

async fn receive_file(
    mut field: Field,
    caller: &SignedIn,
    store: &AttachmentStore,
) -> Result<(Uploaded, Option<String>), ApiError> {
    let disposition = field.content_disposition();
    let name = disposition.and_then(|value| {
        let extended = value.get_filename_ext();
        let extended = extended.and_then(|name| String::from_utf8(name.value.clone()).ok());
        extended.or_else(|| value.get_filename().map(str::to_owned))
    });
    let declared = field.content_type().map(ToString::to_string);
    let tenant = &caller.tenant().id;
    let upload = Upload::begin(store, tenant, declared).await;
    let mut upload = upload.map_err(UploadError::from)?;
    while let Some(bytes) = next(&mut field).await? {
        upload.write(&bytes).await?;
    }
    let uploader = caller.access().user.id;
    Ok((upload.finish(Some(uploader)).await?, name))
}

async fn text(mut field: Field) -> Result<String, ApiError> {
    let name = field.name().unwrap_or_default().to_owned();
    let mut text = Vec::new();
    while let Some(bytes) = next(&mut field).await? {
        text.extend_from_slice(&bytes);
        if text.len() > LONGEST_TEXT {
            return Err(faulty(&name, "is too long"));
        }
    }
    String::from_utf8(text).or(Err(faulty(&name, "is not UTF-8")))
}

/// The next part of a body. A client that pauses for too long has gone.
async fn next<T>(
    parts: &mut (impl Stream<Item = Result<T, MultipartError>> + Unpin),
) -> Result<Option<T>, ApiError> {
    let unreadable = |error: &str| {
        ApiError::new(Code::BadRequest)
            .detail("the body is no form with a file, or ended early")
            .because(error.to_owned())
    };
    match timeout(IDLE, parts.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(part))) => Ok(Some(part)),
        Ok(Some(Err(error))) => Err(unreadable(&error.to_string())),
        Err(_) => Err(unreadable("the client paused for too long")),
    }
}

fn faulty(field: &str, message: &str) -> ApiError {
    ApiError::new(Code::ValidationFailed).field(field, message)
}
