//! The one middleware: every response gets its headers, every error its problem document, every request its log event.

use std::{
    any::Any,
    error::Error as _,
    future::{Future, poll_fn},
    iter::successors,
    panic::AssertUnwindSafe,
    pin::pin,
};

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        Method, StatusCode,
        header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tracing::{Instrument, Level};

use super::{
    TimeLimit,
    request_context::{RequestContext, X_REQUEST_ID},
    security_headers,
    witness::{Called, Witness},
};
use crate::error::{ApiError, Code, Problem};
use crate::rate::RateStanding;
use crate::tenancy::SettleError;

const X_PROCESS_TIME: HeaderName = HeaderName::from_static("x-process-time");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Runs a request; wrap the application with `from_fn(observe)`, outermost.
///
/// A panicking handler is answered with 500 like any other failure of ours; only the request's own task unwinds.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let exchange = Exchange::begin(&request);
    let span = tracing::info_span!("request", request_id = exchange.context.id());
    let limit = request
        .app_data::<Data<TimeLimit>>()
        .map(|limit| limit.of(&request));
    let handled = async move {
        match limit {
            Some(limit) => TimeLimit::enforce(limit, next.call(request)).await,
            None => next.call(request).await,
        }
    };
    let handled = handled.instrument(span);
    let mut handled = pin!(AssertUnwindSafe(handled).catch_unwind());
    // Below the handler, so that it is dropped before it: a request that is given up commits nothing any more.
    let closing = Closing(&exchange.context);
    let answer = poll_fn(|context| handled.as_mut().poll(context)).await;
    let settled = exchange.context.settled().await;
    drop(closing);
    match answer {
        Ok(Ok(response)) => {
            let (request, response) = response.into_parts();
            let response = kept(response.map_into_boxed_body(), settled);
            let response = exchange.finish(response);
            let response = exchange.tell(Some(&request), response);
            Ok(ServiceResponse::new(request, response))
        }
        Ok(Err(error)) => Err(exchange.fail(error)),
        Err(panic) => Err(exchange.fail(ApiError::internal(Panicked::new(&*panic)).into())),
    }
}

/// Closes the request's ledger when it is dropped.
struct Closing<'exchange>(&'exchange RequestContext);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The answer, or an error in its place where it promises what the database has not kept. An answer that promises nothing
/// stays: a statement that failed is mostly its reason.
fn kept(
    response: HttpResponse<BoxBody>,
    settled: Result<(), SettleError>,
) -> HttpResponse<BoxBody> {
    match settled {
        Err(error) if !is_refusal(response.status()) => {
            HttpResponse::from_error(ApiError::from(error))
        }
        _ => response,
    }
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// A handler that did not return.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked: {0}")]
struct Panicked(String);

impl Panicked {
    fn new(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_else(|| "without a message".to_owned()))
    }
}

/// What is kept of a request while it is handled.
struct Exchange {
    context: RequestContext,
    method: Method,
    path: String,
    /// The route's pattern, never the path itself: ids stay out of the log.
    matched_path: Option<String>,
    witness: Option<Data<dyn Witness>>,
}

impl Exchange {
    fn begin(request: &ServiceRequest) -> Self {
        let context = RequestContext::begin(request.headers());
        request.extensions_mut().insert(context.clone());
        Self {
            context,
            method: request.method().clone(),
            path: request.path().to_owned(),
            matched_path: request.match_pattern(),
            witness: request.app_data::<Data<dyn Witness>>().cloned(),
        }
    }

    /// Ends a request whose handling did not even return a response: the server sends what this error carries.
    fn fail(&self, error: Error) -> Error {
        let response = self.finish(HttpResponse::from_error(error));
        let response = self.tell(None, response);
        InternalError::from_response("the request failed", response).into()
    }

    /// Tells the witness of the call, once its answer is made.
    fn tell(
        &self,
        request: Option<&HttpRequest>,
        answer: HttpResponse<BoxBody>,
    ) -> HttpResponse<BoxBody> {
        let Some(witness) = &self.witness else {
            return answer;
        };
        let called = Called {
            method: &self.method,
            path: &self.path,
            matched_path: self.matched_path.as_deref(),
            request,
        };
        witness.answered(called, &self.context, answer)
    }

    /// Gives a response its body and headers, and the request its log event.
    fn finish(&self, response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
        let own = own_error(&response);
        let foreign = match own {
            Some(_) => None,
            None => foreign_error(&response),
        };
        let error = own.or(foreign.as_ref());
        let status = error.map_or_else(|| response.status(), ResponseError::status_code);
        self.log(status, error);
        let body = error.map(|error| Problem::new(error, &self.path, self.context.id()).to_json());
        let mut response = match body {
            Some(body) => as_problem(response, status, body),
            None => response,
        };
        self.add_headers(response.headers_mut());
        response
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        let seconds = self.context.elapsed().as_secs_f64();
        let values = [
            (X_REQUEST_ID, self.context.id().to_owned()),
            (X_PROCESS_TIME, format!("{seconds:.6}")),
            (SERVER_TIMING, self.timing(seconds)),
        ];
        for (name, value) in values.into_iter().chain(self.rates()) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        security_headers::add(headers, &self.path);
    }

    /// What is left of the rates that the request counts against; nothing where there is none.
    fn rates(&self) -> impl Iterator<Item = (HeaderName, String)> {
        let rates = self.context.rates();
        let list = |item: fn(&RateStanding) -> String| {
            let items: Vec<_> = rates.iter().map(item).collect();
            items.join(", ")
        };
        let headers = [
            (RATE_LIMIT, list(RateStanding::limit)),
            (RATE_LIMIT_POLICY, list(RateStanding::policy)),
        ];
        headers.into_iter().filter(|(_, list)| !list.is_empty())
    }

    /// How long the request took, and how much of that it waited for a connection, in milliseconds (W3C, Server Timing).
    fn timing(&self, seconds: f64) -> String {
        let queue = self.context.queue().as_secs_f64();
        let [app, queue] = [seconds, queue].map(|seconds| seconds * 1_000.0);
        format!("app;dur={app:.3}, queue;dur={queue:.3}")
    }

    fn log(&self, status: StatusCode, error: Option<&ApiError>) {
        let method = self.method.as_str();
        let matched_path = self.matched_path.as_deref();
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    $level,
                    request_id = self.context.id(),
                    trace_id = self.context.trace().id(),
                    http.method = method,
                    http.matched_path = matched_path,
                    status = status.as_u16(),
                    duration_ms = self.context.elapsed().as_secs_f64() * 1_000.0,
                    tenant.id = self.context.tenant().map(|tenant| tenant.id.as_str()),
                    user.id = self.context.user(),
                    error.code = error.map(|error| error.code().as_str()),
                    error.cause = error.and_then(causes),
                    "{method} {} {}",
                    matched_path.unwrap_or("(no endpoint)"),
                    status.as_u16(),
                )
            };
        }
        if status.is_server_error() {
            event!(Level::ERROR);
        } else {
            event!(Level::INFO);
        }
    }
}

/// Our error, if the response was made from one.
fn own_error(response: &HttpResponse<BoxBody>) -> Option<&ApiError> {
    response.error()?.as_error()
}

/// Our error for a bare status or an error of the framework; nothing for a success or a finished problem document.
fn foreign_error(response: &HttpResponse<BoxBody>) -> Option<ApiError> {
    let status = response.status();
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_problem = content_type.is_some_and(|value| value == Problem::MEDIA_TYPE);
    if is_problem || !is_refusal(status) {
        return None;
    }
    let error = ApiError::new(Code::for_status(status));
    Some(match response.error() {
        Some(cause) => error.because(cause.to_string()),
        None => error,
    })
}

/// The response with a problem document for a body; its other headers stay.
fn as_problem(
    response: HttpResponse<BoxBody>,
    status: StatusCode,
    body: String,
) -> HttpResponse<BoxBody> {
    let mut response = response.set_body(BoxBody::new(body));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(Problem::MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// The chain of causes, outermost first.
fn causes(error: &ApiError) -> Option<String> {
    let chain = successors(error.source(), |&cause| cause.source());
    let chain = chain
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ");
    (!chain.is_empty()).then_some(chain)
}
