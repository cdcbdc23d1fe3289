//! What the failures of this room become at the edge. What they are is said where they happen, without HTTP.

use super::upload::UploadError;
use crate::error::{ApiError, Code};

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
