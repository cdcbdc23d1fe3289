//! The fixture of all tests: a running platform with two tenants, made by the production provisioner on a real PostgreSQL.
//!
//! A crate, since several test binaries share it. It panics where a test would: a fixture that cannot be made is a failed test.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a fixture that cannot be made fails the test"
)]

mod answer;
mod caller;
mod chaos_proxy;
mod database;
mod mail;
mod mail_server;
mod own_server;
mod pgbouncer;
mod platform;
mod traffic;

use std::sync::Arc;

use actix_web::web::ServiceConfig;
use clap::Parser;
use platform_schema::{NewSystemUser, SystemUserRole};
use rowhouse::config::Config;
use rowhouse::pepper::password::Password;
use rowhouse::platform::Platform;
use rowhouse::provisioner::order::{FirstAdmin, ProvisionedTenant, Requester, TenantOrder};
use rowhouse::server::{self, Application};
use rowhouse::tenancy::pools::Lease;
use serde_json::json;
use tokio_postgres::Row;
use uuid::Uuid;

pub use answer::{Answer, statuses};
pub use caller::Caller;
pub use chaos_proxy::{Chaos, ChaosProxy};
pub use database::TestDatabase;
pub use mail::Mail;
pub use mail_server::{MailServer, Reception};
pub use own_server::OwnServer;
pub use pgbouncer::{PgBouncer, PoolMode};
pub use platform::TestPlatform;
pub use traffic::{panic_on_purpose, serve_in_turn};

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// The e-mail address of the system admin in the tests.
pub const PLATFORM_ADMIN: &str = "root@platform.example";

/// Sessions of the server that an app gets where it is tested through a pooler.
const POOLED_SESSIONS: u32 = 4;

/// A running platform of one test. Its database goes when it is dropped.
#[derive(Debug)]
pub struct TestApp {
    address: String,
    platform: Arc<Platform>,
    /// Made by the production provisioner: `acme` with the admin `alice`.
    pub acme: ProvisionedTenant,
    /// Made by the production provisioner: `globex` with the admin `mallory`.
    pub globex: ProvisionedTenant,
    _bouncer: Option<PgBouncer>,
    /// Last, so that the database is dropped when nothing uses it any more.
    database: TestDatabase,
}

/// What every server of a test is told: a free port, the lowest cost of a password, and to say no more than warnings.
pub const SERVER_ARGUMENTS: [&str; 6] =
    ["--port", "0", "--password-cost", "4", "--log-level", "warn"];

/// More requests a minute than any test makes.
const UNLIMITED: u32 = 1_000_000;

/// The configuration as the command line would give it.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

/// A configuration for tests on a database: [`SERVER_ARGUMENTS`], and mail in files.
pub fn config(database_url: &str) -> Config {
    let data = database::data_folder(database_url);
    let data = data.to_str().expect("a path in UTF-8");
    let places = ["--database-url", database_url, "--data-dir", data];
    let arguments = ["test"].iter().chain(&SERVER_ARGUMENTS).chain(&places);
    let mut config = Arguments::parse_from(arguments).config;
    // What is tested has limits of its own.
    config.limits.rate_per_address = UNLIMITED;
    config.limits.rate_per_account = UNLIMITED;
    config
}

/// Whether the apps of this process serve through PgBouncer: with `TEST_POOLER` set, any test of the API tests that, too.
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the tests is no configuration of the program"
)]
fn is_through_pooler() -> bool {
    std::env::var("TEST_POOLER").is_ok()
}

impl TestApp {
    /// A platform with the tenants `acme` and `globex`, nobody in particular, the admin of one and the admin of the other.
    pub async fn with_two_tenants() -> (Self, Caller, Caller, Caller) {
        let database = TestDatabase::create().await;
        let bouncer = is_through_pooler()
            .then(|| PgBouncer::start(&database, PoolMode::Transaction, POOLED_SESSIONS));
        let config = match &bouncer {
            Some(bouncer) => bouncer.config(&database),
            None => config(database.url()),
        };
        let (app, anonymous, alice, mallory) = Self::on(database, config, |_| {}).await;
        let app = Self {
            _bouncer: bouncer,
            ..app
        };
        (app, anonymous, alice, mallory)
    }

    /// As [`Self::with_two_tenants`], with a configuration that leads to `database`, and with routes of the test's own.
    ///
    /// The routes come before all others: `/api/v1/tenants/{slug}/slow` is one that `Authorized` lets a tenant's user into.
    pub async fn on(
        database: TestDatabase,
        config: Config,
        routes: fn(&mut ServiceConfig),
    ) -> (Self, Caller, Caller, Caller) {
        let listener = server::listen(&config).expect("a free port");
        let platform = Platform::open(&config)
            .await
            .expect("the platform is opened");
        let platform = Arc::new(platform);
        let application = Application::with_routes(config, Arc::clone(&platform), listener, routes)
            .await
            .expect("the application is built");
        let address = format!("http://127.0.0.1:{}", application.port());
        tokio::task::spawn(application.run_until_stopped());
        let (acme, globex) = tokio::join!(
            provision(&platform, "acme", "alice"),
            provision(&platform, "globex", "mallory")
        );
        let app = Self {
            address,
            platform,
            acme,
            globex,
            _bouncer: None,
            database,
        };
        let anonymous = app.anonymous();
        let (alice, mallory) = tokio::join!(
            anonymous.log_in("acme", "alice", PASSWORD),
            anonymous.log_in("globex", "mallory", PASSWORD)
        );
        (app, anonymous, alice, mallory)
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Caller {
        Caller::anonymous(&self.address)
    }

    /// A system user with the role `super_admin`.
    pub async fn platform_admin(&self) -> Caller {
        self.system_user(PLATFORM_ADMIN, SystemUserRole::SuperAdmin)
            .await
    }

    /// A new system user, logged in.
    pub async fn system_user(&self, email: &str, role: SystemUserRole) -> Caller {
        let password =
            Password::parse_new(PASSWORD.to_owned()).expect("the password passes the policy");
        let hash = self
            .platform
            .hasher
            .hash(&password)
            .await
            .expect("the password is hashed");
        let user = NewSystemUser {
            id: Uuid::now_v7(),
            email: email.to_owned(),
            password_hash: hash.expose().to_owned(),
            role,
        };
        let conn = self
            .platform
            .pools
            .platform()
            .await
            .expect("a connection to the platform");
        user.insert(&conn)
            .await
            .expect("the system user is created");
        conn.finish().await.expect("the system user is kept");
        self.anonymous().log_in_to_platform(email, PASSWORD).await
    }

    /// Where the platform listens, as `http://host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What is behind the server, for what the public API does not show.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// A connection of a tenant's role, as requests have it.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests look behind the public API"
    )]
    pub async fn lease(&self, tenant: &ProvisionedTenant) -> Lease {
        let lease = self.platform.pools.lease(&tenant.tenant.id).await;
        lease.expect("the tenant's pool lends")
    }

    /// Runs SQL as the login role, for states that no route makes.
    pub async fn sql(&self, sql: &str) {
        let client = self.database.client().await;
        client
            .batch_execute(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        // As whoever changes something by hand would: what the server remembers is void.
        client
            .batch_execute("NOTIFY rowhouse, 'tenants'")
            .await
            .expect("the change is announced");
        self.platform.changes.catch_up().await;
    }

    /// What a query gives to the login role, for what no route shows.
    pub async fn rows(&self, sql: &str) -> Vec<Row> {
        let rows = self.database.client().await.query(sql, &[]).await;
        rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// Runs SQL in the schema of a tenant. Not in its role.
    pub async fn sql_in(&self, tenant: &ProvisionedTenant, sql: &str) {
        let schema = &tenant.tenant.schema;
        self.sql(&format!("SET search_path = {schema}; {sql}"))
            .await;
    }

    /// The mails to an address so far, all that were caused before being sent. In an app that sends mail by SMTP, there are
    /// none: its mail server has them.
    pub async fn mails(&self, address: &str) -> Vec<Mail> {
        self.wait_for_outbox().await;
        let folder = database::data_folder(self.database.url()).join("mail");
        let mails = Mail::in_folder(&folder).into_iter();
        mails.filter(|mail| mail.to() == address).collect()
    }

    /// The last mail to an address, which has a link.
    pub async fn mailed_token(&self, address: &str) -> String {
        let mails = self.mails(address).await;
        let last = mails.last();
        last.unwrap_or_else(|| panic!("no mail to {address}"))
            .token()
    }

    /// Waits until no mail is waiting to be sent.
    pub async fn wait_for_outbox(&self) {
        self.database.wait_for_outbox().await;
    }

    /// The database of this test.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }
}

/// Provisions a tenant with an admin who has [`PASSWORD`].
pub async fn provision(platform: &Platform, slug: &str, admin: &str) -> ProvisionedTenant {
    let order = order(platform, slug, admin).await;
    // A large future: in a box, it makes none of the tests' own large.
    Box::pin(platform.provisioner.create(&order))
        .await
        .unwrap_or_else(|error| panic!("`{slug}` is not provisioned: {error}"))
}

/// The order of a tenant with an admin who has [`PASSWORD`].
pub async fn order(platform: &Platform, slug: &str, admin: &str) -> TenantOrder {
    let password =
        Password::parse_new(PASSWORD.to_owned()).expect("the password passes the policy");
    let hash = platform
        .hasher
        .hash(&password)
        .await
        .expect("the password is hashed");
    TenantOrder {
        slug: slug.parse().expect("a slug"),
        name: slug.to_owned(),
        plan: None,
        labels: json!({}),
        admin: FirstAdmin {
            email: format!("{admin}@{slug}.example"),
            username: admin.to_owned(),
            password_hash: Some(hash.expose().to_owned()),
            invitation: None,
        },
        requester: Requester {
            channel: "test",
            ..Requester::default()
        },
        receipt: None,
    }
}
