//! How long a request may take.

use std::time::Duration;

use actix_web::Error;
use tokio::time::timeout;

use crate::error::{ApiError, Code};

/// The longest that a request may take, from its headers to its answer's. A handler that takes longer is dropped, its
/// connection closed and its place free.
///
/// PostgreSQL ends a statement that takes too long; this is for what the server cannot end, such as a connection whose
/// other side has gone without a word.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit(pub Duration);

/// A request that took too long.
#[derive(Debug, thiserror::Error)]
#[error("the request took longer than {} seconds and was given up", .0.as_secs())]
struct OutOfTime(Duration);

impl TimeLimit {
    /// Waits for the handler, as long as it may take.
    ///
    /// # Errors
    /// `unavailable` where it takes longer; the handler's own.
    pub(super) async fn enforce<Answer>(
        self,
        handler: impl Future<Output = Result<Answer, Error>>,
    ) -> Result<Answer, Error> {
        match timeout(self.0, handler).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::new(Code::Unavailable)
                .because(OutOfTime(self.0))
                .into()),
        }
    }
}
