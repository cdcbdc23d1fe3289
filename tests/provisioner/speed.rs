//! How fast schemas are read: figures for people, printed by tests that run only when asked for.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "figures are printed for people"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use diesel_async::RunQueryDsl;
use platform_schema::{TenantId, TenantKey};
use rowhouse::config::Isolation;
use rowhouse::platform::Platform;
use rowhouse::provisioner::introspect::{fingerprints, introspect};
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::planner::{self, PlanOptions};
use rowhouse::provisioner::template::Template;
use rowhouse::provisioner::upgrade::UpgradeOptions;
use test_app::{TestDatabase, TestPlatform, config, order, provision};

use crate::connect;

diesel::define_sql_function! {
    /// The server process behind the connection.
    fn pg_backend_pid() -> diesel::sql_types::Integer;
}

/// Schemas of each kind that are read.
const SCHEMAS: u32 = 200;

/// Tenants whose roles are lent.
const LENT: usize = 20_000;

/// How many schemas one query reads.
const IN_ONE_QUERY: usize = 50;

/// 35 tables of 11 columns, 95 indexes, 41 foreign keys, with an enum, checks and comments.
fn large_schema() -> String {
    let mut sql = "CREATE TYPE mood AS ENUM ('good', 'bad');".to_owned();
    for table in 0..35 {
        let _ = write!(
            sql,
            "CREATE TABLE t{table} (
                 id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(80) NOT NULL CHECK (char_length(name) > 0),
                 email text, status mood NOT NULL DEFAULT 'good', amount numeric(12, 2) DEFAULT 0, note text COLLATE \"C\",
                 created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
                 parent_id uuid, other_id uuid, deleted_at timestamptz);
             COMMENT ON TABLE t{table} IS 'A table.'; COMMENT ON COLUMN t{table}.name IS 'A name.';
             COMMENT ON COLUMN t{table}.parent_id IS 'Whose part it is.';
             CREATE INDEX t{table}_parent ON t{table} (parent_id, created_at DESC);"
        );
    }
    for table in 0..25 {
        let _ = write!(
            sql,
            "CREATE UNIQUE INDEX t{table}_email ON t{table} (lower(email)) WHERE deleted_at IS NULL;"
        );
    }
    for key in 0..41 {
        let (table, other) = (key % 35, (key * 7 + 3) % 35);
        let column = if key < 35 { "parent_id" } else { "other_id" };
        let _ = write!(
            sql,
            "ALTER TABLE t{table} ADD FOREIGN KEY ({column}) REFERENCES t{other} ON DELETE SET NULL;"
        );
    }
    sql
}

fn rate(took: Duration) -> f64 {
    f64::from(SCHEMAS) / took.as_secs_f64()
}

/// Reads all schemas twice on a connection that has seen none of them, then on one that has, and prints both.
async fn measure(what: &str, names: &[String], url: &str) {
    let conn = connect(url).await;
    let mut schemas = Vec::new();
    for name in names {
        schemas.push(Namespace::find(name, &conn).await.unwrap());
    }
    let (reading, hashing) = (connect(url).await, connect(url).await);
    for state in ["new", "warm"] {
        let start = Instant::now();
        for chunk in schemas.chunks(IN_ONE_QUERY) {
            assert_eq!(
                introspect(chunk, &reading).await.unwrap().len(),
                chunk.len()
            );
        }
        let read = rate(start.elapsed());
        let start = Instant::now();
        for chunk in schemas.chunks(IN_ONE_QUERY) {
            let hashes = fingerprints(chunk, &hashing).await.unwrap();
            assert!(hashes.iter().all(|hash| hash == &hashes[0]));
        }
        let hashed = rate(start.elapsed());
        println!("{what}, {state} connection: {read:.0} read/s, {hashed:.0} hashed/s");
    }
    let start = Instant::now();
    fingerprints(&schemas[..1], &hashing).await.unwrap();
    println!("{what}, one alone: hashed in {:?}", start.elapsed());
}

#[tokio::test]
#[ignore = "prints figures; run with --release --nocapture"]
async fn introspection_speed() {
    let site = TestPlatform::open().await;
    let conn = connect(site.url()).await;
    let template = Template::read(&conn).await.unwrap();
    let blueprint = site.platform.provisioner.blueprint();
    let names = (0..SCHEMAS).map(|number| format!("tenant_{number:012}"));
    let names: Vec<String> = names.collect();
    for name in &names {
        let sql = blueprint.create_schema(&name.parse().unwrap(), &template, Isolation::Path);
        conn.batch(&format!("BEGIN; {sql}; COMMIT")).await.unwrap();
    }
    measure("the models' tables", &names, site.url()).await;
    drop(site);

    let database = TestDatabase::empty().await;
    let conn = connect(database.url()).await;
    let names: Vec<String> = (0..SCHEMAS)
        .map(|number| format!("large_{number}"))
        .collect();
    let sql = large_schema();
    for name in &names {
        let sql =
            format!("BEGIN; CREATE SCHEMA {name}; SET LOCAL search_path = {name}; {sql} COMMIT");
        conn.batch(&sql).await.unwrap();
    }
    drop(conn);
    measure("35 tables", &names, database.url()).await;
}

#[tokio::test]
#[ignore = "prints figures; run with --release --nocapture"]
async fn the_cost_of_the_reference_to_a_creation() {
    let site = TestPlatform::open().await;
    let conn = connect(site.url()).await;
    let mut orders = Vec::new();
    for number in 0..21 {
        orders.push(order(&site.platform, &format!("tenant-{number}"), "alice").await);
    }
    let mut took = Vec::new();
    for order in &orders {
        let start = Instant::now();
        site.platform.provisioner.create(order).await.unwrap();
        took.push(start.elapsed());
    }
    let following: Duration = took[1..].iter().sum::<Duration>() / 20;
    let start = Instant::now();
    site.platform.provisioner.reference(&conn).await.unwrap();
    println!(
        "first {:?}, following {following:?}, of which to find the reference {:?}",
        took[0],
        start.elapsed()
    );
    let steps = "SELECT concat_ws(' ', name, round(avg(duration_us)), 'us') FROM shared.run_steps GROUP BY name, position ORDER BY position";
    for step in site.texts(steps).await {
        println!("  {step}");
    }
}

/// CPU time of the server process behind a connection, in milliseconds; none where the platform does not tell.
fn server_time(pid: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = [fields[11], fields[12]].map(|ticks| ticks.parse::<f64>().unwrap_or_default());
    // A tick is 10 ms on all platforms that have `/proc`.
    Some((ticks[0] + ticks[1]) * 10.0)
}

#[tokio::test]
#[ignore = "prints figures; run with --release --nocapture"]
async fn the_cost_of_an_upgrade_that_has_nothing_to_do() {
    let site = TestPlatform::open().await;
    let tenants = 20;
    let mut keys: Vec<TenantKey> = Vec::new();
    for number in 0..tenants {
        let slug = format!("tenant-{number}");
        let order = order(&site.platform, &slug, "alice").await;
        site.platform.provisioner.create(&order).await.unwrap();
        keys.push(slug.parse().unwrap());
    }
    let requester = order(&site.platform, "nobody", "alice").await.requester;
    let other = Platform::open(&config(site.url())).await.unwrap();
    for state in ["a process of its own", "a process that knows the reference"] {
        let start = Instant::now();
        let options = UpgradeOptions::default();
        let upgraded = other.provisioner.upgrade(&keys[0], &options, &requester);
        assert_eq!(upgraded.await.unwrap().run, None);
        println!("one upgrade, {state}: {:?}", start.elapsed());
    }
    let conn = connect(site.url()).await;
    let pid: i32 = diesel::select(pg_backend_pid())
        .get_result(&mut &conn)
        .await
        .unwrap();
    for round in 0..6 {
        let (before, start) = (server_time(&pid.to_string()), Instant::now());
        for key in &keys {
            let confirmed = other.provisioner.confirm(key, &conn).await.unwrap();
            assert!(confirmed.is_some());
        }
        let took = start.elapsed() / tenants;
        let server = server_time(&pid.to_string()).zip(before);
        let server = server.map(|(after, before)| (after - before) / f64::from(tenants));
        println!(
            "round {round} on one connection: {took:?} each, of which the server {server:?} ms"
        );
    }
}

#[tokio::test]
#[ignore = "prints figures; run with --release --nocapture"]
async fn the_cost_of_a_plan() {
    let site = TestPlatform::open().await;
    provision(&site.platform, "acme", "alice").await;
    let conn = connect(site.url()).await;
    let schema = site
        .texts("SELECT min(schema_name) FROM shared.tenants")
        .await;
    let schema = Namespace::find(&schema[0], &conn).await.unwrap();
    let changes = "ALTER TABLE teams ADD meddled text; DROP TABLE api_keys CASCADE; ALTER TABLE users ALTER email DROP NOT NULL";
    let path = schema.set_local_path();
    site.run(&format!("BEGIN; {path}; {changes}; COMMIT")).await;
    let mut conn = conn;
    let reference = site.platform.provisioner.reference(&conn).await.unwrap();
    for round in 0..3 {
        let start = Instant::now();
        let read = introspect(std::slice::from_ref(&schema), &conn)
            .await
            .unwrap();
        let reading = start.elapsed();
        let plan = PlanOptions::default();
        let plan = planner::plan(&read[0], &reference, &schema, &plan, &mut conn)
            .await
            .unwrap();
        let planning = start.elapsed().saturating_sub(reading);
        println!(
            "round {round}: read in {reading:?}, {} steps planned in {planning:?}",
            plan.steps().count()
        );
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// Registers tenants with a role and nothing else, since the cost is in the memberships.
async fn register(site: &TestPlatform, count: usize) -> Vec<TenantId> {
    let ids: Vec<TenantId> = (0..count).map(|_| TenantId::generate()).collect();
    for some in ids.chunks(500) {
        let mut sql = "BEGIN;".to_owned();
        for id in some {
            let _ = write!(
                sql,
                "INSERT INTO shared.tenants (id, slug, name, schema_name) VALUES ('{id}', 't-{id}', 't', 'tenant_{id}');
                 CREATE ROLE tenant_{id} NOLOGIN NOINHERIT;"
            );
        }
        site.run(&format!("{sql} COMMIT")).await;
    }
    ids
}

#[tokio::test]
#[ignore = "prints figures; run with --release --nocapture"]
async fn the_cost_of_a_new_tenant_to_the_connections_of_the_others() {
    let site = TestPlatform::open().await;
    let ids = register(&site, LENT).await;
    for login_roles in [0, 16, 64] {
        let mut config = config(site.url());
        config.pool.login_roles = login_roles;
        let start = Instant::now();
        let platform = Platform::open(&config).await.unwrap();
        let lent = start.elapsed();
        if login_roles > 0 {
            platform.provisioner.withdraw().await.unwrap();
        } else {
            let roles = ids.iter().map(|id| format!("tenant_{id}"));
            let roles: Vec<String> = roles.collect();
            for some in roles.chunks(500) {
                site.run(&format!("GRANT {} TO CURRENT_USER", some.join(", ")))
                    .await;
            }
        }
        let connector = platform.provisioner.connector();
        let mut conns = Vec::new();
        for id in &ids[..8] {
            let login_role = connector.login_role_of(id);
            let conn = connector.for_login_role(login_role).connect().await;
            conns.push((id, conn.unwrap()));
        }
        let (mut first, mut cached) = (Vec::new(), Vec::new());
        for round in 0..if login_roles == 0 { 4 } else { 20 } {
            provision(&platform, &format!("new-{login_roles}-{round}"), "alice").await;
            for (id, conn) in &conns {
                for times in [&mut first, &mut cached] {
                    let start = Instant::now();
                    conn.batch(&format!("SET ROLE tenant_{id}")).await.unwrap();
                    times.push(start.elapsed());
                }
            }
        }
        first.sort();
        cached.sort();
        println!(
            "{LENT} tenants, {login_roles} login roles (lent in {lent:?}): SET ROLE after a new tenant p50 {:?} p99 {:?}, otherwise p50 {:?}",
            percentile(&first, 50),
            percentile(&first, 99),
            percentile(&cached, 50),
        );
    }
}
