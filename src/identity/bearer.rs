//! The bearer token of a request (RFC 6750 §2.1): from the `Authorization` header, and from nowhere else.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use crate::error::{ApiError, Code};

/// Longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 8 * 1024;

/// The token of the request.
///
/// # Errors
/// `not_authenticated` without a header, `invalid_token` with a malformed one, `bad_request` with two.
pub fn token(request: &HttpRequest) -> Result<&str, ApiError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers
        .next()
        .ok_or_else(|| ApiError::new(Code::NotAuthenticated))?;
    if headers.next().is_some() {
        return Err(
            ApiError::new(Code::BadRequest).detail("the header `Authorization` is given twice")
        );
    }
    let text = header
        .to_str()
        .ok()
        .filter(|text| text.len() <= LONGEST_TOKEN);
    let (scheme, token) = text
        .and_then(|text| text.split_once(' '))
        .ok_or_else(|| ApiError::new(Code::InvalidToken))?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(ApiError::new(Code::InvalidToken))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn refusal(headers: &[&str]) -> Option<Code> {
        let request = headers
            .iter()
            .fold(TestRequest::default(), |request, value| {
                request.append_header(("Authorization", *value))
            });
        token(&request.to_http_request())
            .err()
            .map(|error| error.code())
    }

    #[test]
    fn only_one_well_formed_header_is_read() {
        assert_eq!(refusal(&["Bearer abc"]), None);
        assert_eq!(refusal(&[]), Some(Code::NotAuthenticated));
        assert_eq!(refusal(&["Bearer"]), Some(Code::InvalidToken));
        assert_eq!(refusal(&["Bearer "]), Some(Code::InvalidToken));
        assert_eq!(refusal(&["Basic abc"]), Some(Code::InvalidToken));
        assert_eq!(
            refusal(&[&format!("Bearer {}", "a".repeat(16 * 1024))]),
            Some(Code::InvalidToken)
        );
        assert_eq!(
            refusal(&["Bearer abc", "Bearer abc"]),
            Some(Code::BadRequest)
        );
    }
}
