//! Routes of the documentation: `/openapi.json`, and `/docs` which shows it with assets shipped in the binary.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{Bytes, Data, ServiceConfig};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{platform, service, tenant};
use crate::http::{Methods, openapi};

/// The document, rendered once.
#[derive(Debug)]
struct Rendered(Bytes);

/// Mounts the routes.
pub fn configure(app: &mut ServiceConfig) {
    let rendered = serde_json::to_vec(&document()).unwrap_or_default();
    app.app_data(Data::new(Rendered(rendered.into())))
        .service(Methods::at("/openapi.json").get(show_document))
        .service(Methods::at("/docs").get(redirect_to_docs))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")));
}

/// Every operation of the API, with security and error responses.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut shared = service::Documentation::openapi();
    shared.merge(service::metrics::Documentation::openapi());
    shared.merge(platform::bootstrap::Documentation::openapi());
    shared.merge(platform::auth::Documentation::openapi());
    shared.merge(platform::system_users::Documentation::openapi());
    shared.merge(platform::audit_logs::Documentation::openapi());
    shared.merge(platform::tenants::Documentation::openapi());
    shared.merge(platform::tenants::schema::Documentation::openapi());
    shared.merge(platform::tenants::plan::Documentation::openapi());
    shared.merge(platform::tenants::suspension::Documentation::openapi());
    shared.merge(platform::tenants::act_as::Documentation::openapi());
    shared.merge(platform::tenants::verification::Documentation::openapi());
    shared.merge(platform::fleet::Documentation::openapi());
    let mut tenant = tenant::auth::Documentation::openapi();
    tenant.merge(tenant::registration::Documentation::openapi());
    tenant.merge(tenant::email_proof::Documentation::openapi());
    tenant.merge(tenant::password_reset::Documentation::openapi());
    tenant.merge(tenant::invitations::Documentation::openapi());
    tenant.merge(tenant::sessions::Documentation::openapi());
    tenant.merge(tenant::api_keys::Documentation::openapi());
    tenant.merge(tenant::support_access::Documentation::openapi());
    tenant.merge(tenant::audit_logs::Documentation::openapi());
    tenant.merge(tenant::api_audit_logs::Documentation::openapi());
    tenant.merge(tenant::activity::Documentation::openapi());
    tenant.merge(tenant::events::Documentation::openapi());
    tenant.merge(tenant::settings::Documentation::openapi());
    tenant.merge(tenant::features::Documentation::openapi());
    tenant.merge(tenant::users::Documentation::openapi());
    tenant.merge(tenant::user_permissions::Documentation::openapi());
    tenant.merge(tenant::user_roles::Documentation::openapi());
    tenant.merge(tenant::user_sessions::Documentation::openapi());
    tenant.merge(tenant::user_unlock::Documentation::openapi());
    tenant.merge(tenant::attachments::Documentation::openapi());
    tenant.merge(tenant::tools::documentation());
    let mut authority = tenant::roles::Documentation::openapi();
    authority.merge(tenant::permissions::Documentation::openapi());
    authority.merge(tenant::teams::Documentation::openapi());
    authority.merge(tenant::team_members::Documentation::openapi());
    tenant.merge(openapi::also_below("/users", authority.clone()));
    tenant.merge(authority);
    openapi::assemble(shared, tenant)
}

async fn show_document(rendered: Data<Rendered>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(rendered.0.clone())
}

async fn redirect_to_docs() -> HttpResponse {
    HttpResponse::TemporaryRedirect()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}
