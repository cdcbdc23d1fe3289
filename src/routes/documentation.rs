//! Routes of the documentation: `/openapi.json`, and `/docs` which shows it with assets shipped in the binary.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{Bytes, ServiceConfig};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{platform, service, tenant};
use crate::http::{Methods, openapi};

/// The document as JSON. It is made when it is first asked for: each worker of a server mounts the routes anew.
static RENDERED: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&document()).unwrap_or_default().into());

/// Mounts the routes.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/openapi.json").get(show_document))
        .service(Methods::at("/docs").get(redirect_to_docs))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")));
}

/// What gives the document of a room.
type Document = fn() -> utoipa::openapi::OpenApi;

/// The rooms of the service and of the platform.
const SHARED: &[Document] = &[
    service::Documentation::openapi,
    service::metrics::Documentation::openapi,
    platform::bootstrap::Documentation::openapi,
    platform::auth::Documentation::openapi,
    platform::system_users::Documentation::openapi,
    platform::audit_logs::Documentation::openapi,
    platform::tenants::Documentation::openapi,
    platform::tenants::schema::Documentation::openapi,
    platform::tenants::plan::Documentation::openapi,
    platform::tenants::suspension::Documentation::openapi,
    platform::tenants::act_as::Documentation::openapi,
    platform::tenants::verification::Documentation::openapi,
    platform::fleet::Documentation::openapi,
];

/// The rooms of a tenant.
const TENANT: &[Document] = &[
    tenant::auth::Documentation::openapi,
    tenant::registration::Documentation::openapi,
    tenant::email_proof::Documentation::openapi,
    tenant::password_reset::Documentation::openapi,
    tenant::invitations::Documentation::openapi,
    tenant::sessions::Documentation::openapi,
    tenant::api_keys::Documentation::openapi,
    tenant::support_access::Documentation::openapi,
    tenant::audit_logs::Documentation::openapi,
    tenant::api_audit_logs::Documentation::openapi,
    tenant::activity::Documentation::openapi,
    tenant::events::Documentation::openapi,
    tenant::settings::Documentation::openapi,
    tenant::features::Documentation::openapi,
    tenant::users::Documentation::openapi,
    tenant::user_permissions::Documentation::openapi,
    tenant::user_roles::Documentation::openapi,
    tenant::user_sessions::Documentation::openapi,
    tenant::user_unlock::Documentation::openapi,
    tenant::attachments::Documentation::openapi,
    tenant::tools::documentation,
];

/// Those of its rooms that are below `/users`, too.
const AUTHORITY: &[Document] = &[
    tenant::roles::Documentation::openapi,
    tenant::permissions::Documentation::openapi,
    tenant::teams::Documentation::openapi,
    tenant::team_members::Documentation::openapi,
];

/// Every operation of the API, with security and error responses.
pub fn document() -> utoipa::openapi::OpenApi {
    let authority = merged(AUTHORITY);
    let tenant = merged(TENANT)
        .merge_from(openapi::also_below("/users", authority.clone()))
        .merge_from(authority);
    openapi::assemble(merged(SHARED), tenant)
}

fn merged(rooms: &[Document]) -> utoipa::openapi::OpenApi {
    let documents = rooms.iter().map(|room| room());
    documents
        .reduce(utoipa::openapi::OpenApi::merge_from)
        .unwrap_or_default()
}

async fn show_document() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(RENDERED.clone())
}

async fn redirect_to_docs() -> HttpResponse {
    HttpResponse::TemporaryRedirect()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}
