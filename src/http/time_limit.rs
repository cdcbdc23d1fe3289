//! How long a request may take.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{Error, dev::ServiceRequest};
use tokio::time::timeout;

use crate::error::{ApiError, Code};

/// What the type of a form with a file begins with.
const FORM: &[u8] = b"multipart/form-data";

/// The longest that a request may take, from its headers to its answer's. A handler that takes longer is dropped, its
/// connection closed and its place free.
///
/// PostgreSQL ends a statement that takes too long; this is for what the server cannot end, such as a connection whose
/// other side has gone without a word.
///
/// A file takes as long to arrive as the client's line makes it; what is no upload and says that it is one is refused before
/// its body is read.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit {
    /// For most.
    pub usual: Duration,
    /// For one whose body is a form with a file.
    pub upload: Duration,
}

/// A request that took too long.
#[derive(Debug, thiserror::Error)]
#[error("the request took longer than {} seconds and was given up", .0.as_secs())]
struct OutOfTime(Duration);

impl TimeLimit {
    /// How long this request may take.
    pub(super) fn of(self, request: &ServiceRequest) -> Duration {
        let content_type = request.headers().get(CONTENT_TYPE);
        let is_upload = content_type.is_some_and(|value| {
            let begin = value.as_bytes().get(..FORM.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(FORM))
        });
        if is_upload { self.upload } else { self.usual }
    }

    /// Waits for the handler, as long as it may take.
    ///
    /// # Errors
    /// `unavailable` where it takes longer; the handler's own.
    pub(super) async fn enforce<Answer>(
        limit: Duration,
        handler: impl Future<Output = Result<Answer, Error>>,
    ) -> Result<Answer, Error> {
        match timeout(limit, handler).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::new(Code::Unavailable)
                .because(OutOfTime(limit))
                .into()),
        }
    }
}
