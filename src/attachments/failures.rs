//! What the failures of the store and of uploads become at the edge. What they are is said where they happen, without HTTP.

use super::store::StoreError;
use super::upload::UploadError;
use crate::error::{ApiError, Code};

/// A content that a row names and the store does not have is ours to find again; everything else may pass by itself.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Object(object_store::Error::NotFound { .. }) => Self::internal(error),
            _ => Self::new(Code::Unavailable).because(error),
        }
    }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Store(error) => error.into(),
            UploadError::TooLarge(_) => Self::new(Code::BodyTooLarge).detail(error.to_string()),
            UploadError::Type(error) => {
                Self::new(Code::ValidationFailed).field("file", error.to_string())
            }
        }
    }
}
