//! The API audit log: who called what in a tenant, kept where its setting `audit.requests` asks for it.
//!
//! A call is logged after it was answered, by one task for all: rows are written in batches, and nobody waits for them. What the
//! task cannot keep up with is dropped and counted. A tenant that wants no log pays for a look into a memory.

mod recorder;
mod redaction;
mod wishes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use self::recorder::Recorder;
use self::wishes::Wishes;
use crate::http::{Called, RequestContext, Witness};
use crate::identity::client::Client;
use crate::platform::Platform;
use crate::task::StoppableTask;
use crate::tenancy::ServedTenant;

/// Calls that wait to be written. With bodies as long as they may be that is 32 MiB of JSON.
const QUEUE: usize = 1_000;

/// Most bytes of a body that is kept; of a longer one, its length is.
const LONGEST_BODY: usize = 16 * 1024;

/// Where calls are handed over.
#[derive(Debug)]
pub struct CallQueue {
    queue: mpsc::Sender<Call>,
    wishes: Wishes,
    dropped: Arc<AtomicU64>,
}

/// A call that was answered.
#[derive(Debug)]
struct Call {
    tenant: Arc<ServedTenant>,
    method: String,
    path: String,
    status: u16,
    duration: Duration,
    user: Option<Uuid>,
    request: Option<Value>,
    answer: Option<Body>,
    ip: Option<IpNet>,
    request_id: String,
    at: DateTime<Utc>,
}

/// The JSON of an answer.
#[derive(Debug)]
enum Body {
    /// All of it.
    Whole(Bytes),
    /// So many bytes, more than are kept.
    TooLong(usize),
}

impl CallQueue {
    /// The log of a platform, and the task that writes it.
    pub fn start(platform: &Arc<Platform>) -> (Arc<dyn Witness>, StoppableTask) {
        let (queue, calls) = mpsc::channel(QUEUE);
        let wishes = Wishes::new(platform.changes.clone());
        let dropped = Arc::new(AtomicU64::new(0));
        let recorder = Recorder::new(platform, wishes.clone(), Arc::clone(&dropped));
        let log = Self {
            queue,
            wishes,
            dropped,
        };
        (Arc::new(log), recorder.start(calls))
    }

    /// The request's tenant, if it is known and may want its calls logged.
    fn wanting(&self, context: &RequestContext) -> Option<Arc<ServedTenant>> {
        let tenant = context.tenant()?;
        self.wishes.may_want(&tenant.id).then(|| Arc::clone(tenant))
    }
}

/// A call of a tenant that may want that is handed over.
impl Witness for CallQueue {
    fn sent(&self, body: &Value, bytes: usize, context: &RequestContext) {
        if self.wanting(context).is_some() {
            context.keep_body(if bytes > LONGEST_BODY {
                omitted(bytes)
            } else {
                body.clone()
            });
        }
    }

    fn answered(
        &self,
        called: Called<'_>,
        context: &RequestContext,
        answer: HttpResponse<BoxBody>,
    ) -> HttpResponse<BoxBody> {
        let Some(tenant) = self.wanting(context) else {
            return answer;
        };
        let status = answer.status().as_u16();
        let (answer, body) = with_body(answer);
        let call = Call {
            tenant,
            method: called.method.to_string(),
            path: redaction::path(called.path, called.matched_path).replace('\0', ""),
            status,
            duration: context.elapsed(),
            user: context.user().and_then(|user| user.parse().ok()),
            request: context
                .take_body()
                .filter(|_| redaction::is_understood(status)),
            answer: body,
            ip: called.request.and_then(|request| Client::of(request).ip),
            request_id: context.id().to_owned(),
            at: Utc::now(),
        };
        if self.queue.try_send(call).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }
}

/// An answer and what of its body is kept: nothing of what is no JSON, or comes bit by bit.
fn with_body(answer: HttpResponse<BoxBody>) -> (HttpResponse<BoxBody>, Option<Body>) {
    let is_json = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.starts_with(b"application/json") || kind.starts_with(b"application/problem+json")
    });
    let mut kept = None;
    let answer = answer.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => {
            kept = is_json.then(|| match bytes.len() {
                length if length > LONGEST_BODY => Body::TooLong(length),
                _ => Body::Whole(bytes.clone()),
            });
            BoxBody::new(bytes)
        }
        Err(body) => body,
    });
    (answer, kept)
}

/// What is kept of a body that is too long.
fn omitted(bytes: usize) -> Value {
    json!({ "omitted_bytes": bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(length: usize) -> (Option<Body>, usize) {
        let text = "1".repeat(length);
        let answer = HttpResponse::Ok()
            .content_type("application/json")
            .body(text);
        let (answer, body) = with_body(answer);
        (body, answer.into_body().try_into_bytes().unwrap().len())
    }

    #[test]
    fn of_a_long_answer_the_length_is_kept_and_the_whole_is_sent() {
        let (body, sent) = kept(LONGEST_BODY);
        assert!(matches!(body, Some(Body::Whole(bytes)) if bytes.len() == LONGEST_BODY));
        assert_eq!(sent, LONGEST_BODY);
        let (body, sent) = kept(LONGEST_BODY + 1);
        assert!(matches!(body, Some(Body::TooLong(length)) if length == LONGEST_BODY + 1));
        assert_eq!(sent, LONGEST_BODY + 1);
    }
}
