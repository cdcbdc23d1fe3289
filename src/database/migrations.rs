//! The platform's migrations: the SQL under `migrations/`, compiled in and run by one process at a time.

use connection::PlatformConn;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connector, DatabaseError};

/// The platform's migrations, in order.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Held while a process migrates, so that two first starts do not race. The key is the bytes of `rowhouse`.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(x'726f77686f757365'::bigint)";

diesel::define_sql_function! {
    /// The relation of that name, if there is one.
    fn to_regclass(name: Text) -> Nullable<Oid>;
}

type Blocking = AsyncConnectionWrapper<AsyncPgConnection>;

/// Brings the platform schema up to date. Says how many migrations ran.
///
/// # Errors
/// `Unreachable`, or `Migration` with what the database says.
pub async fn run(connector: &Connector) -> Result<usize, DatabaseError> {
    blocking(lock(connector).await?, |conn| {
        conn.run_pending_migrations(MIGRATIONS).map(|ran| ran.len())
    })
    .await
}

/// Undoes every migration. For tests of the way back.
///
/// # Errors
/// `Unreachable`, or `Migration` with what the database says.
pub async fn revert(connector: &Connector) -> Result<usize, DatabaseError> {
    blocking(lock(connector).await?, |conn| {
        conn.revert_all_migrations(MIGRATIONS)
            .map(|undone| undone.len())
    })
    .await
}

/// Whether every migration of this build has run.
///
/// # Errors
/// `Unreachable`, or `Migration` with what the database says.
pub async fn are_current(connector: &Connector) -> Result<bool, DatabaseError> {
    let connection = connector.connect().await?;
    if !is_begun(&connection).await.map_err(refused)? {
        return Ok(false);
    }
    connection
        .batch("SET search_path = shared")
        .await
        .map_err(refused)?;
    blocking(connection, |conn| {
        conn.has_pending_migration(MIGRATIONS)
            .map(|pending| !pending)
    })
    .await
}

/// Whether any migration ever ran here: Diesel keeps its record of them in a table.
async fn is_begun(mut conn: &PlatformConn) -> QueryResult<bool> {
    diesel::select(to_regclass("shared.__diesel_schema_migrations").is_not_null())
        .get_result(&mut conn)
        .await
}

/// A connection that holds the migration lock until it is closed, with `shared` made and on its path.
async fn lock(connector: &Connector) -> Result<PlatformConn, DatabaseError> {
    let connection = connector.connect().await?;
    let sql = format!(
        "SET statement_timeout = 0; {MIGRATION_LOCK}; CREATE SCHEMA IF NOT EXISTS shared; SET search_path = shared"
    );
    connection.batch(&sql).await.map_err(refused)?;
    Ok(connection)
}

async fn blocking<Value: Send + 'static>(
    connection: PlatformConn,
    work: impl FnOnce(&mut Blocking) -> diesel::migration::Result<Value> + Send + 'static,
) -> Result<Value, DatabaseError> {
    let work = move || {
        work(&mut Blocking::from(connection.into_inner())).map_err(|error| {
            DatabaseError::Migration {
                reason: error.to_string(),
            }
        })
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(DatabaseError::Migration {
            reason: error.to_string(),
        }),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn refused(error: diesel::result::Error) -> DatabaseError {
    DatabaseError::Migration {
        reason: error.to_string(),
    }
}

/// Version of the newest migration of this build.
pub fn version() -> String {
    let migrations: diesel::migration::Result<Vec<Box<dyn Migration<Pg>>>> =
        MIGRATIONS.migrations();
    let names = migrations
        .unwrap_or_default()
        .into_iter()
        .map(|migration| migration.name().version().to_string());
    names.max().unwrap_or_default()
}
