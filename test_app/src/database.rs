//! A database for one test: a copy of a template on an embedded server that all test processes share. The template is migrated
//! and knows what tenants should be like.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rowhouse::database::embedded::{Durability, EmbeddedServer, EmbeddedSettings};
use rowhouse::database::{Connector, migrations};
use rowhouse::provisioner::Provisioner;
use rowhouse::provisioner::blueprint::Blueprint;
use rustix::fs::statvfs;
use tenant_schema::catalog::Catalog;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
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

/// How long the sessions of a test that is over get to end.
const GOODBYE: Duration = Duration::from_secs(10);

/// Between two looks at sessions that are ending.
const POLL: Duration = Duration::from_millis(2);

static SERVER: OnceLock<EmbeddedServer> = OnceLock::new();

/// What databases are made and dropped in: it outlives the runtimes of the tests.
static KEEPER: OnceLock<Runtime> = OnceLock::new();

/// The keeper's connections to the server that nobody works with.
static IDLE: Mutex<Vec<Client>> = Mutex::new(Vec::new());

/// The template's name, once it is there.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

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
        let template = TEMPLATE.get_or_init(template).await;
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

/// Does some work beside the tests' own runtimes, which end before it does.
fn keep<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let keeper = KEEPER.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let keeper = builder.worker_threads(1).enable_all().build();
        keeper.expect("a runtime")
    });
    keeper.spawn(work)
}

fn idle() -> MutexGuard<'static, Vec<Client>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a statement on the server's own database.
async fn run(sql: String) {
    let running = keep(async move {
        let known = idle().pop();
        let client = match known {
            Some(client) => client,
            None => connect(server().url()).await,
        };
        let done = client.batch_execute(&sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        idle().push(client);
    });
    running.await.expect("it was run");
}

/// Name of the template, made by the first process that needs it; other migrations and other models have another one.
async fn template() -> String {
    let blueprint = Blueprint::of(Catalog::of_models());
    let name = format!("template_{}_{}", migrations::version(), blueprint.version());
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
        fill(&url_of(&name)).await;
        // Nobody may connect to a database while it is copied.
        let close = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        client
            .batch_execute(&close)
            .await
            .expect("the template is closed");
    }
    name
}

/// Makes the platform without tenants, and the reference schema that the first tenant would have made.
async fn fill(url: &str) {
    let connector = Connector::new(url, STATEMENT_TIMEOUT).expect("a connector");
    migrations::run(&connector)
        .await
        .expect("the platform is migrated");
    let provisioner = Provisioner::open(&connector, &super::config(url).pool).await;
    let conn = connector.connect().await.expect("a connection");
    provisioner
        .expect("a provisioner")
        .reference(&conn)
        .await
        .expect("the reference schema");
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
