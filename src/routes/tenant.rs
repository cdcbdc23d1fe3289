//! Routes for tenant users. Mounted under `/api/v1/tenants/{slug}`, and under `/api/v1` for `X-Tenant-ID`.

pub mod activity;
pub mod api_audit_logs;
pub mod api_keys;
pub mod attachments;
pub mod audit_logs;
pub mod auth;
mod deleted;
pub mod email_proof;
pub mod events;
pub mod features;
pub mod invitations;
pub mod password_reset;
pub mod permissions;
pub mod registration;
pub mod resource;
pub mod roles;
pub mod sessions;
pub mod settings;
pub mod support_access;
pub mod team_members;
pub mod teams;
pub mod tools;
pub mod user_permissions;
pub mod user_roles;
pub mod user_sessions;
pub mod user_unlock;
pub mod users;

use actix_web::web::ServiceConfig;

/// Mounts the routes, relative to either mount. What is below `/users` and `/settings` by a name comes before `users/{id}` and
/// `settings/{key}`, which would take the name for an id or a key.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .configure(auth::configure)
        .configure(email_proof::configure)
        .configure(invitations::configure)
        .configure(password_reset::configure)
        .configure(registration::configure)
        .configure(api_keys::configure)
        .configure(sessions::configure)
        .configure(permissions::configure)
        .configure(roles::configure)
        .configure(teams::configure)
        .configure(team_members::configure)
        .configure(user_sessions::configure)
        .configure(user_permissions::configure)
        .configure(user_roles::configure)
        .configure(user_unlock::configure)
        .configure(attachments::configure)
        .configure(support_access::configure)
        .configure(audit_logs::configure)
        .configure(api_audit_logs::configure)
        .configure(activity::configure)
        .configure(events::configure)
        .configure(features::configure)
        .configure(settings::configure)
        .configure(tools::configure)
        .configure(users::configure);
}
