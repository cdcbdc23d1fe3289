//! The audit log as a file (rule 77): whole, harmless to spreadsheets, and of any length in little memory.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use test_app::{Caller, TestApp};

const EXPORT: &str = "/settings/audit-logs/export";

/// How long something may take that happens at once on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// Adds rows to the log of acme, a second apart and of a kilobyte each.
async fn fill(app: &TestApp, rows: u32) {
    let sql = format!(
        "INSERT INTO audit_logs (id, position, hash, actor_type, action, object_type, object_id, after, user_agent, created_at)
         SELECT gen_random_uuid(), 1000 + number, '\\x00', 'nobody', 'notes.create', 'note', number::text,
             jsonb_build_object('text', repeat('x', 500)), 'the test', now() - number * interval '1 second'
         FROM generate_series(1, {rows}) AS number"
    );
    let schema = &app.acme.tenant.schema;
    let client = app.database().client().await;
    let sql = format!("SET search_path = {schema}; SET statement_timeout = 0; {sql}");
    client.batch_execute(&sql).await.unwrap();
}

async fn begin(caller: &Caller, query: &str) -> Response {
    let request = caller.request(Method::GET, &format!("{EXPORT}?{query}"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

fn lines(text: &str) -> Vec<Value> {
    let rows = text.lines().map(serde_json::from_str);
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_file_has_each_row_once_however_many_pages_are_read_for_it() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    fill(&app, 2_500).await;
    let file = alice.get(&format!("{EXPORT}?format=ndjson")).await;
    assert_eq!(file.header("Content-Type"), Some("application/x-ndjson"));
    let rows = lines(&file.text);
    let positions = rows.iter().map(|row| row["position"].as_i64().unwrap());
    let positions: BTreeSet<i64> = positions.collect();
    assert_eq!(positions.len(), rows.len());
    // The login of alice is the only other row; that of the export itself comes after.
    assert_eq!(rows.len(), 2_501);
    assert_eq!(rows[0]["action"], "auth.login");
    let filtered = alice
        .get(&format!("{EXPORT}?format=ndjson&object_id=7"))
        .await;
    assert_eq!(lines(&filtered.text)[0]["object_id"], "7");
    let none = alice
        .get(&format!("{EXPORT}?format=ndjson&object_id=none"))
        .await;
    assert_eq!(none.expect_status(200).text, "");
}

#[tokio::test]
async fn who_takes_the_log_away_is_in_it() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    alice
        .get(&format!("{EXPORT}?action=users.create"))
        .await
        .expect_status(200);
    let row = alice.get("/settings/audit-logs").await.at("/data/0");
    assert_eq!(row["action"], "audit.export");
    assert_eq!(
        row["after"],
        json!({ "action": "users.create", "format": "csv" })
    );
    let elsewhere = mallory.get("/settings/audit-logs").await;
    assert!(!elsewhere.text.contains("audit.export"));
}

/// Rule 77.
#[tokio::test]
async fn no_cell_of_a_file_is_a_formula() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for agent in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1,\"2\")"] {
        let body = json!({ "first_name": agent });
        let request = alice.request(Method::PATCH, "/users/me").json(&body);
        let request = request.header("If-Match", "*").header("User-Agent", agent);
        alice.send(request).await.expect_status(200);
    }
    let file = alice.get(EXPORT).await.expect_status(200);
    assert!(file.header("Content-Type").unwrap().starts_with("text/csv"));
    assert_eq!(
        file.header("Content-Disposition"),
        Some("attachment; filename=\"audit-logs.csv\"")
    );
    let mut table = csv::Reader::from_reader(file.text.as_bytes());
    let column = table
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "user_agent");
    let column = column.unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let agents: Vec<&str> = rows[..4].iter().map(|row| &row[column]).collect();
    assert_eq!(
        agents,
        ["'@SUM(1,\"2\")", "'-1", "'+1", "'=cmd|' /C calc'!A0"]
    );
    let is_formula = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    assert!(rows.iter().all(|row| !row.iter().any(is_formula)));
}

/// How many connections are lent to anybody.
fn lent(app: &TestApp) -> u64 {
    app.platform().pools.view().lent
}

#[tokio::test]
async fn a_client_that_reads_slowly_or_hangs_up_holds_no_connection() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    fill(&app, 40_000).await;
    let mut slow = begin(&alice, "format=ndjson").await;
    slow.chunk().await.unwrap().unwrap();
    let begun = Instant::now();
    while lent(&app) > 0 {
        assert!(begun.elapsed() < PATIENCE, "a lease stays");
        tokio::task::yield_now().await;
    }
    drop(slow);
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn who_is_signed_out_gets_no_more_of_a_file() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    fill(&app, 40_000).await;
    let mut file = begin(&alice, "format=ndjson").await;
    file.chunk().await.unwrap().unwrap();
    alice
        .post("/auth/logout", &json!({}))
        .await
        .expect_status(204);
    let broken = loop {
        match file.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the whole file came");
}

/// A line of `/proc/self/status`, in KiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Client and server are one process here: the figures are of both.
#[tokio::test]
#[ignore = "measures: cargo test --test api a_million -- --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "figures are what it is for")]
async fn a_million_rows_in_little_memory() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    fill(&app, 1_000_000).await;
    app.sql_in(&app.acme, "ANALYZE audit_logs").await;
    for format in ["ndjson", "csv"] {
        // Resets the peak (proc(5), clear_refs).
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let (before, begun) = (memory("VmHWM"), Instant::now());
        let mut file = begin(&alice, &format!("format={format}")).await;
        let (mut bytes, mut rows) = (0, 0);
        while let Some(chunk) = file.chunk().await.unwrap() {
            bytes += chunk.len();
            rows += chunk.split(|byte| *byte == b'\n').count() - 1;
        }
        let (after, seconds) = (memory("VmHWM"), begun.elapsed().as_secs_f64());
        println!(
            "{format}: {rows} lines, {} MB, {seconds:.1} s; VmHWM {} MB before, {} MB after",
            bytes / 1_000_000,
            before / 1_024,
            after / 1_024
        );
        assert!(rows > 1_000_000);
    }
}
