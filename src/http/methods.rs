//! The methods of one path; all others are 405 with `Allow` (RFC 9110 §15.5.6).

use std::{fmt, future::ready};

use actix_web::{
    Handler, HttpResponse, Resource, Responder, Route,
    dev::{AppService, HttpServiceFactory},
    web,
};

use super::in_order::{Parameters, in_order};
use crate::error::ApiError;

/// An endpoint under construction: a path and one handler for each method.
///
/// The parameters of a handler are extracted in their order, so that who asks can come before what they ask.
///
/// ```
/// use actix_web::{HttpResponse, web};
/// use rowhouse::http::Methods;
///
/// async fn list_notes() -> HttpResponse {
///     HttpResponse::Ok().finish()
/// }
///
/// fn configure(config: &mut web::ServiceConfig) {
///     config.service(Methods::at("/notes").get(list_notes));
/// }
/// ```
pub struct Methods {
    resource: Resource,
    allowed: Vec<&'static str>,
}

impl Methods {
    /// A path without methods, relative to its scope; `{name}` matches one segment.
    pub fn at(path: &str) -> Self {
        Self {
            resource: web::resource(path),
            allowed: Vec::new(),
        }
    }

    /// Answers GET, and HEAD by the same without the body.
    #[must_use]
    pub fn get<H, Args>(self, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: Parameters,
        H::Output: Responder + 'static,
    {
        self.on("GET", web::get().to(in_order(handler.clone())))
            .on("HEAD", web::head().to(in_order(handler)))
    }

    /// Answers POST.
    #[must_use]
    pub fn post<H, Args>(self, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: Parameters,
        H::Output: Responder + 'static,
    {
        self.on("POST", web::post().to(in_order(handler)))
    }

    /// Answers PUT.
    #[must_use]
    pub fn put<H, Args>(self, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: Parameters,
        H::Output: Responder + 'static,
    {
        self.on("PUT", web::put().to(in_order(handler)))
    }

    /// Answers PATCH.
    #[must_use]
    pub fn patch<H, Args>(self, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: Parameters,
        H::Output: Responder + 'static,
    {
        self.on("PATCH", web::patch().to(in_order(handler)))
    }

    /// Answers DELETE.
    #[must_use]
    pub fn delete<H, Args>(self, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: Parameters,
        H::Output: Responder + 'static,
    {
        self.on("DELETE", web::delete().to(in_order(handler)))
    }

    fn on(mut self, method: &'static str, route: Route) -> Self {
        self.allowed.push(method);
        self.resource = self.resource.route(route);
        self
    }
}

impl HttpServiceFactory for Methods {
    fn register(self, config: &mut AppService) {
        let allowed = self.allowed.join(", ");
        let refuse = move || {
            let error = ApiError::method_not_allowed(allowed.clone());
            ready(Err::<HttpResponse, _>(error))
        };
        self.resource
            .default_service(web::to(refuse))
            .register(config);
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Methods")
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}
