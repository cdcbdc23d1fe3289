//! What no well-meaning client sends: refused with a status of its own, never with a server error.

use std::fmt::Write;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use test_app::{Answer, Caller, TestApp};

/// SQL in places where there should be none (rule 65).
const SQL: [&str; 14] = [
    "'",
    "\"",
    "';--",
    "' OR '1'='1",
    "1 OR 1=1",
    "'; DROP TABLE users; --",
    "' UNION SELECT password_hash FROM users --",
    "1; SELECT pg_sleep(10)",
    "'||pg_sleep(10)--",
    "$$; SELECT 1; $$",
    "\\'; SELECT 1; --",
    "%' AND 1=CAST((SELECT version()) AS int) --",
    "/* comment */",
    "username) FROM users; --",
];

async fn post_raw(caller: &Caller, content_type: Option<&str>, body: impl Into<String>) -> Answer {
    let request = caller.request(Method::POST, "/users").body(body.into());
    let request = match content_type {
        Some(content_type) => request.header(CONTENT_TYPE, content_type),
        None => request,
    };
    caller.send(request).await
}

async fn post_json(caller: &Caller, body: impl Into<String>) -> Answer {
    post_raw(caller, Some("application/json"), body).await
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        write!(encoded, "%{byte:02X}").unwrap();
    }
    encoded
}

/// Rule 63.
#[tokio::test]
async fn a_body_that_is_no_json_is_400() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let twice = r#"{"email":"a@example.com","email":"b@example.com","username":"a"}"#;
    for body in [
        "",
        "{",
        "{\"email\":",
        "nul",
        "{}{}",
        "\u{feff}{}",
        "{'email':1}",
        deep.as_str(),
        twice,
    ] {
        let refused = post_json(&alice, body).await;
        assert_eq!(refused.status, 400, "{body:.40}: {refused:#?}");
        assert_eq!(refused.code(), "bad_request");
    }
    let refused = post_json(&alice, twice).await;
    assert!(
        refused
            .text_at("/detail")
            .contains("key `email` is given twice")
    );
}

/// Rules 47, 64 and 66.
#[tokio::test]
async fn a_body_of_another_shape_is_422_and_names_the_fields() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let whole = json!({ "email": "a@example.com", "username": "a" });
    for (field, value) in [
        ("no_such_field", json!(1)),
        ("email", json!(1)),
        ("username", json!(null)),
        ("username", json!("a\0b")),
        ("first_name", json!("a\u{202e}b")),
        ("first_name", json!("a\0")),
        ("roles", json!("admin")),
        ("roles", json!({})),
        ("password", json!(12_345_678)),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let refused = alice.post("/users", &body).await;
        assert_eq!(refused.status, 422, "{body}: {refused:#?}");
        assert_eq!(refused.blamed(), [field], "{body}");
    }
    for body in ["[]", "1", "null", "\"text\""] {
        post_json(&alice, body).await.expect_status(422);
    }
    let surrogate = r#"{"email":"a@example.com","username":"a","first_name":"\ud800"}"#;
    let refused = post_json(&alice, surrogate).await;
    assert!([400, 422].contains(&refused.status.as_u16()));
}

/// Rule 63.
#[tokio::test]
async fn a_body_that_is_too_large_or_of_another_kind_is_refused() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let large = json!({ "email": "a@example.com", "username": "a".repeat(2 << 20) });
    let refused = alice.post("/users", &large).await.expect_status(413);
    assert_eq!(refused.code(), "body_too_large");
    let kinds = [
        None,
        Some("text/plain"),
        Some("application/xml"),
        Some("application/json; charset=utf-16"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
    ];
    for content_type in kinds {
        let refused = post_raw(&alice, content_type, "{}")
            .await
            .expect_status(415);
        assert_eq!(refused.code(), "unsupported_media_type");
    }
    let compressed = alice
        .request(Method::POST, "/users")
        .header(CONTENT_TYPE, "application/json")
        .header("Content-Encoding", "gzip")
        .body("{}");
    alice.send(compressed).await.expect_status(400);
}

/// Rules 64 and 66.
#[tokio::test]
async fn a_query_that_is_not_understood_is_400_and_names_the_parameter() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for (query, parameter) in [
        ("no_such_parameter=1", "no_such_parameter"),
        ("page=1&page=2", "page"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=2147483648", "page"),
        ("page=4294967296", "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("per_page=1000000000", "per_page"),
        ("per_page=ten", "per_page"),
        ("is_active=yes", "is_active"),
        ("include_deleted=1", "include_deleted"),
        ("sort=no_such_key", "sort"),
        ("q=a%00b", "q"),
    ] {
        let refused = alice.get(&format!("/users?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {refused:#?}");
        assert!(
            refused.at("/errors").get(parameter).is_some(),
            "{query}: {refused:#?}"
        );
    }
    alice
        .get("/users?page=2147483647&per_page=100")
        .await
        .expect_status(200);
}

/// Rule 65.
#[tokio::test]
async fn sql_is_text_like_any_other() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for sql in SQL {
        let text = encoded(sql);
        for parameter in ["q", "role"] {
            let found = alice
                .get(&format!("/users?{parameter}={text}"))
                .await
                .expect_status(200);
            assert_eq!(found.at("/pagination/total"), json!(0), "{sql}");
        }
        for parameter in ["sort", "page", "per_page", "is_active"] {
            alice
                .get(&format!("/users?{parameter}={text}"))
                .await
                .expect_status(400);
        }
        alice
            .get(&format!("/users/{text}"))
            .await
            .expect_status(404);
        let named = json!({ "first_name": sql });
        let me = alice.get("/users/me").await;
        let changed = alice
            .patch("/users/me", &me.etag(), &named)
            .await
            .expect_status(200);
        assert_eq!(changed.text_at("/data/first_name"), sql);
    }
}

/// Rule 51.
#[tokio::test]
async fn what_is_no_tenants_name_is_404() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let schema = app.acme.tenant.schema.to_uppercase();
    let long = "a".repeat(64);
    let names = [
        "pg_x",
        "pg_catalog",
        "public",
        "shared",
        "information_schema",
        "tenant_",
        "tenant_acme",
        "acme\"",
        "acme'--",
        "acme;",
        "ACME",
        "Acme",
        "a",
        "-acme",
        "acme%00",
        "acme%0a",
        "%ff",
        "acme%20",
        "аcme",
        "*",
        long.as_str(),
        schema.as_str(),
    ];
    let credentials = json!({ "username": "alice", "password": "x" });
    for name in names.into_iter().chain(SQL) {
        let name = if name.contains('%') {
            name.to_owned()
        } else {
            encoded(name)
        };
        let seen = alice.at(&name).get("/users").await;
        assert_eq!(seen.status, 404, "{name}: {seen:#?}");
        let path = format!("/api/v1/tenants/{name}/auth/login");
        let login = anonymous.post(&path, &credentials).await;
        assert_eq!(login.status, 404, "{name}: {login:#?}");
    }
    for name in ["pg_x", "..", "ACME", "acme'--", "", long.as_str()] {
        let request = alice
            .request(Method::GET, "/api/v1/users")
            .header("X-Tenant-ID", name);
        let seen = alice.send(request).await.expect_status(404);
        assert_eq!(seen.code(), "tenant_not_found", "{name}");
    }
}

/// Rule 37.
#[tokio::test]
async fn a_malformed_authorization_is_refused() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let path = "/api/v1/tenants/acme/auth/me";
    let long = format!("Bearer {}", "a".repeat(16 * 1024));
    for value in [
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "bearer",
        "Token x",
        long.as_str(),
    ] {
        let request = anonymous
            .request(Method::GET, path)
            .header("Authorization", value);
        anonymous.send(request).await.expect_status(401);
    }
    let raw = reqwest::header::HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
    let request = anonymous
        .request(Method::GET, path)
        .header("Authorization", raw);
    anonymous.send(request).await.expect_status(401);
    let twice = alice
        .request(Method::GET, path)
        .header("Authorization", "Bearer x");
    alice.send(twice).await.expect_status(400);
}
