//! Routes for system users, under `/api/v1/platform`, `/api/v1/tenants` and `/api/v1/fleet`.

pub mod auth;
pub mod bootstrap;
pub mod fleet;
pub mod tenants;

use actix_web::web::ServiceConfig;

/// Mounts what is under `/api/v1/platform`.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .configure(bootstrap::configure)
        .configure(auth::configure);
}
