//! Who is told of each call once it is answered: what keeps a log of calls is no part of the shell around them.

use actix_web::body::BoxBody;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::RequestContext;

/// What was called.
#[derive(Debug, Clone, Copy)]
pub struct Called<'call> {
    /// HTTP method.
    pub method: &'call Method,
    /// Path without the query.
    pub path: &'call str,
    /// The route's pattern.
    pub matched_path: Option<&'call str>,
    /// The request, unless it was lost with its handler.
    pub request: Option<&'call HttpRequest>,
}

/// A witness of calls; register one with `app_data(Data::<dyn Witness>::from(…))`.
pub trait Witness: Send + Sync {
    /// What a request sent, read from so many bytes, before it is handled.
    fn sent(&self, body: &Value, bytes: usize, context: &RequestContext);

    /// A call and its answer, which is given back as it is.
    fn answered(
        &self,
        called: Called<'_>,
        context: &RequestContext,
        answer: HttpResponse<BoxBody>,
    ) -> HttpResponse<BoxBody>;
}

/// Tells the witness, if there is one, what a request sent.
pub fn tell_sent(request: &HttpRequest, body: &Value, bytes: usize) {
    if let Some(witness) = request.app_data::<Data<dyn Witness>>()
        && let Ok(context) = RequestContext::of(request)
    {
        witness.sent(body, bytes, &context);
    }
}
