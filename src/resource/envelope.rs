//! The shape of every success: `{"success":true,"message":"…","data":…}`, lists with `pagination` and `Link`.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{
        StatusCode, Uri,
        header::{ETAG, LINK, LOCATION, SET_COOKIE},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ETag, KeptAnswer, PageRequest, Pagination};

/// One thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Success<T> {
    /// Always true.
    #[serde(rename = "success")]
    succeeded: bool,
    /// What was done, for people.
    message: Cow<'static, str>,
    /// The thing.
    data: T,
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    location: Option<String>,
    #[serde(skip)]
    etag: Option<ETag>,
    #[serde(skip)]
    cookie: Option<String>,
}

impl<T: Serialize> Success<T> {
    /// 200 with `data`.
    pub fn new(message: impl Into<Cow<'static, str>>, data: T) -> Self {
        Self {
            succeeded: true,
            message: message.into(),
            data,
            status: StatusCode::OK,
            location: None,
            etag: None,
            cookie: None,
        }
    }

    /// 201 with `data`, which can be read again at the path `location`.
    pub fn created(
        message: impl Into<Cow<'static, str>>,
        location: impl Into<String>,
        data: T,
    ) -> Self {
        Self {
            status: StatusCode::CREATED,
            location: Some(location.into()),
            ..Self::new(message, data)
        }
    }

    /// 202 with `data`: accepted, not done.
    pub fn accepted(message: impl Into<Cow<'static, str>>, data: T) -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            ..Self::new(message, data)
        }
    }

    /// Adds the version that the next update must name.
    #[must_use]
    pub fn etag(mut self, etag: ETag) -> Self {
        self.etag = Some(etag);
        self
    }

    /// Has a browser keep or forget a cookie: the value of `Set-Cookie`.
    #[must_use]
    pub fn cookie(mut self, cookie: Option<String>) -> Self {
        self.cookie = cookie;
        self
    }

    /// The same as text, to be kept. Cookies are not.
    ///
    /// # Errors
    /// Data that is no JSON.
    pub fn kept(&self) -> serde_json::Result<KeptAnswer> {
        Ok(KeptAnswer {
            status: self.status.as_u16(),
            location: self.location.clone(),
            etag: self.etag.as_ref().map(ETag::to_header),
            body: serde_json::to_string(self)?,
        })
    }
}

impl<T: Serialize> From<Success<T>> for HttpResponse {
    fn from(success: Success<T>) -> Self {
        let mut response = Self::build(success.status);
        if let Some(location) = &success.location {
            response.insert_header((LOCATION, location.as_str()));
        }
        if let Some(etag) = &success.etag {
            response.insert_header((ETAG, etag.to_header()));
        }
        if let Some(cookie) = &success.cookie {
            response.insert_header((SET_COOKIE, cookie.as_str()));
        }
        response.json(success)
    }
}

impl<T: Serialize> Responder for Success<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.into()
    }
}

/// The `data` of an answer that has none: null.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Nothing;

/// A page of many things.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// Always true.
    #[serde(rename = "success")]
    succeeded: bool,
    /// What was listed, for people.
    message: Cow<'static, str>,
    /// The things, in the order asked for.
    data: Vec<T>,
    /// Where this page stands.
    pagination: Pagination,
}

impl<T: Serialize> List<T> {
    /// The page `request` holding `rows` of `total`.
    pub fn new(
        message: impl Into<Cow<'static, str>>,
        rows: Vec<T>,
        request: PageRequest,
        total: i64,
    ) -> Self {
        Self {
            succeeded: true,
            message: message.into(),
            data: rows,
            pagination: Pagination::new(request, total),
        }
    }
}

impl<T: Serialize> Responder for List<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        let links = links(request.uri(), self.pagination);
        if !links.is_empty() {
            response.insert_header((LINK, links));
        }
        response.json(self)
    }
}

/// The value of `Link` (RFC 8288): the neighbours and both ends, as far as they exist.
fn links(uri: &Uri, pagination: Pagination) -> String {
    let page = i64::from(pagination.page);
    let last = pagination.pages;
    let relations = [
        ("first", 1, last > 1),
        ("prev", page - 1, page > 1 && page - 1 <= last),
        ("next", page + 1, page < last),
        ("last", last, last > 1),
    ];
    let links = relations.into_iter().filter(|(_, _, exists)| *exists);
    let links = links.map(|(relation, page, _)| {
        let target = with_page(uri, page);
        format!("<{target}>; rel=\"{relation}\"")
    });
    links.collect::<Vec<_>>().join(", ")
}

/// The same request for another page.
fn with_page(uri: &Uri, page: i64) -> String {
    let query = uri.query().unwrap_or_default().split('&');
    let kept = query.filter(|pair| !pair.is_empty() && !pair.starts_with("page="));
    let mut target = format!("{}?", uri.path());
    for pair in kept {
        target.push_str(pair);
        target.push('&');
    }
    target.push_str("page=");
    target.push_str(&page.to_string());
    target
}

#[cfg(test)]
mod tests {
    use super::{PageRequest, Pagination, links};

    fn links_of(uri: &str, page: u32, total: i64) -> String {
        let pagination = Pagination::new(PageRequest::new(page, 10), total);
        links(&uri.parse().unwrap(), pagination)
    }

    #[test]
    fn a_middle_page_links_both_ways_and_keeps_the_query() {
        assert_eq!(
            links_of("/users?q=a%26b&page=2&per_page=10", 2, 30),
            "</users?q=a%26b&per_page=10&page=1>; rel=\"first\", \
             </users?q=a%26b&per_page=10&page=1>; rel=\"prev\", \
             </users?q=a%26b&per_page=10&page=3>; rel=\"next\", \
             </users?q=a%26b&per_page=10&page=3>; rel=\"last\""
        );
    }

    #[test]
    fn a_single_page_has_no_links() {
        assert_eq!(links_of("/users", 1, 10), "");
        assert_eq!(links_of("/users", 1, 0), "");
    }

    #[test]
    fn beyond_the_end_only_the_ends_are_linked() {
        assert_eq!(
            links_of("/users?page=9", 9, 20),
            "</users?page=1>; rel=\"first\", </users?page=2>; rel=\"last\""
        );
    }
}
