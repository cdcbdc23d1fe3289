//! What a caller got: status, headers, body.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

/// An answer of the API, read to its end; of events, which have none, the first part.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self {
            text: text(response).await,
            status,
            headers,
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON in {self:?}"))
    }

    /// The part of the body at a JSON pointer: `/data/id`.
    pub fn at(&self, pointer: &str) -> Value {
        self.json()
            .pointer(pointer)
            .unwrap_or_else(|| panic!("nothing at {pointer} in {self:?}"))
            .clone()
    }

    /// The text at a JSON pointer.
    pub fn text_at(&self, pointer: &str) -> String {
        let value = self.at(pointer);
        value
            .as_str()
            .unwrap_or_else(|| panic!("no text at {pointer} in {self:?}"))
            .to_owned()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The stable code of a problem document.
    pub fn code(&self) -> String {
        self.text_at("/code")
    }

    /// The fields that a problem document blames, in order.
    pub fn blamed(&self) -> Vec<String> {
        let errors = self.at("/errors");
        let errors = errors.as_object().expect("faults by fields");
        errors.keys().cloned().collect()
    }

    /// The version that an update must name.
    pub fn etag(&self) -> String {
        self.header("ETag")
            .expect("the answer has an ETag")
            .to_owned()
    }

    /// Fails the test unless the status is this one.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "often the status is all that a test asks for"
    )]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:#?}");
        self
    }

    /// Fails the test unless the request was refused because the value of this field is another's already.
    pub fn expect_taken(self, field: &str) {
        let errors = self.expect_status(409).at("/errors");
        assert_eq!(errors, json!({ field: ["is already taken"] }));
    }
}

/// The statuses of two answers, the lower first: which of two requests at once comes first is open.
pub fn statuses(one: &Answer, other: &Answer) -> [u16; 2] {
    let mut statuses = [one, other].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    statuses
}

async fn text(mut response: reqwest::Response) -> String {
    let media_type = response.headers().get(CONTENT_TYPE);
    if media_type.is_none_or(|value| value != "text/event-stream") {
        return response.text().await.expect("the body is read");
    }
    let first = response.chunk().await.expect("the body is read");
    let first = first.unwrap_or_default();
    String::from_utf8_lossy(&first).into_owned()
}
