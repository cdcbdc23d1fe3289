//! What is in the store beside the rows: nothing, as soon as an upload has failed, or a sweep was made.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use chrono::TimeDelta;
use futures_util::stream;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use rowhouse::attachments::sweep::{SweepTerms, Sweeper, Swept};
use serde_json::json;
use test_app::{Caller, TestApp, TestDatabase, config};

use super::{add_version, attached, attachment, own_id, upload};

const PATIENCE: Duration = Duration::from_secs(20);

/// An app whose contents are in a folder of the test's own, where no content may have more than 100,000 bytes.
pub(super) async fn with_folder() -> (TestApp, Caller, PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    let url = format!("file://{}", folder.path().display());
    config.attachments.attachments_url = Some(url.parse().unwrap());
    config.attachments.attachment_max_bytes = 100_000;
    config.pool.pool_max_per_tenant = 1;
    let (app, _, alice, _) = TestApp::on(database, config, |_| {}).await;
    let own = folder.path().join(app.acme.tenant.id.to_string());
    (app, alice, own, folder)
}

/// All files below the folder, whatever they are called.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

async fn wait_until_empty(folder: &Path) {
    let begun = Instant::now();
    while !files(folder).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "{:?}", files(folder));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Terms by which everything is old enough.
fn at_once() -> SweepTerms {
    SweepTerms {
        grace: TimeDelta::seconds(-60),
        retention: TimeDelta::seconds(-60),
    }
}

fn in_a_day() -> SweepTerms {
    SweepTerms {
        grace: TimeDelta::days(1),
        retention: TimeDelta::days(30),
    }
}

async fn sweep_acme(app: &TestApp, terms: SweepTerms) -> Swept {
    let platform = app.platform();
    let key = "acme".parse().unwrap();
    let tenant = platform.registry.resolve(&key).await.unwrap();
    let sweeper = Sweeper::new(platform);
    sweeper.sweep(&tenant, terms).await.unwrap()
}

#[tokio::test]
async fn names_of_clients_are_in_no_path_and_each_tenant_has_a_prefix() {
    let (app, alice, own, folder) = with_folder().await;
    let mallory = app
        .anonymous()
        .log_in("globex", "mallory", test_app::PASSWORD)
        .await;
    attached(&alice, "..\\..\\evil.txt", "a").await;
    attached(&mallory, "theirs.txt", "b").await;
    let mut tenants = files(folder.path());
    tenants.sort();
    let mut expected = [&app.acme, &app.globex].map(|made| made.tenant.id.to_string());
    expected.sort();
    assert_eq!(tenants, expected);
    let names = files(&own);
    assert_eq!(names.len(), 1);
    assert!(names[0].len() == 32 && names[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn an_upload_that_is_refused_leaves_nothing() {
    let (_app, alice, own, _folder) = with_folder().await;
    let me = own_id(&alice).await;
    let large = upload(&alice, attachment(&me, "a", vec![b'x'; 100_001])).await;
    assert_eq!(large.expect_status(413).code(), "body_too_large");
    let announced = alice.request(Method::POST, "/tools/attachments");
    let announced = announced.multipart(attachment(&me, "a", vec![b'x'; 200_000]));
    alice.send(announced).await.expect_status(413);
    let nobody = "019a0000-0000-7000-8000-000000000000";
    upload(&alice, attachment(nobody, "a", "x"))
        .await
        .expect_status(422);
    upload(&alice, attachment(&me, "a", "#!/bin/sh\n"))
        .await
        .expect_status(422);
    let path = format!("/tools/attachments/{nobody}");
    add_version(&alice, &path, "x").await.expect_status(404);
    wait_until_empty(&own).await;
    upload(&alice, attachment(&me, "a", vec![b'x'; 100_000]))
        .await
        .expect_status(201);
    assert_eq!(files(&own).len(), 1);
}

#[tokio::test]
async fn a_repeated_upload_is_stored_once() {
    let (_app, alice, own, _folder) = with_folder().await;
    let me = own_id(&alice).await;
    for _ in 0..3 {
        let request = alice.request(Method::POST, "/tools/attachments");
        let request = request.header("Idempotency-Key", "one");
        let form = attachment(&me, "a.txt", "hello");
        alice.send(request.multipart(form)).await.expect_status(201);
    }
    assert_eq!(files(&own).len(), 1);
}

/// The pool of the tenant has one connection: another request could not be answered if the upload held it.
#[tokio::test]
async fn an_upload_under_way_holds_no_connection_and_one_that_is_cut_off_leaves_nothing() {
    let (_app, alice, own, _folder) = with_folder().await;
    let me = own_id(&alice).await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let body = stream::unfold(receiver, async |mut receiver| {
        let part = receiver.recv().await?;
        Some((part, receiver))
    });
    let part = Part::stream(reqwest::Body::wrap_stream(body)).file_name("slow.bin");
    let form = Form::new()
        .text("attachable_type", "user")
        .text("attachable_id", me)
        .part("file", part);
    let request = alice.request(Method::POST, "/tools/attachments");
    let under_way = tokio::spawn(request.multipart(form).send());
    sender.send(Ok(vec![b'x'; 50_000])).await.unwrap();
    let begun = Instant::now();
    while files(&own).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "nothing arrives");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    alice.get("/tools/attachments").await.expect_status(200);
    under_way.abort();
    drop(sender);
    wait_until_empty(&own).await;
    let list = alice.get("/tools/attachments").await.expect_status(200);
    assert_eq!(list.at("/pagination/total"), json!(0));
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_leaves_no_row() {
    let (_app, alice, own, folder) = with_folder().await;
    let path = attached(&alice, "a.txt", "x").await;
    std::fs::remove_dir_all(&own).unwrap();
    // Where the tenant's folder should be, is a file.
    std::fs::write(&own, "").unwrap();
    let me = own_id(&alice).await;
    let refused = upload(&alice, attachment(&me, "b.txt", "x")).await;
    let refused = refused.expect_status(503);
    assert_eq!(refused.code(), "unavailable");
    assert!(!refused.text.contains(&folder.path().display().to_string()));
    let list = alice.get("/tools/attachments").await.expect_status(200);
    assert_eq!(list.at("/pagination/total"), json!(1));
    let read = alice.get(&format!("{path}/content")).await;
    assert!(read.status.is_server_error(), "{read:?}");
}

#[tokio::test]
async fn a_sweep_removes_what_no_row_names_and_nothing_else() {
    let (app, alice, own, _folder) = with_folder().await;
    let path = attached(&alice, "a.txt", "one").await;
    add_version(&alice, &path, "two").await.expect_status(201);
    let named = files(&own);
    let old = SystemTime::now() - Duration::from_hours(48);
    for name in [
        "00000000000040008000000000000000",
        "00000000000040008000000000000000#1",
    ] {
        for (name, is_old) in [(name.to_owned(), true), (name.replacen('0', "1", 1), false)] {
            let file = std::fs::File::create(own.join(name)).unwrap();
            file.set_len(10).unwrap();
            if is_old {
                file.set_modified(old).unwrap();
            }
        }
    }
    let swept = sweep_acme(&app, in_a_day()).await;
    let expected = Swept {
        attachments: 0,
        objects: 1,
        bytes: 10,
        unfinished: 1,
    };
    assert_eq!(swept, expected);
    assert_eq!(files(&own).len(), named.len() + 2);
    assert_eq!(sweep_acme(&app, at_once()).await, expected);
    let mut left = files(&own);
    left.sort();
    let mut named = named;
    named.sort();
    assert_eq!(left, named);
    let content = alice.get(&format!("{path}/versions/1/content")).await;
    assert_eq!(content.expect_status(200).text, "one");
}

#[tokio::test]
async fn a_sweep_removes_attachments_that_were_deleted_long_ago_and_says_so() {
    let (app, alice, own, _folder) = with_folder().await;
    let kept = attached(&alice, "kept.txt", "one").await;
    let path = attached(&alice, "gone.txt", "two").await;
    add_version(&alice, &path, "three").await.expect_status(201);
    alice.delete(&path, "*").await.expect_status(204);
    assert_eq!(sweep_acme(&app, in_a_day()).await, Swept::default());
    assert_eq!(files(&own).len(), 3);
    let swept = sweep_acme(&app, at_once()).await;
    assert_eq!((swept.attachments, swept.objects), (1, 0));
    assert_eq!(files(&own).len(), 1);
    alice.get(&kept).await.expect_status(200);
    alice.restore(&path).await.expect_status(404);
    let schema = &app.acme.tenant.schema;
    let sql =
        format!("SELECT count(*) FROM {schema}.audit_logs WHERE action = 'attachments.purge'");
    let client = app.database().client().await;
    let rows: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
    assert_eq!(rows, 1);
}
