//! A database for one test: a copy of a template on an embedded server that all test processes share. The template is migrated
//! and knows what tenants should be like.

mod server;
mod template;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rowhouse::database::{Connector, migrations};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::OwnServer;
use server::{as_superuser, connect, keep, run, server, target, url_of};

/// Seconds that a statement of a test may take.
const STATEMENT_TIMEOUT: u32 = 60;

/// How long mail may take to be sent; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// Databases of tests that were killed are dropped when they are this old, in milliseconds.
const LEFTOVER_AGE: u64 = 15 * 60 * 1_000;

/// How long the sessions of a test that is over get to end.
const GOODBYE: Duration = Duration::from_secs(10);

/// Between two looks at sessions that are ending.
const POLL: Duration = Duration::from_millis(2);

/// A database of one test, dropped with its tenants' roles when the test is over.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    /// Whether it is to be dropped.
    is_ours: bool,
}

impl TestDatabase {
    /// A migrated platform without tenants.
    pub async fn create() -> Self {
        let database = Self::named(format!("test_{}", Uuid::now_v7().simple()));
        let template = template::name().await;
        run(format!(
            "CREATE DATABASE {} TEMPLATE {template}",
            database.name
        ))
        .await;
        database
    }

    /// A migrated platform without tenants on a server of the test's own, which drops nothing by itself.
    pub async fn on(server: &OwnServer) -> Self {
        let connector = Connector::new(server.url(), STATEMENT_TIMEOUT).expect("a connector");
        let migrated = migrations::run(&connector).await;
        migrated.expect("the platform is migrated");
        Self {
            name: String::new(),
            url: server.url().to_owned(),
            is_ours: false,
        }
    }

    /// A database with nothing in it, not even the platform.
    pub async fn empty() -> Self {
        let database = Self::named(format!("test_{}", Uuid::now_v7().simple()));
        run(format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    fn named(name: String) -> Self {
        Self {
            url: url_of(&name),
            name,
            is_ours: true,
        }
    }

    /// The URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One of PostgreSQL's programs, such as `pg_dump`, of the server's own version: it lies beside the server.
    pub fn program(&self, name: &str) -> PathBuf {
        let options = server().root().join("pgdata").join("postmaster.opts");
        let options = std::fs::read_to_string(&options)
            .unwrap_or_else(|error| panic!("{}: {error}", options.display()));
        let server = options.split(" \"").next().unwrap_or_default();
        PathBuf::from(server.trim()).with_file_name(name)
    }

    /// A connection of the login role, for what no API shows.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }

    /// Waits until no mail is waiting to be sent.
    pub async fn wait_for_outbox(&self) {
        let client = self.client().await;
        let waiting =
            "SELECT FROM shared.mail_outbox WHERE sent_at IS NULL AND given_up_at IS NULL";
        let begun = Instant::now();
        while let Some(row) = client
            .query(waiting, &[])
            .await
            .expect("the outbox")
            .first()
        {
            assert!(begun.elapsed() < PATIENCE, "mail still waits: {row:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Runs what the server's superuser does once for an operator.
    pub async fn run_as_superuser(&self, sql: &str) {
        let client = connect(&as_superuser(&self.url)).await;
        let done = client.batch_execute(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let pid: i32 = client
            .query_one("SELECT pg_backend_pid()", &[])
            .await
            .expect("the session's process")
            .get(0);
        drop(client);
        // The login role, which drops the database, may not end a session of the superuser: so it has to be over.
        connect(&as_superuser(server().url()))
            .await
            .execute("SELECT pg_terminate_backend($1, 10000)", &[&pid])
            .await
            .expect("the session is over");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if !self.is_ours {
            return;
        }
        let (name, url) = (self.name.clone(), self.url.clone());
        // Few tests leave any.
        let _ = std::fs::remove_dir_all(data_folder(&url));
        let (sender, done) = std::sync::mpsc::channel();
        keep(async move {
            drop_database(&name, &url).await;
            // The test waits for it.
            let _ = sender.send(());
        });
        let is_dropped = done.recv().is_ok();
        assert!(
            is_dropped || std::thread::panicking(),
            "the test's database was not dropped"
        );
    }
}

/// Where the apps on a database leave what is no row: beside the test binaries, under the database's name.
pub(crate) fn data_folder(url: &str) -> PathBuf {
    let (_, name) = url.rsplit_once('/').expect("a URL with a database");
    let name = name.split('?').next().unwrap_or_default();
    target().join("test-data").join(name)
}

/// Drops what tests that were killed have left.
async fn sweep(client: &Client) {
    let rows = client
        .query(
            "SELECT datname::text FROM pg_database WHERE datname LIKE 'test\\_%'",
            &[],
        )
        .await
        .expect("a list of databases");
    for name in rows
        .iter()
        .map(|row| row.get::<_, String>(0))
        .filter(|name| is_leftover(name))
    {
        drop_database(&name, &url_of(&name)).await;
    }
}

/// The name carries the time: the first 48 bits of a UUID v7 are milliseconds.
fn is_leftover(name: &str) -> bool {
    let made = name
        .strip_prefix("test_")
        .and_then(|id| Uuid::try_parse(id).ok())
        .map_or(0, |id| id.as_u64_pair().0 >> 16);
    let now = Uuid::now_v7().as_u64_pair().0 >> 16;
    now.saturating_sub(made) > LEFTOVER_AGE
}

async fn drop_database(name: &str, url: &str) {
    let roles = roles(url).await;
    end_sessions(name).await;
    run(format!("DROP DATABASE IF EXISTS {name}")).await;
    if !roles.is_empty() {
        run(format!("DROP ROLE IF EXISTS {}", roles.join(", "))).await;
    }
}

/// The roles that a platform has made.
async fn roles(url: &str) -> Vec<String> {
    let client = connect(url).await;
    let mut roles = Vec::new();
    for roles_of in [
        "SELECT schema_name::text FROM shared.tenants",
        "SELECT name FROM shared.login_roles",
    ] {
        // There are none in a database without a platform.
        let rows = client.query(roles_of, &[]).await.unwrap_or_default();
        roles.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    }
    roles
}

/// Ends the sessions of a database and waits until they are over. `DROP DATABASE` would do it by itself, and would look after
/// them every 100 ms alone.
async fn end_sessions(database: &str) {
    let client = connect(server().url()).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = $1 AND pg_has_role(usesysid, 'USAGE')";
    let begun = Instant::now();
    while !client
        .query(end, &[&database])
        .await
        .expect("the sessions of a test are ended")
        .is_empty()
    {
        assert!(begun.elapsed() < GOODBYE, "sessions of {database} live on");
        tokio::time::sleep(POLL).await;
    }
}
