//! The turnstile: what a request says is judged after who says it.
//!
//! The framework polls all of a handler's arguments side by side, and drops the others when one fails. A malformed query
//! would thus be reported to somebody who may not ask at all, and would cancel the caller's statements in the middle, which
//! costs a database connection. So whoever finds out the caller closes the turnstile first, and the other arguments wait
//! until it opens. Arguments are created from left to right: the caller comes first in a handler's signature.

use std::cell::Cell;

use actix_web::{HttpMessage, HttpRequest};
use tokio::sync::Notify;

use super::RequestContext;
use crate::error::ApiError;

/// Open, unless a caller is being found out. Lives on one thread, with its request.
#[derive(Debug, Default)]
pub(super) struct Turnstile {
    is_closed: Cell<bool>,
    opened: Notify,
}

impl Turnstile {
    async fn wait(&self) {
        while self.is_closed.get() {
            self.opened.notified().await;
        }
    }
}

/// Closes the turnstile of `request` until `caller` is known. Call it when the argument is created, not when it is polled.
pub fn caller_first<Caller, Finding>(
    request: &HttpRequest,
    caller: Finding,
) -> impl Future<Output = Result<Caller, ApiError>> + use<Caller, Finding>
where
    Finding: Future<Output = Result<Caller, ApiError>>,
{
    let context = context(request);
    if let Some(context) = &context {
        context.turnstile().is_closed.set(true);
    }
    async move {
        let found = caller.await;
        if let Some(context) = &context {
            context.turnstile().is_closed.set(false);
            context.turnstile().opened.notify_waiters();
        }
        found
    }
}

/// Gives what was read from `request` once its caller is known.
pub async fn after_caller<Value>(
    request: HttpRequest,
    read: impl AsyncFnOnce(&HttpRequest) -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    if let Some(context) = context(&request) {
        context.turnstile().wait().await;
    }
    read(&request).await
}

fn context(request: &HttpRequest) -> Option<RequestContext> {
    request.extensions().get::<RequestContext>().cloned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    #[actix_web::test]
    async fn an_argument_waits_until_the_caller_is_known() {
        let request = TestRequest::default().to_http_request();
        request
            .extensions_mut()
            .insert(RequestContext::begin(request.headers()));
        let (known, finding) = oneshot::channel::<()>();
        let caller = caller_first(&request, async { Ok(finding.await.ok()) });
        let mut argument = Box::pin(after_caller(request, async |_| Ok(())));
        assert!(timeout(Duration::ZERO, &mut argument).await.is_err());
        known.send(()).unwrap();
        caller.await.unwrap();
        assert!(timeout(Duration::ZERO, &mut argument).await.is_ok());
    }

    #[actix_web::test]
    async fn an_argument_without_a_caller_does_not_wait() {
        let request = TestRequest::default().to_http_request();
        request
            .extensions_mut()
            .insert(RequestContext::begin(request.headers()));
        let argument = after_caller(request, async |_| Ok(()));
        assert!(timeout(Duration::ZERO, argument).await.is_ok());
    }
}
