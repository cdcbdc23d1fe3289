//! The log of calls: who called what in a tenant, kept where its setting `audit.requests` asks for it.
//!
//! A call is logged after it was answered, by one task for all: rows are written in batches, and nobody waits for them. What the
//! task cannot keep up with is dropped and counted. A tenant that wants no log pays for a look into a memory.

mod recorder;
mod redaction;
mod wanted;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use self::recorder::Recorder;
pub use self::recorder::RunningRecorder;
use self::wanted::Wanted;
use crate::http::RequestContext;
use crate::platform::Platform;
use crate::tenancy::ServedTenant;

/// Calls that wait to be written.
const QUEUE: usize = 1_000;

/// Most bytes of a body that is kept; of a longer one, its length is.
const LONGEST_BODY: usize = 16 * 1024;

/// Where calls are handed over. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallLog {
    queue: mpsc::Sender<Call>,
    wanted: Wanted,
    dropped: Arc<AtomicU64>,
}

/// What was called, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Called<'call> {
    /// HTTP method.
    pub method: &'call Method,
    /// Path without the query.
    pub path: &'call str,
    /// The route's pattern.
    pub matched_path: Option<&'call str>,
    /// Address of the client.
    pub ip: Option<IpNet>,
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
    answer: Option<Bytes>,
    ip: Option<IpNet>,
    request_id: String,
    at: DateTime<Utc>,
}

impl CallLog {
    /// The log of a platform, and the task that writes it.
    pub fn start(platform: &Arc<Platform>) -> (Self, RunningRecorder) {
        let (queue, calls) = mpsc::channel(QUEUE);
        let wanted = Wanted::new(platform.changes.clone());
        let dropped = Arc::new(AtomicU64::new(0));
        let recorder = Recorder::new(platform, wanted.clone(), Arc::clone(&dropped));
        let log = Self {
            queue,
            wanted,
            dropped,
        };
        (log, recorder.start(calls))
    }

    /// Hands over a call and its answer, if the tenant may want that. Gives the answer back.
    pub fn log(
        &self,
        called: Called<'_>,
        context: &RequestContext,
        answer: HttpResponse<BoxBody>,
    ) -> HttpResponse<BoxBody> {
        let Some(tenant) = self.wanting(context) else {
            return answer;
        };
        let status = answer.status().as_u16();
        let is_json = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.as_bytes();
            kind.starts_with(b"application/json") || kind.starts_with(b"application/problem+json")
        });
        let mut kept = None;
        let answer = answer.map_body(|_, body| match body.try_into_bytes() {
            Ok(bytes) => {
                kept = is_json.then(|| bytes.clone());
                BoxBody::new(bytes)
            }
            Err(body) => body,
        });
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
            answer: kept,
            ip: called.ip,
            request_id: context.id().to_owned(),
            at: Utc::now(),
        };
        if self.queue.try_send(call).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// The request's tenant, if it is known and may want its calls logged.
    fn wanting(&self, context: &RequestContext) -> Option<Arc<ServedTenant>> {
        let tenant = context.served()?;
        self.wanted.may_be(&tenant.id).then(|| Arc::clone(tenant))
    }
}

/// Keeps what a request sends, of so many bytes, if its call may be logged.
pub fn keep_request(request: &HttpRequest, body: &Value, bytes: usize) {
    let Some(log) = request.app_data::<Data<CallLog>>() else {
        return;
    };
    if let Ok(context) = RequestContext::of(request)
        && log.wanting(&context).is_some()
    {
        context.keep_body(if bytes > LONGEST_BODY {
            omitted(bytes)
        } else {
            body.clone()
        });
    }
}

/// What is kept of a body that is too long.
fn omitted(bytes: usize) -> Value {
    json!({ "omitted_bytes": bytes })
}
