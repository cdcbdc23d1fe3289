//! The table of routes. One file per noun below; here is only where each is mounted.

pub mod documentation;
pub mod platform;
pub mod service;
pub mod tenant;

use actix_web::web::{self, ServiceConfig};

/// Mounts everything. Tenant endpoints are mounted twice, with the same handlers: under the tenant's slug, and for
/// `X-Tenant-ID`.
///
/// The order matters: the first scope whose prefix fits takes a request and does not let it go on to the next.
pub fn configure(app: &mut ServiceConfig) {
    app.configure(service::configure)
        .configure(documentation::configure)
        .service(web::scope("/api/v1/platform").configure(platform::configure))
        .configure(platform::tenants::configure)
        .configure(platform::fleet::configure)
        .service(web::scope("/api/v1/tenants/{slug}").configure(tenant::configure))
        .service(
            web::scope("/api/v1")
                .configure(platform::tenants::configure_by_header)
                .configure(tenant::configure),
        );
}
