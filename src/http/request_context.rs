//! What is known about a request besides its content: its id, its trace, and for whom it is made.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt::Display,
    future::{Ready, ready},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{HeaderMap, HeaderName},
};
use serde_json::Value;
use uuid::Uuid;

use super::Trace;
use crate::error::ApiError;
use crate::rate::RateStanding;
use crate::tenancy::{Ledger, ServedTenant, SettleError};

/// The header that carries the request's id, both ways.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The context of one request; clones share it. An extractor, and [`RequestContext::of`] within extractors.
#[derive(Clone, Debug)]
pub struct RequestContext(Rc<Known>);

#[derive(Debug)]
struct Known {
    id: String,
    trace: Trace,
    started: Instant,
    /// How long connections were waited for.
    queue: Cell<Duration>,
    tenant: OnceCell<Arc<ServedTenant>>,
    user: OnceCell<String>,
    ledger: OnceCell<Ledger>,
    rates: RefCell<Vec<RateStanding>>,
    /// What was sent, where the call is logged.
    body: RefCell<Option<Value>>,
}

impl RequestContext {
    /// The context of a request that arrives now with these headers.
    pub(super) fn begin(headers: &HeaderMap) -> Self {
        let id = only(headers, &X_REQUEST_ID).filter(|id| is_sane(id));
        let trace = only(headers, &TRACEPARENT).and_then(Trace::parse);
        Self(Rc::new(Known {
            id: id.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned),
            trace: trace.unwrap_or_else(Trace::begin),
            started: Instant::now(),
            queue: Cell::default(),
            tenant: OnceCell::new(),
            user: OnceCell::new(),
            ledger: OnceCell::new(),
            rates: RefCell::default(),
            body: RefCell::default(),
        }))
    }

    /// The context of `request`; an internal error if it did not pass [`observe()`](crate::http::observe()).
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let context = request.extensions().get::<Self>().cloned();
        context.ok_or_else(|| ApiError::internal("the request passed no `observe` middleware"))
    }

    /// The request's id: the caller's if it is sane, ours otherwise.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The trace to carry on in calls to other services.
    pub fn trace(&self) -> &Trace {
        &self.0.trace
    }

    /// Puts the tenant's id into the request's log event, and has the call logged where the tenant wants that; the first one stays.
    pub fn record_tenant(&self, tenant: &Arc<ServedTenant>) {
        self.0.tenant.get_or_init(|| Arc::clone(tenant));
    }

    /// Puts the user's id into the request's log event; the first one stays.
    pub fn record_user(&self, id: impl Display) {
        self.0.user.get_or_init(|| id.to_string());
    }

    /// Adds to the time that the request has waited for connections.
    pub fn record_queue(&self, waited: Duration) {
        self.0.queue.set(self.0.queue.get().saturating_add(waited));
    }

    /// Has the answer say what is left of a rate that the request counts against.
    pub fn record_rate(&self, standing: RateStanding) {
        self.0.rates.borrow_mut().push(standing);
    }

    /// What is left of the rates, in the order in which they were counted.
    pub(super) fn rates(&self) -> Vec<RateStanding> {
        self.0.rates.borrow().clone()
    }

    pub(super) fn queue(&self) -> Duration {
        self.0.queue.get()
    }

    /// The ledger that the request's leases report to, if they report at all.
    pub fn ledger(&self) -> &Ledger {
        self.0.ledger.get_or_init(Ledger::default)
    }

    /// Waits until everything is kept that the request has done in its leases.
    pub(super) async fn settled(&self) -> Result<(), SettleError> {
        match self.0.ledger.get() {
            Some(ledger) => ledger.settled().await,
            None => Ok(()),
        }
    }

    /// Says that the request has ended, with or without an answer.
    pub(super) fn close(&self) {
        if let Some(ledger) = self.0.ledger.get() {
            ledger.close();
        }
    }

    /// Keeps what was sent, for the log of calls.
    pub fn keep_body(&self, body: Value) {
        self.0.body.replace(Some(body));
    }

    /// What was sent, if it was kept.
    pub fn take_body(&self) -> Option<Value> {
        self.0.body.take()
    }

    /// The tenant, once it is known.
    pub fn tenant(&self) -> Option<&Arc<ServedTenant>> {
        self.0.tenant.get()
    }

    /// The user's id, once it is known.
    pub fn user(&self) -> Option<&str> {
        self.0.user.get().map(String::as_str)
    }

    /// How long the request has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }
}

impl FromRequest for RequestContext {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// The header's value, if it is sent once and is text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?.to_str().ok();
    value.filter(|_| values.next().is_none())
}

/// Short, and safe to write into a log line or a header.
fn is_sane(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=128).contains(&id.len()) && id.bytes().all(is_allowed)
}
