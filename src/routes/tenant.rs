//! Routes for tenant users. Mounted under `/api/v1/tenants/{slug}`, and under `/api/v1` for `X-Tenant-ID`.

pub mod api_keys;
pub mod auth;
pub mod sessions;
pub mod users;

use actix_web::web::ServiceConfig;

/// Mounts the routes, relative to either mount.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .configure(auth::configure)
        .configure(api_keys::configure)
        .configure(sessions::configure)
        .configure(users::configure);
}
