//! The one error type that becomes a response, and how lower layers turn into it.
//!
//! Each layer has its own error: queries return `QueryResult`, domain code an enum without HTTP in it, binaries
//! `anyhow`. [`ApiError`] is the only [`ResponseError`]; `Display` is its public half, `source()` the internal one.
//! The response made here has a status and headers but no body: [`observe()`](crate::http::observe()) writes the problem
//! document, because it alone knows request id and path, and logs the chain of sources once.

mod code;
mod layers;
mod outage;
mod problem;

pub use self::{code::Code, problem::Problem};

use std::{borrow::Cow, collections::BTreeMap, error::Error as StdError, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, CONTENT_RANGE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Field path (`address.city`) → what is wrong with it, one sentence per fault.
pub type FieldErrors = BTreeMap<String, Vec<String>>;

/// A refusal or failure on its way to the client.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: Option<Cow<'static, str>>,
    fields: FieldErrors,
    headers: Vec<(HeaderName, Cow<'static, str>)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// An error that says what the table of codes says.
    pub fn new(code: Code) -> Self {
        let mut error = Self {
            code,
            detail: None,
            fields: FieldErrors::new(),
            headers: Vec::new(),
            source: None,
        };
        if let Some(challenge) = code.challenge() {
            error = error.header(WWW_AUTHENTICATE, challenge);
        }
        match code.retry_after() {
            Some(delay) => error.retry_after(delay),
            None => error,
        }
    }

    /// A failure of ours: the client learns nothing but the request id, the log gets `source`.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::Internal).because(source)
    }

    /// A path that exists, asked with a method it does not have; `allowed` as in `GET, HEAD`.
    pub fn method_not_allowed(allowed: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::MethodNotAllowed).header(ALLOW, allowed)
    }

    /// A part of a content that is not there; `size` is how many bytes are (RFC 9110 §15.5.17).
    pub fn range_not_satisfiable(size: u64) -> Self {
        Self::new(Code::RangeNotSatisfiable).header(CONTENT_RANGE, format!("bytes */{size}"))
    }

    /// Says what happened this time. Ignored for 5xx, whose public sentence is fixed.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a fault of one field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.fields
            .entry(field.into())
            .or_default()
            .push(message.into());
        self
    }

    /// Replaces the faults of all fields.
    #[must_use]
    pub fn fields(mut self, fields: FieldErrors) -> Self {
        self.fields = fields;
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Tells the client when to come back, in whole seconds rounded up, at least one (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(self, delay: Duration) -> Self {
        let part_of_a_second = u64::from(delay.subsec_nanos() > 0);
        let seconds = delay.as_secs().saturating_add(part_of_a_second).max(1);
        self.header(RETRY_AFTER, seconds.to_string())
    }

    /// The row of the table of codes.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The faults by field; empty for most codes.
    pub fn field_errors(&self) -> &FieldErrors {
        &self.fields
    }

    /// What the client may read about this occurrence.
    pub fn public_detail(&self) -> &str {
        match &self.detail {
            Some(detail) if !self.code.status().is_server_error() => detail,
            _ => self.code.title(),
        }
    }

    fn header(mut self, name: HeaderName, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.public_detail())
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| -> &(dyn StdError + 'static) { source })
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((name, value.as_ref()));
        }
        response.finish()
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// A missing row is 404, a lost connection 503; a violated constraint is ours to fix until
/// [`OnConstraint::on_constraint`] names its field.
impl From<DieselError> for ApiError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => Self::new(Code::NotFound),
            failure => Self::new(outage::of_query(failure)).because(error),
        }
    }
}

/// Blames a field for a violated constraint.
pub trait OnConstraint<T> {
    /// Turns a violation of `constraint` into a fault of `field`, e.g.
    /// `.on_constraint("users_email_key", "email", "is already taken")`; chain one call per constraint.
    ///
    /// Duplicates become 409 `conflict`, other violations 422 `validation_failed`; every other error passes
    /// unchanged. Constraints are known by name, never by message text, which PostgreSQL translates.
    fn on_constraint(self, constraint: &str, field: &str, message: &str) -> Result<T, ApiError>;
}

impl<T, E: Into<ApiError>> OnConstraint<T> for Result<T, E> {
    fn on_constraint(self, constraint: &str, field: &str, message: &str) -> Result<T, ApiError> {
        self.map_err(|error| {
            let error = error.into();
            match violation(&error, constraint) {
                Some(code) => ApiError::new(code).field(field, message),
                None => error,
            }
        })
    }
}

/// The code for a violation of exactly this constraint.
fn violation(error: &ApiError, constraint: &str) -> Option<Code> {
    let source = error.source.as_deref()?.downcast_ref::<DieselError>()?;
    let DieselError::DatabaseError(kind, information) = source else {
        return None;
    };
    if information.constraint_name() != Some(constraint) {
        return None;
    }
    match kind {
        DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ExclusionViolation => {
            Some(Code::Conflict)
        }
        _ => Some(Code::ValidationFailed),
    }
}

#[cfg(test)]
mod tests;
