//! What the failures of passwords, tokens and seals become at the edge. What they are is said where they happen, without HTTP.

use super::password::PasswordError;
use super::sealing::SealError;
use super::token::TokenError;
use crate::error::{ApiError, Code};

impl From<SealError> for ApiError {
    fn from(error: SealError) -> Self {
        Self::internal(error)
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::new(Code::InvalidToken).because(error)
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Overloaded => Self::new(Code::Overloaded),
            error => Self::internal(error),
        }
    }
}
