//! Answers of any length in little memory: made part by part while they are sent.

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use crate::error::ApiError;

/// An answer that is made in parts.
pub trait LongAnswer: Sized + 'static {
    /// What it is, for the log.
    const NAME: &'static str;

    /// The next part, which is not empty, if there is one. An empty part would end the answer as it is encoded (RFC 9112 §7.1).
    ///
    /// # Errors
    /// Whatever keeps it from being made: the answer is broken off.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, ApiError>>;

    /// The body, of which nothing is made before the client takes it. An error ends it without its proper end, by which the
    /// client knows.
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, ApiError>> + 'static {
        try_unfold(self, async |mut answer| match answer.next().await {
            Ok(part) => Ok(part.map(|part| (part, answer))),
            Err(error) => {
                let code = error.code().as_str();
                tracing::warn!(code, answer = Self::NAME, "an answer was broken off");
                Err(error)
            }
        })
    }
}
