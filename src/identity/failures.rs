//! What the failures of this room become at the edge. What they are is said where they happen, without HTTP.

use super::token::TokenError;
use crate::error::{ApiError, Code};

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::new(Code::InvalidToken).because(error)
    }
}
