//! Links to attachments: read without a token, by whoever has one, while it lives.

use reqwest::Method;
use serde_json::json;
use test_app::{Answer, Caller, TestApp};

use super::{add_version, attached};

async fn link(caller: &Caller, path: &str) -> String {
    let made = caller.post(&format!("{path}/links"), &json!({})).await;
    let made = made.expect_status(201);
    assert_eq!(made.header("Location").unwrap(), made.text_at("/data/url"));
    made.text_at("/data/url")
}

fn assert_void(answer: Answer) {
    let answer = answer.expect_status(400);
    assert_eq!(answer.code(), "link_invalid");
    assert!(!answer.text.contains("canary"));
}

#[tokio::test]
async fn who_has_a_link_reads_one_version_without_a_token() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let path = attached(&alice, "a.txt", "canary").await;
    let url = link(&alice, &path).await;
    add_version(&alice, &path, "two").await.expect_status(201);
    let read = anonymous.get(&url).await.expect_status(200);
    assert_eq!(read.text, "canary");
    assert!(
        read.header("Content-Disposition")
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(read.header("Cache-Control"), Some("no-store"));
    let part = anonymous
        .request(Method::GET, &url)
        .header("Range", "bytes=0-1");
    assert_eq!(anonymous.send(part).await.expect_status(206).text, "ca");
    // It outlives the session of who made it.
    alice
        .post("/auth/logout-all", &json!({}))
        .await
        .expect_status(204);
    anonymous.get(&url).await.expect_status(200);
}

#[tokio::test]
async fn a_link_lives_no_longer_than_an_hour() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let path = attached(&alice, "a.txt", "x").await + "/links";
    for body in [
        json!({ "expires_in": 0 }),
        json!({ "expires_in": 3_601 }),
        json!({ "expires_in": -1 }),
        json!({ "tenant": "globex" }),
    ] {
        alice.post(&path, &body).await.expect_status(422);
    }
    alice
        .post(&path, &json!({ "version": 2 }))
        .await
        .expect_status(404);
    alice
        .post(&path, &json!({ "version": 1, "expires_in": 3_600 }))
        .await
        .expect_status(201);
}

#[tokio::test]
async fn a_link_ends_with_its_time_its_attachment_and_its_tenant() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let path = attached(&alice, "a.txt", "canary").await;
    let url = link(&alice, &path).await;
    for wrong in [format!("{url}A"), url.replace("links/", "links/A")] {
        assert_void(anonymous.get(&wrong).await);
    }
    let short = json!({ "expires_in": 1 });
    let made = alice.post(&format!("{path}/links"), &short).await;
    let short = made.expect_status(201).text_at("/data/url");
    let begun = std::time::Instant::now();
    loop {
        let answer = anonymous.get(&short).await;
        if answer.status == 400 {
            assert_void(answer);
            break;
        }
        assert!(begun.elapsed().as_secs() < 20, "the link lives on");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    root.post("/api/v1/tenants/acme/suspend", &json!({ "reason": "test" }))
        .await;
    let refused = anonymous.get(&url).await.expect_status(403);
    assert_eq!(refused.code(), "tenant_suspended");
    root.post("/api/v1/tenants/acme/resume", &json!({})).await;
    anonymous.get(&url).await.expect_status(200);
    alice.delete(&path, "*").await.expect_status(204);
    assert_void(anonymous.get(&url).await);
}

/// Rule 46.
#[tokio::test]
async fn a_link_of_one_tenant_opens_nothing_at_another() {
    let (_app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let path = attached(&mallory, "secret.txt", "canary").await;
    let url = link(&mallory, &path).await;
    let here = url.replace("/globex/", "/acme/");
    assert_void(anonymous.get(&here).await);
    assert_void(alice.get(&here).await);
    let by_header = url.replace("/tenants/globex", "");
    let request = anonymous.request(Method::GET, &by_header);
    assert_void(anonymous.send(request.header("X-Tenant-ID", "acme")).await);
    let request = anonymous.request(Method::GET, &by_header);
    let read = anonymous
        .send(request.header("X-Tenant-ID", "globex"))
        .await;
    assert_eq!(read.expect_status(200).text, "canary");
}
