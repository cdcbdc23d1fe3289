//! Parts of a content: which one a request asks for (RFC 9110 §14).

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, EntityTag, Header as _, IfRange};

use crate::error::ApiError;

/// What of a content is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedRange {
    /// All of it.
    All,
    /// From the first of these bytes to the last, both included and both there.
    Part(u64, u64),
}

impl RequestedRange {
    /// What a request asks for of a content with this tag and as many bytes. A range that cannot be understood, or several of
    /// them, are all of it, as is a part of another version than the client has (§13.1.5, §14.2).
    ///
    /// # Errors
    /// `range_not_satisfiable` for a part that is not there.
    pub fn of(request: &HttpRequest, tag: &EntityTag, size: u64) -> Result<Self, ApiError> {
        // Only GET knows parts (§14.2).
        if request.method() != Method::GET || !is_current(request, tag) {
            return Ok(Self::All);
        }
        let Ok(header::Range::Bytes(ranges)) = header::Range::parse(request) else {
            return Ok(Self::All);
        };
        let [range] = ranges.as_slice() else {
            return Ok(Self::All);
        };
        match range.to_satisfiable_range(size) {
            Some((first, last)) => Ok(Self::Part(first, last)),
            None => Err(ApiError::range_not_satisfiable(size)),
        }
    }
}

/// Whether the version that the request has is this one, where it says which it has. By its date none is known.
fn is_current(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_RANGE) {
        return true;
    }
    matches!(IfRange::parse(request), Ok(IfRange::EntityTag(known)) if known.strong_eq(tag))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::error::Code;

    fn wanted(method: Method, headers: &[(&str, &str)]) -> Result<RequestedRange, Code> {
        let request = TestRequest::default().method(method);
        let request = headers
            .iter()
            .fold(request, |request, header| request.insert_header(*header));
        let tag = EntityTag::new_strong("tag".to_owned());
        RequestedRange::of(&request.to_http_request(), &tag, 10).map_err(|error| error.code())
    }

    #[test]
    fn one_part_is_cut_to_what_is_there() {
        for (range, part) in [
            ("bytes=0-0", (0, 0)),
            ("bytes=2-5", (2, 5)),
            ("bytes=2-", (2, 9)),
            ("bytes=2-99", (2, 9)),
            ("bytes=-3", (7, 9)),
            ("bytes=-99", (0, 9)),
        ] {
            let expected = Ok(RequestedRange::Part(part.0, part.1));
            assert_eq!(
                wanted(Method::GET, &[("Range", range)]),
                expected,
                "{range}"
            );
        }
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            let refused = wanted(Method::GET, &[("Range", range)]);
            assert_eq!(refused, Err(Code::RangeNotSatisfiable), "{range}");
        }
    }

    #[test]
    fn what_is_not_understood_is_all_of_it() {
        for range in [
            "bytes=5-2",
            "bytes=",
            "bytes=a-b",
            "lines=1-2",
            "bytes",
            "bytes=0-1,4-5",
        ] {
            assert_eq!(
                wanted(Method::GET, &[("Range", range)]),
                Ok(RequestedRange::All),
                "{range}"
            );
        }
        assert_eq!(
            wanted(Method::HEAD, &[("Range", "bytes=0-1")]),
            Ok(RequestedRange::All)
        );
    }

    #[test]
    fn a_part_of_another_version_is_all_of_this_one() {
        let with = |version| {
            wanted(
                Method::GET,
                &[("Range", "bytes=0-1"), ("If-Range", version)],
            )
        };
        assert_eq!(with("\"tag\""), Ok(RequestedRange::Part(0, 1)));
        for other in [
            "\"other\"",
            "W/\"tag\"",
            "Sat, 29 Oct 1994 19:43:31 GMT",
            "garbage",
        ] {
            assert_eq!(with(other), Ok(RequestedRange::All), "{other}");
        }
    }
}
