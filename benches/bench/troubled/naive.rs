//! The way that everybody tries first, as a route: a client for each tenant, whose session is bound once. Behind a pooler
//! of transactions it answers with other tenants' rows, which the soak has to notice.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use actix_web::HttpResponse;
use actix_web::web::{Path, ServiceConfig};
use platform_schema::TenantId;
use rowhouse::config::Isolation;
use rowhouse::error::ApiError;
use rowhouse::http::Methods;
use rowhouse::identity::authorized::Authorized;
use rowhouse::identity::permission::UsersRead;
use rowhouse::tenancy::binding::Binding;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage};
use uuid::Uuid;

/// Where the clients connect to. Static, since routes are a plain function.
static POOLER: OnceLock<String> = OnceLock::new();

/// The client of each tenant that was asked for.
static CLIENTS: Mutex<BTreeMap<String, Arc<Client>>> = Mutex::const_new(BTreeMap::new());

/// Lets the route ask by way of that URL. Without it there is no route.
pub(super) fn ask_through(pooler: String) {
    POOLER.get_or_init(|| pooler);
}

/// Adds the route, if it was told where to ask.
pub(super) fn route(app: &mut ServiceConfig) {
    if POOLER.get().is_some() {
        app.service(Methods::at("/api/v1/tenants/{slug}/naive/{id}").get(name_user));
    }
}

/// Answers with the key of a user and the first name, which holds the tenant's mark.
async fn name_user(
    caller: Authorized<UsersRead>,
    path: Path<(String, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (_, id) = path.into_inner();
    let name = first_name(&caller.tenant().id, id).await;
    let name = name.map_err(ApiError::internal)?.unwrap_or_default();
    Ok(HttpResponse::Ok().body(format!("{id} {name}")))
}

async fn first_name(tenant: &TenantId, id: Uuid) -> Result<Option<String>, Error> {
    let sql = format!("SELECT first_name FROM users WHERE id = '{id}'");
    let answer = client_of(tenant).await?.simple_query(&sql).await?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(row.map(str::to_owned))
}

/// The tenant's client, opened and bound where it is the first request's.
async fn client_of(tenant: &TenantId) -> Result<Arc<Client>, Error> {
    let mut clients = CLIENTS.lock().await;
    let name = tenant.to_string();
    if let Some(client) = clients.get(&name) {
        return Ok(Arc::clone(client));
    }
    let pooler = POOLER.get().map_or("", String::as_str);
    let (client, driver) = tokio_postgres::connect(pooler, NoTls).await?;
    tokio::spawn(driver);
    let binding = Binding::Tenant(tenant.clone()).message(Isolation::Role);
    client.batch_execute(&binding).await?;
    let client = Arc::new(client);
    clients.insert(name, Arc::clone(&client));
    Ok(client)
}
