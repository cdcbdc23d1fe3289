//! The server of the soak: Rowhouse with two more routes, one that panics and one that takes too long, both on a lease; and
//! one that is not safe, for the control.

mod naive;

use std::io::{Write, stdout};
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use diesel_async::RunQueryDsl;
use rowhouse::config::LogConfig;
use rowhouse::error::ApiError;
use rowhouse::http::{Methods, start_log};
use rowhouse::identity::authorized::Authorized;
use rowhouse::identity::permission::UsersRead;
use rowhouse::platform::Platform;
use rowhouse::server::{Application, listen};

use crate::server::ADDRESS;

diesel::define_sql_function! {
    /// Waits so many seconds.
    fn pg_sleep(seconds: diesel::sql_types::Double) -> diesel::sql_types::Bool;
}

/// Longer than any statement may take, in seconds.
const TOO_LONG: f64 = 3_600.0;

/// Serves until stopped, as the server under test; with the URL of a pooler, by the naive way through it as well.
///
/// # Errors
/// A database that is not there.
pub(crate) async fn serve(url: &str, pooler: Option<&str>) -> anyhow::Result<()> {
    if let Some(pooler) = pooler {
        naive::ask_through(pooler.to_owned());
    }
    let config = test_app::config(url);
    // Each of a million requests has a line at `info`; what matters here is why one of them failed.
    start_log(&LogConfig {
        log_level: "error".to_owned(),
        ..config.log.clone()
    })?;
    let (host, listener) = (config.http.host, listen(&config)?);
    let platform = Arc::new(Platform::open(&config).await?);
    let application = Application::with_routes(config, platform, listener, routes).await?;
    writeln!(stdout(), "{ADDRESS}{host}:{}", application.port())?;
    application.run_until_stopped().await
}

fn routes(app: &mut ServiceConfig) {
    naive::route(app);
    app.service(Methods::at("/api/v1/tenants/{slug}/panic").get(panic_on_a_lease))
        .service(Methods::at("/api/v1/tenants/{slug}/slow").get(take_too_long));
}

/// Panics with a statement sent and its answer not read.
#[expect(clippy::panic, reason = "that is what the route is for")]
async fn panic_on_a_lease(caller: Authorized<UsersRead>) -> Result<HttpResponse, ApiError> {
    let mut conn = caller.conn().await?;
    let statement = diesel::select(pg_sleep(0.001)).execute(&mut conn);
    let _ = futures_util::FutureExt::now_or_never(statement);
    panic!("a handler panics in the middle of a statement");
}

/// Waits for a statement that the database ends.
async fn take_too_long(caller: Authorized<UsersRead>) -> Result<HttpResponse, ApiError> {
    let mut conn = caller.conn().await?;
    diesel::select(pg_sleep(TOO_LONG))
        .execute(&mut conn)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
