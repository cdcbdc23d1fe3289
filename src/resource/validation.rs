//! Collects every fault of a request, so that the client mends them in one go.

use std::fmt::Display;

use crate::error::{ApiError, Code, FieldErrors};

/// Faults found so far.
#[derive(Debug, Default)]
#[must_use = "call `finish` to refuse the request"]
pub struct Validation {
    faults: FieldErrors,
}

impl Validation {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a fault of `field`, e.g. `validation.field("email", "is not an e-mail address")`.
    pub fn field(&mut self, field: impl Into<String>, message: impl Into<String>) -> &mut Self {
        self.faults
            .entry(field.into())
            .or_default()
            .push(message.into());
        self
    }

    /// Records a fault of `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, message: &str) -> &mut Self {
        if holds {
            return self;
        }
        self.field(field, message)
    }

    /// Takes what was checked elsewhere, or records its fault: `validation.take("email", email::normalize(text))`.
    pub fn take<T, E: Display>(&mut self, field: &str, checked: Result<T, E>) -> Option<T> {
        let fault = match checked {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        self.field(field, fault.to_string());
        None
    }

    /// Ends the check: 422 `validation_failed` with all faults, if there are any.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(self.into_error())
    }

    /// 422 `validation_failed` with the faults found.
    pub(super) fn into_error(self) -> ApiError {
        ApiError::new(Code::ValidationFailed).fields(self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::Validation;

    #[test]
    fn all_faults_are_reported_at_once() {
        let mut validation = Validation::new();
        validation
            .field("email", "is not an e-mail address")
            .require(false, "name", "must not be empty")
            .require(false, "name", "must not be a number")
            .require(true, "locale", "is not known");
        let error = validation.finish().unwrap_err();
        assert_eq!(error.field_errors().len(), 2);
        assert_eq!(error.field_errors()["name"].len(), 2);
    }

    #[test]
    fn no_fault_is_fine() {
        assert!(Validation::new().finish().is_ok());
    }
}
