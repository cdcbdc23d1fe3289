//! Every refusal is a problem document with its status, code and headers.

use actix_web::{
    http::{Method, header::CONTENT_TYPE},
    test::TestRequest,
};
use insta::assert_json_snapshot;

use crate::toy::{Answer, get, post_note, send};

fn verdict(answer: &Answer) -> (u16, String) {
    let code = answer.problem()["code"].as_str().unwrap().to_owned();
    (answer.status.as_u16(), code)
}

async fn post_verdict(body: &str) -> (u16, String) {
    verdict(&send(post_note(body)).await)
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[actix_web::test]
async fn a_path_without_an_endpoint_is_not_found() {
    let answer = get("/api/v1/nowhere?token=secret").await;
    assert_json_snapshot!(answer.problem(), {".request_id" => "[request id]"}, @r#"
    {
      "code": "not_found",
      "detail": "there is no endpoint at this path (hint: `GET /openapi.json` lists them)",
      "instance": "/api/v1/nowhere",
      "message": "there is no endpoint at this path (hint: `GET /openapi.json` lists them)",
      "request_id": "[request id]",
      "status": 404,
      "success": false,
      "title": "there is nothing here",
      "type": "urn:rowhouse:error:not_found"
    }
    "#);
}

#[actix_web::test]
async fn faults_are_listed_by_field() {
    let answer = send(post_note(r#"{"titel":"a\u0000"}"#)).await;
    assert_json_snapshot!(answer.problem(), {".request_id" => "[request id]"}, @r#"
    {
      "code": "validation_failed",
      "detail": "some fields are not valid",
      "errors": {
        "titel": [
          "must not contain NUL or a text direction override",
          "is not known"
        ]
      },
      "instance": "/api/v1/notes",
      "message": "some fields are not valid",
      "request_id": "[request id]",
      "status": 422,
      "success": false,
      "title": "some fields are not valid",
      "type": "urn:rowhouse:error:validation_failed"
    }
    "#);
}

#[actix_web::test]
async fn another_method_is_refused_with_those_there_are() {
    for method in ["DELETE", "OPTIONS", "TRACE", "PATCH", "QUERY"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = TestRequest::default().method(method).uri("/api/v1/notes");
        let answer = send(request).await;
        assert_eq!(verdict(&answer), refused(405, "method_not_allowed"));
        assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    }
}

#[actix_web::test]
async fn a_method_override_is_ignored() {
    let request = TestRequest::get().uri("/api/v1/panic");
    let request = request.method(Method::POST);
    let answer = send(request.insert_header(("X-HTTP-Method-Override", "GET"))).await;
    assert_eq!(verdict(&answer), refused(405, "method_not_allowed"));
}

#[actix_web::test]
async fn a_panic_is_answered_with_500_and_nothing_of_it() {
    let answer = get("/api/v1/panic").await;
    assert_eq!(verdict(&answer), refused(500, "internal"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(!answer.text.contains("secret"), "{}", answer.text);
}

#[actix_web::test]
async fn an_internal_cause_stays_inside() {
    let answer = get("/api/v1/broken").await;
    assert_eq!(verdict(&answer), refused(500, "internal"));
    assert!(!answer.text.contains("relation"), "{}", answer.text);
}

#[actix_web::test]
async fn a_bare_status_becomes_a_problem() {
    for (status, expected) in [
        (404, refused(404, "not_found")),
        (401, refused(401, "not_authenticated")),
        (416, refused(416, "range_not_satisfiable")),
        (418, refused(400, "bad_request")),
        (502, refused(500, "internal")),
    ] {
        let answer = get(&format!("/api/v1/bare/{status}")).await;
        assert_eq!(verdict(&answer), expected);
        assert!(!answer.text.contains("SELECT"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn an_id_that_cannot_be_is_not_found() {
    for id in [
        "1",
        "%00",
        "..",
        "0198c5b2-6f0e-7a4e-9d0c-3f1b2a4c5d6",
        "%27%20or%201=1",
    ] {
        let answer = get(&format!("/api/v1/notes/{id}")).await;
        assert_eq!(verdict(&answer), refused(404, "not_found"));
    }
}

#[actix_web::test]
async fn queries_are_understood_in_full_or_refused() {
    for query in [
        "pgae=2",
        "page=1&page=2",
        "per_page=0",
        "per_page=-1",
        "per_page=1000000000",
        "page=99999999999",
        "page=%00",
    ] {
        let answer = get(&format!("/api/v1/notes?{query}")).await;
        assert_eq!(verdict(&answer), refused(400, "bad_request"), "{query}");
    }
    let answer = send(post_note(r#"{"title":"a"}"#).uri("/api/v1/notes?x=1")).await;
    assert_eq!(verdict(&answer), refused(400, "bad_request"));
}

#[actix_web::test]
async fn bodies_are_understood_in_full_or_refused() {
    let deep = format!("{{\"title\":{}", "[".repeat(10_000));
    let large = format!("{{\"title\":\"{}\"}}", "a".repeat(1 << 20));
    for (body, expected) in [
        (
            r#"{"title":"a","role":"admin"}"#,
            refused(422, "validation_failed"),
        ),
        (r#"{"title":"a\u0000b"}"#, refused(422, "validation_failed")),
        (r#"{"title":"a\u202eb"}"#, refused(422, "validation_failed")),
        (r#"{"title":null}"#, refused(422, "validation_failed")),
        (r#"{"title":"a","title":"b"}"#, refused(400, "bad_request")),
        (r#"{"title":"\ud800"}"#, refused(400, "bad_request")),
        (r#"{"title":"#, refused(400, "bad_request")),
        ("", refused(400, "bad_request")),
        (&deep, refused(400, "bad_request")),
        (&large, refused(413, "body_too_large")),
    ] {
        assert_eq!(post_verdict(body).await, expected);
    }
}

#[actix_web::test]
async fn another_content_type_is_refused() {
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
        "",
    ] {
        let request = post_note(r#"{"title":"a"}"#).insert_header((CONTENT_TYPE, content_type));
        let answer = send(request).await;
        assert_eq!(verdict(&answer), refused(415, "unsupported_media_type"));
    }
}
