//! Uploads that are refused before their file arrives: clients that wait for an answer before they send it get one.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::json;
use test_app::{Answer, Caller, TestApp, TestDatabase, config};
use tokio::time::timeout;

use super::quota::with_room;
use super::{attached, attachment, own_id, upload};

/// Shorter than the server waits for a client that pauses.
const PATIENCE: Duration = Duration::from_secs(20);

const NOBODY: &str = "019a0000-0000-7000-8000-000000000000";

/// A form of which the server is told how long it is, and sent no more than its begin.
fn begun(caller: &Caller, path: &str, length: u64, begin: String) -> RequestBuilder {
    let begin = stream::once(async { Ok::<_, std::io::Error>(begin) });
    caller
        .request(Method::POST, path)
        .header("Content-Type", "multipart/form-data; boundary=x")
        .header("Content-Length", length)
        .body(Body::wrap_stream(begin.chain(stream::pending())))
}

async fn answer(caller: &Caller, request: RequestBuilder) -> Answer {
    // The server answers without the rest.
    let answer = timeout(PATIENCE, caller.send(request)).await;
    answer.unwrap()
}

/// The fields of a form that come before the file, and the file's begin.
fn fields(kind: &str, id: &str) -> String {
    let field = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx";
    field("attachable_type", kind) + &field("attachable_id", id) + file
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_arrives() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.attachments.attachment_max_bytes = 100_000;
    let (_app, _, alice, _) = TestApp::on(database, config, |_| {}).await;
    let versions = format!("/tools/attachments/{NOBODY}/versions");
    for path in ["/tools/attachments", &versions] {
        let request = begun(&alice, path, 200_000, String::new());
        let refused = answer(&alice, request).await.expect_status(413);
        assert_eq!(refused.code(), "body_too_large");
    }
}

#[tokio::test]
async fn a_file_without_room_is_refused_before_it_arrives() {
    let (_app, alice) = with_room(100_000).await;
    let path = attached(&alice, "a.txt", "hello").await;
    for path in ["/tools/attachments".to_owned(), format!("{path}/versions")] {
        let request = begun(&alice, &path, 200_000, String::new());
        let refused = answer(&alice, request).await.expect_status(409);
        assert_eq!(refused.code(), "storage_full");
    }
}

#[tokio::test]
async fn a_version_of_what_is_not_there_is_refused_before_it_arrives() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let theirs = attached(&mallory, "a.txt", "hello").await;
    let gone = attached(&alice, "a.txt", "hello").await;
    alice.delete(&gone, "*").await.expect_status(204);
    let nothing = format!("/tools/attachments/{NOBODY}");
    for path in [theirs, gone, nothing] {
        let request = begun(&alice, &format!("{path}/versions"), 1_000, String::new());
        answer(&alice, request).await.expect_status(404);
    }
}

#[tokio::test]
async fn a_file_for_a_record_that_is_not_there_is_refused_before_it_arrives() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let theirs = own_id(&mallory).await;
    let bob = alice.create_user("bob", &[]).await.text_at("/data/id");
    let path = format!("/users/{bob}");
    alice.delete(&path, "*").await.expect_status(204);
    for (kind, id, blamed) in [
        ("user", NOBODY, "attachable_id"),
        ("user", &theirs, "attachable_id"),
        ("user", &bob, "attachable_id"),
        ("user", "me", "attachable_id"),
        ("moon", NOBODY, "attachable_type"),
    ] {
        let request = begun(&alice, "/tools/attachments", 50_000, fields(kind, id));
        let refused = answer(&alice, request).await.expect_status(422);
        let errors = refused.at("/errors");
        assert!(errors.get(blamed).is_some(), "{kind} {id}: {errors}");
    }
}

/// The first one took the room that there was, and what it hangs on is gone.
#[tokio::test]
async fn a_repetition_gets_the_answer_of_the_first_when_nothing_else_would_be_admitted() {
    let (_app, alice) = with_room(100_000).await;
    let team = alice.post("/teams", &json!({ "name": "Blue" })).await;
    let team = team.expect_status(201).text_at("/data/id");
    let form = || {
        super::file("a.txt", vec![b'x'; 90_000])
            .text("attachable_type", "team")
            .text("attachable_id", team.clone())
    };
    let send = async || {
        let request = alice.request(Method::POST, "/tools/attachments");
        let request = request.header("Idempotency-Key", "one");
        alice.send(request.multipart(form())).await
    };
    let first = send().await.expect_status(201);
    let path = format!("/teams/{team}");
    alice.delete(&path, "*").await.expect_status(200);
    assert_eq!(send().await.expect_status(201).text, first.text);
    let other = attachment(&own_id(&alice).await, "b", vec![b'x'; 90_000]);
    upload(&alice, other).await.expect_status(409);
}
