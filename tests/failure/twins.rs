//! Two tenants with users of the same id over one physical connection, so that whatever leaks is seen.

use std::time::{Duration, Instant};

use rowhouse::config::Config;
use test_app::{Answer, Caller, ChaosProxy, TestApp, TestDatabase, config};

use crate::deeds;

/// The id of a user in each tenant.
pub(crate) const TWIN: &str = "019a0000-0000-7000-8000-0000000000aa";

/// How long the server gets to notice something.
const PATIENCE: Duration = Duration::from_secs(20);

/// The platform behind a proxy to its database, with one connection for everybody.
pub(crate) struct Twins {
    pub(crate) app: TestApp,
    pub(crate) proxy: ChaosProxy,
    /// Of acme, who misbehaves.
    pub(crate) alice: Caller,
    /// Of globex, who comes next.
    pub(crate) mallory: Caller,
    /// A connection past the proxy.
    observer: tokio_postgres::Client,
}

/// Gives both tenants a user of one id and of different names.
pub(crate) async fn plant_twins(app: &TestApp) {
    for tenant in [&app.acme, &app.globex] {
        let slug = &tenant.tenant.slug;
        let twin = format!(
            "INSERT INTO users (id, email, username) VALUES ('{TWIN}', 'twin@{slug}.example', 'twin-of-{slug}')"
        );
        app.sql_in(tenant, &twin).await;
    }
}

impl Twins {
    /// Both tenants with one user of the same id and another name, and one connection.
    pub(crate) async fn open(change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::create().await;
        let observer = database.client().await;
        let proxy = ChaosProxy::start(database.url()).await;
        let mut config = config(proxy.url());
        config.pool.pool_max_connections = 1;
        config.pool.pool_max_per_tenant = 1;
        config.pool.pool_wait_ms = 20_000;
        change(&mut config);
        let (app, _, alice, mallory) = TestApp::on(database, config, deeds::configure).await;
        plant_twins(&app).await;
        Self {
            app,
            proxy,
            alice,
            mallory,
            observer,
        }
    }

    /// Process of the one connection, as acme's.
    pub(crate) async fn backend(&self) -> i64 {
        pid(&self.alice.get("/session").await.expect_status(200))
    }

    /// Asserts that both tenants are served on another connection than that one, each with their own.
    pub(crate) async fn assert_served_without(&self, backend: i64) {
        for (caller, tenant) in [
            (&self.mallory, &self.app.globex),
            (&self.alice, &self.app.acme),
        ] {
            let session = caller.get("/session").await.expect_status(200);
            assert_ne!(pid(&session), backend);
            let schema = tenant.tenant.schema.clone();
            assert_eq!(session.text_at("/role"), schema);
            assert_eq!(session.text_at("/path"), schema);
            let twin = caller.get(&format!("/users/{TWIN}")).await;
            assert_eq!(
                twin.expect_status(200).text_at("/data/username"),
                format!("twin-of-{}", tenant.tenant.slug)
            );
        }
    }

    /// Waits until a statement with this text is under way; says in which process.
    pub(crate) async fn wait_for_statement(&self, text: &str) -> i32 {
        let sql = "SELECT pid FROM pg_stat_activity \
                   WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE $1";
        let pattern = format!("%{text}%");
        let begun = Instant::now();
        loop {
            if let Some(row) = self.observer.query_opt(sql, &[&pattern]).await.unwrap() {
                return row.get(0);
            }
            assert!(begun.elapsed() < PATIENCE, "nobody runs `{text}`");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the server has ended a backend.
    pub(crate) async fn wait_for_end(&self, backend: i64) {
        let sql = "SELECT FROM pg_stat_activity WHERE pid = $1::bigint";
        let begun = Instant::now();
        while self
            .observer
            .query_opt(sql, &[&backend])
            .await
            .unwrap()
            .is_some()
        {
            assert!(begun.elapsed() < PATIENCE, "the backend {backend} lives");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Cancels what a backend does, as an administrator does.
    pub(crate) async fn cancel(&self, backend: i32) {
        let sql = "SELECT pg_cancel_backend($1)";
        self.observer.query_one(sql, &[&backend]).await.unwrap();
    }

    /// Ends a backend as an administrator does.
    pub(crate) async fn terminate(&self, backend: i32) {
        let sql = "SELECT pg_terminate_backend($1)";
        self.observer.query_one(sql, &[&backend]).await.unwrap();
    }
}

fn pid(session: &Answer) -> i64 {
    session.at("/pid").as_i64().unwrap()
}

/// Asserts a problem document of this status and code that says when to come back, if it is 503.
pub(crate) fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer:#?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(answer.code(), code);
    assert_eq!(answer.header("retry-after").is_some(), status == 503);
}
