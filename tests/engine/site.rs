//! A database for transitions: schemas are built from SQL, read by the engine, and dropped.

use connection::PlatformConn;
use rowhouse::database::Connector;
use rowhouse::provisioner::identifier::quote_identifier;
use rowhouse::provisioner::introspect::{LiveSchema, introspect};
use rowhouse::provisioner::namespace::Namespace;
use test_app::TestDatabase;
use tokio::sync::Mutex;
use tokio_postgres::Client;

/// Seconds that a statement may take.
const STATEMENT_TIMEOUT: u32 = 60;

/// A database of one test, which goes when it is dropped.
pub(crate) struct Site {
    /// For the engine.
    pub(crate) conn: Mutex<PlatformConn>,
    /// For the test itself.
    pub(crate) client: Client,
    /// Last, so that it is dropped when nothing uses it any more.
    pub(crate) database: TestDatabase,
}

impl Site {
    /// An empty database.
    pub(crate) async fn open() -> Self {
        Self::on(TestDatabase::empty().await).await
    }

    /// A database with a platform and no tenants.
    pub(crate) async fn migrated() -> Self {
        Self::on(TestDatabase::create().await).await
    }

    async fn on(database: TestDatabase) -> Self {
        let connector = Connector::new(database.url(), STATEMENT_TIMEOUT).unwrap();
        Self {
            conn: Mutex::new(connector.connect().await.unwrap()),
            client: database.client().await,
            database,
        }
    }

    /// Makes a schema and runs SQL under a path that holds it alone.
    pub(crate) async fn build(&self, schema: &str, sql: &str) -> Result<Namespace, String> {
        let quoted = quote_identifier(schema);
        self.run(&format!("CREATE SCHEMA {quoted}")).await?;
        self.run_in(schema, sql).await?;
        Namespace::find(schema, &*self.conn.lock().await)
            .await
            .map_err(|error| error.to_string())
    }

    /// Runs SQL under a path that holds the schema alone.
    pub(crate) async fn run_in(&self, schema: &str, sql: &str) -> Result<(), String> {
        let path = format!("SET search_path = {}", quote_identifier(schema));
        self.run(&path).await?;
        self.run(sql).await
    }

    /// Runs SQL, of one statement or several.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), String> {
        let result = self.client.batch_execute(sql).await;
        result.map_err(|error| format!("{}\n  in: {sql}", described(&error)))
    }

    /// Reads schemas as the engine does.
    pub(crate) async fn read(&self, schemas: &[Namespace]) -> Result<Vec<LiveSchema>, String> {
        let read = introspect(schemas, &*self.conn.lock().await).await;
        let read = read.map_err(|error| format!("introspection fails: {error}"))?;
        if read.len() == schemas.len() {
            Ok(read)
        } else {
            let (wanted, got) = (schemas.len(), read.len());
            Err(format!("{wanted} schemas were to be read, {got} were"))
        }
    }

    /// Drops schemas with all that is in them.
    pub(crate) async fn drop(&self, schemas: &[&str]) -> Result<(), String> {
        let drop = |schema: &&str| format!("DROP SCHEMA IF EXISTS {schema} CASCADE;");
        let drops: String = schemas.iter().map(drop).collect();
        self.run(&format!("SET client_min_messages = warning; {drops}"))
            .await
    }
}

/// What the server says, with its detail, for the driver's own text holds neither.
fn described(error: &tokio_postgres::Error) -> String {
    let said = |error: &tokio_postgres::error::DbError| {
        let detail = error.detail().unwrap_or_default();
        format!("{} {detail}", error.message())
    };
    let error_text = || error.to_string();
    error.as_db_error().map_or_else(error_text, said)
}
