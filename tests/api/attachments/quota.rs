//! What the plan of a tenant leaves for files.

use futures_util::future::join_all;
use serde_json::json;
use test_app::{Caller, TestApp};

use super::{add_version, attached, attachment, own_id, upload};

/// A tenant whose plan has room for so many bytes.
pub(super) async fn with_room(bytes: u32) -> (TestApp, Caller) {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let plan = format!(
        "INSERT INTO shared.plans (name, max_storage_bytes) VALUES ('small', {bytes});
         UPDATE shared.tenants SET plan = 'small' WHERE slug = 'acme'"
    );
    app.sql(&plan).await;
    (app, alice)
}

async fn used(app: &TestApp) -> i64 {
    let schema = &app.acme.tenant.schema;
    let sql = format!("SELECT coalesce(sum(size), 0)::bigint FROM {schema}.attachment_versions");
    let client = app.database().client().await;
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn uploads_in_parallel_fill_the_plan_to_the_byte_and_not_beyond() {
    let (app, alice) = with_room(40).await;
    let me = own_id(&alice).await;
    let uploads = (0..8).map(|number| {
        let form = attachment(&me, &format!("{number}.txt"), "0123456789");
        upload(&alice, form)
    });
    let answers = join_all(uploads).await;
    let stored = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(stored, 4);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.status, 409);
        assert_eq!(refused.code(), "storage_full");
    }
    assert_eq!(used(&app).await, 40);
}

#[tokio::test]
async fn versions_and_deleted_attachments_count_against_the_plan() {
    let (app, alice) = with_room(10).await;
    let path = attached(&alice, "a.txt", "1234").await;
    add_version(&alice, &path, "1234").await.expect_status(201);
    let refused = add_version(&alice, &path, "123").await.expect_status(409);
    assert_eq!(refused.code(), "storage_full");
    assert_eq!(alice.get(&path).await.at("/data/version"), json!(2));
    alice.delete(&path, "*").await.expect_status(204);
    let form = attachment(&own_id(&alice).await, "b.txt", "123");
    upload(&alice, form).await.expect_status(409);
    assert_eq!(used(&app).await, 8);
    attached(&alice, "c.txt", "12").await;
}
