//! Routes of the service itself: what it is, whether it lives, whether it is ready, its public keys, its metrics.

pub mod metrics;

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::database::migrations;
use crate::error::{ApiError, Code};
use crate::http::{Drain, Methods};
use crate::identity::Identity;
use crate::platform::Platform;
use crate::resource::Success;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(show_service, show_health, show_readiness, show_jwks))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/").get(show_service))
        .service(Methods::at("/health").get(show_health))
        .service(Methods::at("/ready").get(show_readiness))
        .service(Methods::at("/readiness").get(show_readiness))
        .service(Methods::at("/.well-known/jwks.json").get(show_jwks))
        .configure(metrics::configure);
}

/// What this service is.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceView {
    name: &'static str,
    version: &'static str,
    documentation: &'static str,
    openapi: &'static str,
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
struct StateView {
    status: &'static str,
}

/// What this service is, and where its documentation is.
#[utoipa::path(get, path = "/", tag = "service", security(()), responses((status = 200, body = Success<ServiceView>)))]
async fn show_service() -> Success<ServiceView> {
    let view = ServiceView {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        documentation: "/docs",
        openapi: "/openapi.json",
    };
    Success::new("a schema-per-tenant platform on PostgreSQL", view)
}

/// Whether the process lives. Asks nobody else.
#[utoipa::path(get, path = "/health", tag = "service", security(()), responses((status = 200, body = Success<StateView>)))]
async fn show_health() -> Success<StateView> {
    Success::new("alive", StateView { status: "alive" })
}

/// Whether requests can be served: the database answers and the platform schema is current.
#[utoipa::path(get, path = "/ready", tag = "service", security(()), responses((status = 200, body = Success<StateView>)))]
async fn show_readiness(
    platform: Data<Platform>,
    drain: Data<Drain>,
) -> Result<Success<StateView>, ApiError> {
    if drain.is_draining() {
        return Err(ApiError::new(Code::Unavailable).because("the server is stopping"));
    }
    match migrations::are_current(platform.database.connector()).await {
        Ok(true) => Ok(Success::new("ready", StateView { status: "ready" })),
        Ok(false) => {
            Err(ApiError::new(Code::Unavailable)
                .because("the platform schema is behind this build"))
        }
        Err(error) => Err(ApiError::new(Code::Unavailable).because(error)),
    }
}

/// The public keys that access tokens are signed with (RFC 7517, RFC 8037).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "service", security(()), responses((status = 200, body = Object)))]
async fn show_jwks(identity: Data<Identity>) -> HttpResponse {
    HttpResponse::Ok().json(identity.jwks())
}
