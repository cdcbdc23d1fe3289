//! Routes that misbehave, for a tenant's user who may read users; each has a lease and has used it.

use std::future::pending;

use actix_web::HttpResponse;
use actix_web::web::{Path, ServiceConfig};
use connection::TenantConn;
use diesel::sql_types::{Double, Text};
use diesel_async::RunQueryDsl;
use rowhouse::error::ApiError;
use rowhouse::http::Methods;
use rowhouse::identity::authorized::Authorized;
use rowhouse::identity::permission::UsersRead;
use serde::Serialize;

diesel::define_sql_function! {
    /// Process of the backend.
    fn pg_backend_pid() -> Integer;
}

diesel::define_sql_function! {
    /// A run-time setting.
    fn current_setting(name: Text) -> Text;
}

diesel::define_sql_function! {
    /// Does nothing for so many seconds.
    fn pg_sleep(seconds: Double) -> Text;
}

/// How long a slow statement takes, in seconds: longer than anybody waits here.
const SLOW: f64 = 25.0;

/// What a connection says of itself.
#[derive(Debug, Serialize)]
struct SessionView {
    /// Process of the backend.
    pid: i32,
    /// Role in force.
    role: String,
    /// Schemas that unqualified names are looked up in.
    path: String,
}

/// Mounts the routes; they come before all others.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/api/v1/tenants/{slug}/session").get(show_session))
        .service(Methods::at("/api/v1/tenants/{slug}/deeds/{deed}").get(misbehave));
}

async fn session(mut conn: &TenantConn) -> Result<SessionView, ApiError> {
    let query = diesel::select((
        pg_backend_pid(),
        current_setting("role"),
        current_setting("search_path"),
    ));
    let (pid, role, path) = query.get_result(&mut conn).await?;
    Ok(SessionView { pid, role, path })
}

async fn show_session(caller: Authorized<UsersRead>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(session(caller.conn().await?).await?))
}

/// Runs a statement that takes long.
async fn sleep(mut conn: &TenantConn) -> Result<String, ApiError> {
    let slow = diesel::select(pg_sleep(SLOW)).get_result(&mut conn).await;
    Ok(slow?)
}

async fn misbehave(
    mut caller: Authorized<UsersRead>,
    deed: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    session(caller.conn().await?).await?;
    match deed.1.as_str() {
        "sleep" => drop(sleep(caller.conn().await?).await?),
        deed => {
            caller
                .mutate("deeds.do", async |conn| {
                    in_transaction(deed, conn).await?;
                    Ok(((), None))
                })
                .await?;
        }
    }
    Ok(HttpResponse::Ok().finish())
}

async fn in_transaction(deed: &str, conn: &mut TenantConn) -> Result<(), ApiError> {
    match deed {
        "sleep-in-transaction" => drop(sleep(conn).await?),
        // One that nobody ends: the transaction around it ends this one in its place.
        "leave-transaction" => conn.begin().await?,
        "hang-in-transaction" => pending::<()>().await,
        "panic-in-transaction" => panic!("a handler's panic"),
        deed => panic!("nobody does `{deed}`"),
    }
    Ok(())
}
