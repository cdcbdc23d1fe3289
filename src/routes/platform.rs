//! Routes for system users, under `/api/v1/platform`, `/api/v1/tenants` and `/api/v1/fleet`.

pub mod audit_logs;
pub mod auth;
pub mod bootstrap;
pub mod fleet;
pub mod system_users;
pub mod tenants;

use actix_web::web::ServiceConfig;

/// Mounts what is under `/api/v1/platform`.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .configure(bootstrap::configure)
        .configure(auth::configure)
        .configure(system_users::configure)
        .configure(audit_logs::configure);
}
