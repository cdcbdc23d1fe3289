//! What every response has, and what a request may bring.

use actix_web::{http::StatusCode, test::TestRequest};
use uuid::{Uuid, Version};

use crate::toy::{get, post_note, send};

const NOTES: &str = "/api/v1/notes";

#[actix_web::test]
async fn every_response_has_its_headers() {
    for path in [NOTES, "/api/v1/panic", "/nowhere"] {
        let answer = get(path).await;
        for (name, value) in [
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        let (_, decimals) = answer.header("x-process-time").split_once('.').unwrap();
        assert_eq!(decimals.len(), 6);
        assert!(answer.header("server-timing").starts_with("app;dur="));
    }
    assert_eq!(get(NOTES).await.header("cache-control"), "no-store");
    assert_eq!(get("/nowhere").await.header("cache-control"), "");
}

#[actix_web::test]
async fn a_sane_request_id_is_kept() {
    let longest = "x".repeat(128);
    for id in ["a", "req-1.2_3", &longest] {
        let request = TestRequest::get()
            .uri(NOTES)
            .insert_header(("X-Request-ID", id));
        assert_eq!(send(request).await.header("x-request-id"), id);
    }
}

#[actix_web::test]
async fn any_other_request_id_is_replaced() {
    let too_long = "x".repeat(129);
    for id in ["", "a b", "a;b", "caf\u{e9}", "<script>", &too_long] {
        let request = TestRequest::get()
            .uri(NOTES)
            .insert_header(("X-Request-ID", id));
        let answer = send(request).await;
        let id = Uuid::try_parse(answer.header("x-request-id")).unwrap();
        assert_eq!(id.get_version(), Some(Version::SortRand));
    }
    let twice = TestRequest::get()
        .uri(NOTES)
        .append_header(("X-Request-ID", "a"));
    let answer = send(twice.append_header(("X-Request-ID", "b"))).await;
    assert!(Uuid::try_parse(answer.header("x-request-id")).is_ok());
}

#[actix_web::test]
async fn a_trace_is_carried_on_and_a_malformed_one_replaced() {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let valid = format!("00-{trace}-b7ad6b7169203331-01");
    for (traceparent, is_kept) in [(valid.as_str(), true), ("00-xyz", false), ("", false)] {
        let request = TestRequest::get().uri("/api/v1/caller");
        let answer = send(request.insert_header(("traceparent", traceparent))).await;
        assert_eq!(answer.status, StatusCode::OK);
        let carried = answer.json()["data"].as_str().unwrap().to_owned();
        assert_eq!(carried.contains(trace), is_kept, "{traceparent}");
    }
}

#[actix_web::test]
async fn head_is_answered_like_get() {
    let answer = send(
        TestRequest::default()
            .method("HEAD".parse().unwrap())
            .uri(NOTES),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("link").contains("rel=\"next\""));
}

#[actix_web::test]
async fn a_list_says_where_it_stands() {
    let answer = get("/api/v1/notes?page=2").await;
    insta::assert_snapshot!(answer.text, @r#"{"success":true,"message":"notes listed","data":[],"pagination":{"page":2,"per_page":20,"total":45,"pages":3}}"#);
    assert!(
        answer
            .header("link")
            .contains("</api/v1/notes?page=3>; rel=\"next\"")
    );
}

#[actix_web::test]
async fn a_creation_says_where_the_thing_is() {
    let answer = send(post_note(r#"{"title":"a"}"#)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("location"), "/api/v1/notes/1");
    insta::assert_snapshot!(answer.text, @r#"{"success":true,"message":"note created","data":{"title":"a"}}"#);
}
