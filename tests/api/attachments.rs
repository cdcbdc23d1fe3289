//! Attachments of a tenant: uploaded, read in parts, changed, given versions and links, counted, deleted, swept.

mod admission;
mod links;
mod quota;
mod storage;
mod sweep_job;
mod versions;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use test_app::{Answer, Caller, TestApp};

use crate::user_roles::own_path;

/// SHA-256 of `hello`.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A form with a file alone.
pub(crate) fn file(name: &str, content: impl Into<Vec<u8>>) -> Form {
    let part = Part::bytes(content.into()).file_name(name.to_owned());
    Form::new().part("file", part)
}

/// A form with a file for a user.
pub(crate) fn attachment(user: &str, name: &str, content: impl Into<Vec<u8>>) -> Form {
    file(name, content)
        .text("attachable_type", "user")
        .text("attachable_id", user.to_owned())
}

/// The id of the caller.
pub(crate) async fn own_id(caller: &Caller) -> String {
    own_path(caller).await.replace("/users/", "")
}

async fn upload(caller: &Caller, form: Form) -> Answer {
    let request = caller.request(Method::POST, "/tools/attachments");
    caller.send(request.multipart(form)).await
}

/// An attachment of the caller's own user: its path.
async fn attached(caller: &Caller, name: &str, content: impl Into<Vec<u8>>) -> String {
    let form = attachment(&own_id(caller).await, name, content);
    let created = upload(caller, form).await.expect_status(201);
    format!("/tools/attachments/{}", created.text_at("/data/id"))
}

async fn add_version(caller: &Caller, path: &str, content: &str) -> Answer {
    let request = caller.request(Method::POST, &format!("{path}/versions"));
    caller.send(request.multipart(file("next", content))).await
}

/// Fails the test unless the attachment is not there for the caller, nor anything below it.
async fn must_find_nothing(caller: &Caller, path: &str, changes: &Value) {
    for answer in [
        caller.get(path).await,
        caller.get(&format!("{path}/content")).await,
        caller.get(&format!("{path}/versions")).await,
        caller.get(&format!("{path}/versions/1/content")).await,
        caller.post(&format!("{path}/links"), &json!({})).await,
        add_version(caller, path, "two").await,
        caller.patch(path, "*", changes).await,
        caller.delete(path, "*").await,
    ] {
        let answer = answer.expect_status(404);
        assert_eq!(answer.code(), "not_found");
        assert!(!answer.text.contains("canary"));
    }
}

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    caller
        .list(&format!("/tools/attachments?{query}"), "name")
        .await
}

#[tokio::test]
async fn a_file_is_attached_and_read_as_it_was() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let me = own_id(&alice).await;
    let form = attachment(&me, "C:\\fakepath\\Pläne.txt", "hello").text("description", "Plans");
    let created = upload(&alice, form).await.expect_status(201);
    insta::assert_json_snapshot!(created.json(), {
        ".data.id" => "[id]", ".data.attachable_id" => "[id]", ".data.created_by" => "[id]",
        ".data.created_at" => "[time]", ".data.updated_at" => "[time]",
    }, @r#"
    {
      "data": {
        "attachable_id": "[id]",
        "attachable_type": "user",
        "content_type": "application/octet-stream",
        "created_at": "[time]",
        "created_by": "[id]",
        "deleted_at": null,
        "description": "Plans",
        "id": "[id]",
        "name": "Pläne.txt",
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        "size": 5,
        "updated_at": "[time]",
        "version": 1
      },
      "message": "the file was attached",
      "success": true
    }
    "#);
    let id = created.text_at("/data/id");
    let location = created.header("Location").unwrap();
    assert_eq!(
        location,
        format!("/api/v1/tenants/acme/tools/attachments/{id}")
    );
    let found = alice.get(location).await.expect_status(200);
    assert_eq!(found.at("/data"), created.at("/data"));
    assert_eq!(found.etag(), created.etag());
    let content = alice.get(&format!("{location}/content")).await;
    let content = content.expect_status(200);
    assert_eq!(content.text, "hello");
    assert_eq!(content.etag(), format!("\"{HELLO}\""));
    for (header, value) in [
        ("Content-Length", "5"),
        ("Content-Type", "application/octet-stream"),
        ("Accept-Ranges", "bytes"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        (
            "Content-Disposition",
            "attachment; filename=\"Pl_ne.txt\"; filename*=UTF-8''Pl%C3%A4ne.txt",
        ),
    ] {
        assert_eq!(content.header(header), Some(value), "{header}");
    }
}

/// RFC 9110 §14.
#[tokio::test]
async fn a_part_of_a_file_is_read_where_there_is_one() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let path = attached(&alice, "digits", "0123456789").await + "/content";
    let get = async |headers: &[(&str, &str)], method: Method| {
        let request = alice.request(method, &path);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        alice.send(request).await
    };
    let part = get(&[("Range", "bytes=2-4")], Method::GET).await;
    let part = part.expect_status(206);
    assert_eq!(part.text, "234");
    assert_eq!(part.header("Content-Range"), Some("bytes 2-4/10"));
    assert_eq!(part.header("Content-Length"), Some("3"));
    let tag = part.etag();
    for (headers, status, text) in [
        (vec![("Range", "bytes=-2")], 206, "89"),
        (vec![("Range", "bytes=8-99")], 206, "89"),
        (vec![("Range", "bytes=0-1"), ("If-Range", &tag)], 206, "01"),
        (
            vec![("Range", "bytes=0-1"), ("If-Range", "\"x\"")],
            200,
            "0123456789",
        ),
        (vec![("Range", "bytes=0-1,3-4")], 200, "0123456789"),
        (vec![("Range", "rows=0-1")], 200, "0123456789"),
    ] {
        let answer = get(&headers, Method::GET).await.expect_status(status);
        assert_eq!(answer.text, text, "{headers:?}");
    }
    let none = get(&[("Range", "bytes=10-")], Method::GET).await;
    let none = none.expect_status(416);
    assert_eq!(none.code(), "range_not_satisfiable");
    assert_eq!(none.header("Content-Range"), Some("bytes */10"));
    let head = get(&[("Range", "bytes=0-1")], Method::HEAD).await;
    let head = head.expect_status(200);
    assert_eq!(
        (head.text.as_str(), head.header("Content-Length")),
        ("", Some("10"))
    );
    let empty = attached(&alice, "empty", "").await + "/content";
    assert_eq!(alice.get(&empty).await.expect_status(200).text, "");
}

#[tokio::test]
async fn attachments_are_listed_by_what_they_hang_on() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let team = alice.post("/teams", &json!({ "name": "Blue" })).await;
    let team = team.expect_status(201).text_at("/data/id");
    attached(&alice, "b.txt", "one").await;
    attached(&alice, "A.txt", "three").await;
    let form = file("100%.txt", "four")
        .text("attachable_type", "team")
        .text("attachable_id", team.clone());
    upload(&alice, form).await.expect_status(201);
    let (mine, theirs) = (own_id(&alice).await, own_id(&mallory).await);
    for (query, expected) in [
        (String::new(), vec!["100%.txt", "A.txt", "b.txt"]),
        ("sort=name".to_owned(), vec!["100%.txt", "A.txt", "b.txt"]),
        ("sort=-size&per_page=1".to_owned(), vec!["A.txt"]),
        ("q=a.TX".to_owned(), vec!["A.txt"]),
        ("q=%25".to_owned(), vec!["100%.txt"]),
        ("attachable_type=team".to_owned(), vec!["100%.txt"]),
        (format!("attachable_id={team}"), vec!["100%.txt"]),
        (
            format!("attachable_id={mine}&sort=name"),
            vec!["A.txt", "b.txt"],
        ),
        (format!("attachable_id={theirs}"), vec![]),
    ] {
        assert_eq!(names(&alice, &query).await, expected, "{query}");
    }
    for query in [
        "sort=sha256",
        "attachable_type=moon",
        "attachable_id=1",
        "x=1",
    ] {
        let path = format!("/tools/attachments?{query}");
        alice.get(&path).await.expect_status(400);
    }
    assert_eq!(names(&mallory, "").await, Vec::<String>::new());
}

async fn must_have_none(caller: &Caller) {
    let all = names(caller, "include_deleted=true").await;
    assert_eq!(all, Vec::<String>::new());
}

/// Rules 63 to 66.
#[tokio::test]
async fn a_form_is_understood_in_full_or_refused() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (me, theirs) = (own_id(&alice).await, own_id(&mallory).await);
    let faults = async |form: Form| upload(&alice, form).await.expect_status(422).blamed();
    assert_eq!(
        faults(file("a", "x")).await,
        ["attachable_id", "attachable_type"]
    );
    assert_eq!(
        faults(attachment(&theirs, "a", "x")).await,
        ["attachable_id"]
    );
    assert_eq!(faults(attachment("me", "a", "x")).await, ["attachable_id"]);
    let extra = |name: &'static str, text: String| attachment(&me, "a", "x").text(name, text);
    assert_eq!(faults(extra("size", "1".to_owned())).await, ["size"]);
    assert_eq!(
        faults(extra("attachable_type", "user".to_owned())).await,
        ["attachable_type"]
    );
    assert_eq!(
        faults(extra("description", "x".repeat(501))).await,
        ["description"]
    );
    assert_eq!(
        faults(extra("description", "x".repeat(1 << 20))).await,
        ["description"]
    );
    for name in ["", "..", "a/b", "a\u{0}", "a\u{202E}b", &"x".repeat(256)] {
        assert_eq!(
            faults(extra("name", name.to_owned())).await,
            ["name"],
            "{name:?}"
        );
    }
    let twice = extra("name", "x".to_owned()).part("file", Part::text("y"));
    assert_eq!(faults(twice).await, ["file"]);
    assert_eq!(
        faults(Form::new().text("attachable_type", "user")).await,
        ["file"]
    );
    let shell = attachment(&me, "a.png", "#!/bin/sh\necho\n");
    assert_eq!(faults(shell).await, ["file"]);
    must_have_none(&alice).await;
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let json = alice.post("/tools/attachments", &json!({})).await;
    json.expect_status(415);
    for (body, header) in [
        ("", "multipart/form-data"),
        ("--x\r\ngarbage", "multipart/form-data; boundary=x"),
        (
            "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf",
            "multipart/form-data; boundary=x",
        ),
    ] {
        let request = alice.request(Method::POST, "/tools/attachments");
        let request = request.header("Content-Type", header).body(body);
        alice.send(request).await.expect_status(400);
    }
    must_have_none(&alice).await;
}

#[tokio::test]
async fn a_change_names_its_version_and_a_deletion_is_undone() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let path = attached(&alice, "a.txt", "hello").await;
    let etag = alice.get(&path).await.etag();
    let body = json!({ "name": "b.txt", "description": "x" });
    let methods = [Method::PATCH, Method::DELETE];
    alice.must_name_version(&methods, &path, &body).await;
    let fields = [
        "id",
        "size",
        "sha256",
        "version",
        "attachable_id",
        "deleted_at",
    ];
    let requests = [(Method::PATCH, &*path)];
    alice.must_not_set(&fields, &requests, &body).await;
    let named = json!({ "name": "../b" });
    alice.patch(&path, &etag, &named).await.expect_status(422);
    let changed = alice.patch(&path, &etag, &body).await.expect_status(200);
    assert_eq!(changed.text_at("/data/name"), "b.txt");
    alice
        .delete(&path, &changed.etag())
        .await
        .expect_status(204);
    must_find_nothing(&alice, &path, &body).await;
    assert_eq!(names(&alice, "").await, Vec::<String>::new());
    assert_eq!(names(&alice, "include_deleted=true").await, ["b.txt"]);
    alice.restore(&path).await.expect_status(200);
    let content = alice.get(&format!("{path}/content")).await;
    assert_eq!(content.expect_status(200).text, "hello");
}

#[tokio::test]
async fn an_upload_that_is_repeated_with_its_key_is_done_once() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let me = own_id(&alice).await;
    let send = async |content: &str| {
        let request = alice.request(Method::POST, "/tools/attachments");
        let request = request.header("Idempotency-Key", "one");
        let form = attachment(&me, "a.txt", content);
        alice.send(request.multipart(form)).await
    };
    let first = send("hello").await.expect_status(201);
    let again = send("hello").await.expect_status(201);
    assert_eq!(first.text, again.text);
    let other = send("another").await.expect_status(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(names(&alice, "").await, ["a.txt"]);
    let id = first.text_at("/data/id");
    let content = alice.get(&format!("/tools/attachments/{id}/content")).await;
    assert_eq!(content.expect_status(200).text, "hello");
}

/// Rule 46.
#[tokio::test]
async fn an_attachment_of_another_tenant_is_not_found() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let path = attached(&mallory, "secret.txt", "canary").await;
    let before = mallory.get(&path).await.json();
    must_find_nothing(&alice, &path, &json!({ "name": "x" })).await;
    alice.restore(&path).await.expect_status(404);
    assert_eq!(mallory.get(&path).await.json(), before);
    assert_eq!(mallory.get(&format!("{path}/content")).await.text, "canary");
}

#[tokio::test]
async fn who_deletes_a_record_is_told_of_its_attachments_and_one_hangs_on_another() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let team = alice.post("/teams", &json!({ "name": "Blue" })).await;
    let team = team.expect_status(201).text_at("/data/id");
    let on = |kind: &str, id: &str| {
        file("a.txt", "x")
            .text("attachable_type", kind.to_owned())
            .text("attachable_id", id.to_owned())
    };
    let made = upload(&alice, on("team", &team)).await.expect_status(201);
    let below = on("attachment", &made.text_at("/data/id"));
    upload(&alice, below).await.expect_status(201);
    let deleted = alice.delete(&format!("/teams/{team}"), "*").await;
    let hanging = deleted.expect_status(200).at("/data/hanging");
    assert_eq!(hanging, json!([{ "kind": "attachment", "count": 1 }]));
}
