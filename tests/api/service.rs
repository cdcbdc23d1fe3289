//! The service itself: what it is, how it is, and what every answer carries.

use reqwest::Method;
use test_app::{Answer, TestApp};

/// Headers of every answer (rule 92 of the platform's security rules; OWASP ASVS 5.0.0, 3.4).
const SECURITY_HEADERS: [(&str, &str); 5] = [
    (
        "Strict-Transport-Security",
        "max-age=63072000; includeSubDomains",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

fn assert_headers(answer: &Answer) {
    for (name, value) in SECURITY_HEADERS {
        assert_eq!(answer.header(name), Some(value), "{name} of {answer:#?}");
    }
    let seconds = answer.header("X-Process-Time").unwrap();
    assert!(seconds.parse::<f64>().unwrap() >= 0.0);
    assert_eq!(seconds.split_once('.').unwrap().1.len(), 6);
    let timing = answer.header("Server-Timing").unwrap();
    assert!(timing.starts_with("app;dur="), "{timing}");
    assert!(timing.contains(", queue;dur="), "{timing}");
    assert!(answer.header("X-Request-ID").is_some());
}

#[tokio::test]
async fn the_service_says_what_it_is_and_how_it_is() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let root = anonymous.get("/").await.expect_status(200);
    insta::assert_json_snapshot!(root.json(), { ".data.version" => "[version]" }, @r#"
    {
      "data": {
        "documentation": "/docs",
        "name": "rowhouse",
        "openapi": "/openapi.json",
        "version": "[version]"
      },
      "message": "a schema-per-tenant platform on PostgreSQL",
      "success": true
    }
    "#);
    let health = anonymous.get("/health").await.expect_status(200);
    assert_eq!(health.text_at("/data/status"), "alive");
    for path in ["/ready", "/readiness"] {
        let ready = anonymous.get(path).await.expect_status(200);
        assert_eq!(ready.text_at("/data/status"), "ready");
    }
}

#[tokio::test]
async fn every_answer_carries_its_id_its_time_and_the_security_headers() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let answers = [
        anonymous.get("/").await.expect_status(200),
        anonymous.get("/openapi.json").await.expect_status(200),
        anonymous.get("/nowhere").await.expect_status(404),
        anonymous
            .send(anonymous.request(Method::DELETE, "/health"))
            .await
            .expect_status(405),
        anonymous
            .get("/api/v1/tenants/acme/users")
            .await
            .expect_status(401),
        alice.get("/users").await.expect_status(200),
    ];
    for answer in &answers {
        assert_headers(answer);
    }
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_another_one_is_replaced() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let with_id = |id: &str| {
        anonymous
            .request(Method::GET, "/nowhere")
            .header("X-Request-ID", id)
    };
    let kept = anonymous.send(with_id("req-1.a_B")).await;
    assert_eq!(kept.header("X-Request-ID"), Some("req-1.a_B"));
    assert_eq!(kept.text_at("/request_id"), "req-1.a_B");
    for odd in ["a b", "<script>", "", &"x".repeat(129)] {
        let replaced = anonymous.send(with_id(odd)).await;
        let id = replaced.header("X-Request-ID").unwrap();
        assert!(uuid::Uuid::try_parse(id).is_ok(), "{odd:?} became {id:?}");
    }
}

/// Personal data stays out of caches (rule 76).
#[tokio::test]
async fn answers_of_the_api_are_not_stored() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let me = alice.get("/auth/me").await.expect_status(200);
    assert_eq!(me.header("Cache-Control"), Some("no-store"));
}

#[tokio::test]
async fn the_published_keys_are_public_ed25519_keys() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let jwks = anonymous
        .get("/.well-known/jwks.json")
        .await
        .expect_status(200)
        .json();
    insta::assert_json_snapshot!(jwks, { ".keys[].kid" => "[kid]", ".keys[].x" => "[key]" }, @r#"
    {
      "keys": [
        {
          "alg": "EdDSA",
          "crv": "Ed25519",
          "kid": "[kid]",
          "kty": "OKP",
          "use": "sig",
          "x": "[key]"
        }
      ]
    }
    "#);
}

/// Rules 71 and 72.
#[tokio::test]
async fn a_path_that_leads_nowhere_and_a_method_that_is_not_there_are_problem_documents() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let nowhere = anonymous.get("/nowhere").await.expect_status(404);
    assert_eq!(
        nowhere.header("Content-Type"),
        Some("application/problem+json")
    );
    insta::assert_json_snapshot!(nowhere.json(), { ".request_id" => "[id]" }, @r#"
    {
      "code": "not_found",
      "detail": "there is no endpoint at this path (hint: `GET /openapi.json` lists them)",
      "instance": "/nowhere",
      "message": "there is no endpoint at this path (hint: `GET /openapi.json` lists them)",
      "request_id": "[id]",
      "status": 404,
      "success": false,
      "title": "there is nothing here",
      "type": "urn:rowhouse:error:not_found"
    }
    "#);
    let delete = anonymous.request(Method::DELETE, "/api/v1/tenants/acme/users");
    let delete = anonymous.send(delete).await.expect_status(405);
    assert_eq!(delete.header("Allow"), Some("GET, HEAD, POST"));
    assert_eq!(delete.code(), "method_not_allowed");
    let trace = anonymous.request(Method::TRACE, "/health");
    let trace = anonymous.send(trace).await.expect_status(405);
    assert_eq!(trace.header("Allow"), Some("GET, HEAD"));
}

/// Rule 95.
#[tokio::test]
async fn a_method_override_is_ignored() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.create_user("bob", &[]).await;
    let path = format!("/users/{}", bob.text_at("/data/id"));
    let overridden = alice
        .request(Method::GET, &path)
        .header("X-HTTP-Method-Override", "DELETE")
        .header("If-Match", "*");
    alice.send(overridden).await.expect_status(200);
    alice.get(&path).await.expect_status(200);
    drop(app);
}
