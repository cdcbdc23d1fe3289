//! One log event per request, which says who, what and why, and no secrets.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use actix_web::test::TestRequest;
use rowhouse::config::LogFormat;
use rowhouse::http::subscriber;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::toy::{get, send};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Collects what this thread logs until the guard is dropped.
fn collect(format: LogFormat) -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = subscriber(format, EnvFilter::new("info"), move || writer.clone());
    (lines, tracing::subscriber::set_default(subscriber))
}

/// The only event a request for `path` leaves behind.
async fn event_of(path: &str) -> Value {
    let (lines, _guard) = collect(LogFormat::Json);
    get(path).await;
    serde_json::from_str(&lines.text()).unwrap()
}

#[actix_web::test]
async fn a_request_leaves_one_event() {
    let event = event_of("/api/v1/caller").await;
    assert_eq!(event["level"], "INFO");
    assert_eq!(event["message"], "GET /api/v1/caller 200");
    assert_eq!(event["http.method"], "GET");
    assert_eq!(event["http.matched_path"], "/api/v1/caller");
    assert_eq!(event["status"], 200);
    assert_eq!(event["tenant.id"], "0abc0abc0abc");
    assert_eq!(event["user.id"], "u-1");
    assert!(event["duration_ms"].as_f64().unwrap() >= 0.0);
    assert!(event["request_id"].is_string());
}

#[actix_web::test]
async fn a_failure_is_logged_once_with_its_causes() {
    let event = event_of("/api/v1/broken").await;
    assert_eq!(event["level"], "ERROR");
    assert_eq!(event["error.code"], "internal");
    assert_eq!(
        event["error.cause"],
        "relation \"tenant_x.users\" does not exist"
    );
}

#[actix_web::test]
async fn a_panic_is_logged_like_any_failure() {
    let event = event_of("/api/v1/panic").await;
    assert_eq!(event["http.matched_path"], "/api/v1/panic");
    assert_eq!(
        event["error.cause"],
        "the handler panicked: the handler's secret"
    );
}

#[actix_web::test]
async fn paths_and_queries_are_not_logged() {
    let (lines, _guard) = collect(LogFormat::Text);
    get("/api/v1/notes/0198c5b2-6f0e-7a4e-9d0c-3f1b2a4c5d6e?token=hush").await;
    get("/nowhere/hush?token=hush").await;
    let log = lines.text();
    assert!(log.contains("GET /api/v1/notes/{id} 200"), "{log}");
    assert!(log.contains("GET (no endpoint) 404"), "{log}");
    assert!(!log.contains("hush") && !log.contains("0198c5b2"), "{log}");
}

#[actix_web::test]
async fn a_caller_cannot_forge_a_line() {
    let (lines, _guard) = collect(LogFormat::Text);
    let request = TestRequest::get().uri("/api/v1/caller");
    send(request.insert_header(("X-Request-ID", "a\tINFO forged"))).await;
    assert!(!lines.text().contains("forged"));
    assert_eq!(lines.text().lines().count(), 1);
}
