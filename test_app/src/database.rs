//! A database for one test: a copy of a migrated template on an embedded server that all test processes share.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rowhouse::database::embedded::{Durability, EmbeddedServer, EmbeddedSettings};
use rowhouse::database::{Connector, migrations};
use rustix::fs::statvfs;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::OwnServer;

/// Seconds that a statement of a test may take.
const STATEMENT_TIMEOUT: u32 = 60;

/// How long mail may take to be sent; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long the server waits for the next test binary before it stops.
const LINGER: Duration = Duration::from_secs(5);

/// The server's data are kept in memory where so many bytes of it are free. A run of all tests takes less than a tenth.
const MEMORY: u64 = 4 << 30;

/// Databases of tests that were killed are dropped when they are this old, in milliseconds.
const LEFTOVER_AGE: u64 = 15 * 60 * 1_000;

/// Held while the template is made. The key is the bytes of `template`.
const TEMPLATE_LOCK: &str = "SELECT pg_advisory_lock(x'74656d706c617465'::bigint)";

static SERVER: OnceLock<EmbeddedServer> = OnceLock::new();

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
        let template = template().await;
        let database = Self::named(format!("test_{}", Uuid::now_v7().simple()));
        run(&format!(
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
        run(&format!("CREATE DATABASE {}", database.name)).await;
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
        // A thread with a runtime of its own, since the test's runtime is ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(drop_database(&name, &url));
        });
        let is_dropped = dropping.join().is_ok();
        assert!(
            is_dropped || std::thread::panicking(),
            "the test's database was not dropped"
        );
    }
}

fn server() -> &'static EmbeddedServer {
    SERVER.get_or_init(|| {
        let settings = EmbeddedSettings {
            durability: Durability::Disposable,
            linger: LINGER,
            // Its workers belong to nobody, and the login role may not end them to drop a database.
            extra: vec![("autovacuum".to_owned(), "off".to_owned())],
            ..EmbeddedSettings::at(directory())
        };
        EmbeddedServer::start(&settings).expect("the embedded server starts")
    })
}

/// Where the apps on a database leave what is no row: beside the test binaries, under the database's name.
pub(crate) fn data_folder(url: &str) -> PathBuf {
    let (_, name) = url.rsplit_once('/').expect("a URL with a database");
    let name = name.split('?').next().unwrap_or_default();
    target().join("test-data").join(name)
}

/// Where the server keeps its data: in memory where the machine has much, else in cargo's folder. Each test makes and removes
/// some thousand files of tables, which a file system on a disk takes as long for as PostgreSQL does for everything else.
///
/// Each of cargo's folders has a server of its own, and so has each way to set one up: no test passes on what an older build
/// allowed.
fn directory() -> PathBuf {
    let target = target();
    let mut identity = DefaultHasher::new();
    (&target, EmbeddedServer::setup()).hash(&mut identity);
    let name = format!("rowhouse-test-{:x}", identity.finish());
    let memory = Path::new("/dev/shm");
    let free = statvfs(memory).map_or(0, |system| system.f_bavail * system.f_frsize);
    if free >= MEMORY {
        memory.join(name)
    } else {
        target.join(name)
    }
}

/// The folder that cargo builds in.
fn target() -> PathBuf {
    let binary = std::env::current_exe().expect("the path of the test binary");
    let target = binary
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    let target = target.expect("the test binary is in a target folder");
    target.to_owned()
}

/// The server's URL names its own database last.
fn url_of(database: &str) -> String {
    let url = server().url();
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{database}")
}

/// The same URL for the superuser of the embedded server.
fn as_superuser(url: &str) -> String {
    url.replacen("//rowhouse@", "//postgres@", 1)
}

async fn connect(url: &str) -> Client {
    let (client, driver) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("a connection to the test's database");
    tokio::task::spawn(driver);
    client
}

async fn run(sql: &str) {
    connect(server().url())
        .await
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// Name of the template, made by the first test that needs it; another version of the migrations has another one.
async fn template() -> String {
    let name = format!("template_{}", migrations::version());
    let client = connect(server().url()).await;
    client
        .batch_execute(TEMPLATE_LOCK)
        .await
        .expect("the template's lock");
    let exists = client
        .query_opt(
            "SELECT FROM pg_database WHERE datname = $1 AND NOT datallowconn",
            &[&name],
        )
        .await;
    if exists.expect("a list of databases").is_none() {
        sweep(&client).await;
        client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .expect("no half-made template");
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .expect("the template");
        let connector = Connector::new(&url_of(&name), STATEMENT_TIMEOUT).expect("a connector");
        migrations::run(&connector)
            .await
            .expect("the platform is migrated");
        // Nobody may connect to a database while it is copied.
        let close = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        client
            .batch_execute(&close)
            .await
            .expect("the template is closed");
    }
    name
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
    let tenants = connect(url).await;
    let mut roles = Vec::new();
    for roles_of in [
        "SELECT schema_name::text FROM shared.tenants",
        "SELECT name FROM shared.login_roles",
    ] {
        // There are none in a database without a platform.
        let rows = tenants.query(roles_of, &[]).await.unwrap_or_default();
        roles.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    }
    drop(tenants);
    let server = connect(server().url()).await;
    let force = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    if server.batch_execute(&force).await.is_err() {
        // Only a superuser may force autovacuum to leave. Without force it leaves by itself, and only our own are asked to.
        server
            .batch_execute(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = '{name}' AND pg_has_role(usesysid, 'USAGE')"
            ))
            .await
            .expect("our own connections are closed");
        server
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .expect("the database is dropped");
    }
    for role in roles {
        server
            .batch_execute(&format!("DROP ROLE IF EXISTS {role}"))
            .await
            .expect("the roles of the platform are dropped");
    }
}
