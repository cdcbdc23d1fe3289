//! Versions of a resource: `ETag` out, `If-Match` in (RFC 9110 §8.8.3, §13.1.1).

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, EntityTag},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error::{ApiError, Code};

/// The version of one row: a strong tag that changes with every update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(EntityTag);

impl ETag {
    /// The tag of the row `id` as of its last update, to the microsecond PostgreSQL keeps.
    pub fn of(id: Uuid, updated_at: DateTime<Utc>) -> Self {
        let version = updated_at.timestamp_micros();
        Self(EntityTag::new_strong(format!(
            "{}-{version:x}",
            id.simple()
        )))
    }

    /// As it stands in the header, with its quotes.
    pub fn to_header(&self) -> String {
        self.0.to_string()
    }
}

/// The versions a client is willing to change; 428 if it does not say.
#[derive(Clone, Debug)]
pub struct IfMatch(header::IfMatch);

impl IfMatch {
    /// Whether any version will do.
    pub fn is_any(&self) -> bool {
        matches!(&self.0, header::IfMatch::Any)
    }

    /// Refuses with 412 if the row has moved on; ask inside the transaction that holds the row's lock.
    pub fn check(&self, current: &ETag) -> Result<(), ApiError> {
        let matches = match &self.0 {
            header::IfMatch::Any => true,
            header::IfMatch::Items(tags) => tags.iter().any(|tag| tag.strong_eq(&current.0)),
        };
        if matches {
            return Ok(());
        }
        Err(ApiError::new(Code::PreconditionFailed))
    }
}

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(header::IF_MATCH) {
            return ready(Err(ApiError::new(Code::PreconditionRequired)));
        }
        let header = request.get_header::<header::IfMatch>().ok_or_else(|| {
            ApiError::new(Code::BadRequest).detail("header `If-Match` is malformed")
        });
        ready(header.map(Self))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{FromRequest, dev::Payload, test::TestRequest};
    use chrono::DateTime;
    use uuid::Uuid;

    use super::{ETag, IfMatch};
    use crate::error::Code;

    fn tag(micros: i64) -> ETag {
        ETag::of(
            Uuid::nil(),
            DateTime::from_timestamp_micros(micros).unwrap(),
        )
    }

    async fn refusal(header: Option<&str>) -> Option<Code> {
        let mut request = TestRequest::default();
        if let Some(header) = header {
            request = request.insert_header(("If-Match", header));
        }
        let request = request.to_http_request();
        let outcome = match IfMatch::from_request(&request, &mut Payload::None).await {
            Ok(if_match) => if_match.check(&tag(255)),
            Err(error) => Err(error),
        };
        outcome.err().map(|error| error.code())
    }

    #[test]
    fn a_tag_is_strong_and_changes_with_the_row() {
        assert_eq!(
            tag(255).to_header(),
            r#""00000000000000000000000000000000-ff""#
        );
        assert_ne!(tag(255), tag(256));
    }

    #[actix_web::test]
    async fn an_update_needs_the_version_it_read() {
        assert_eq!(refusal(None).await, Some(Code::PreconditionRequired));
        assert_eq!(refusal(Some("*")).await, None);
        assert_eq!(refusal(Some(&tag(255).to_header())).await, None);
        let several = format!("\"other\", {}", tag(255).to_header());
        assert_eq!(refusal(Some(&several)).await, None);
        let stale = tag(254).to_header();
        assert_eq!(refusal(Some(&stale)).await, Some(Code::PreconditionFailed));
        let weak = format!("W/{}", tag(255).to_header());
        assert_eq!(refusal(Some(&weak)).await, Some(Code::PreconditionFailed));
        assert_eq!(
            refusal(Some("garbage")).await,
            Some(Code::PreconditionFailed)
        );
    }
}
