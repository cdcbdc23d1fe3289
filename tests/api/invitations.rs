//! Invitations: the first passwords of those whom somebody else has made a user.

use reqwest::Method;
use serde_json::json;
use test_app::{Mail, PASSWORD, TestApp};

use crate::password_reset::{NEW, expect_link_invalid, log_in, reset};

/// Rules 8 and 11.
#[tokio::test]
async fn who_is_invited_sets_the_first_password_once_and_has_proven_the_address() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({ "email": "bob@example.com", "username": "bob", "roles": ["viewer"] });
    let bob = alice.post("/users", &body).await.expect_status(201);
    let mails = app.mails("bob@example.com").await;
    assert_eq!(mails[0].header("Subject"), "You are invited to acme");
    assert!(
        mails[0]
            .link()
            .contains("/tenants/acme/accept-invitation#token=iv1.")
    );
    let token = mails[0].token();
    log_in(&anonymous, "acme", "bob", "")
        .await
        .expect_status(401);
    // What could be edited is not in it.
    let with_role = json!({ "token": token, "new_password": NEW, "roles": ["admin"], "email": "x@example.com" });
    anonymous
        .post("/api/v1/tenants/acme/auth/reset-password", &with_role)
        .await
        .expect_status(422);
    expect_link_invalid(reset(&anonymous, "globex", &token, NEW).await);
    reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(204);
    expect_link_invalid(reset(&anonymous, "acme", &token, PASSWORD).await);
    let session = log_in(&anonymous, "acme", "bob", NEW)
        .await
        .expect_status(200);
    assert_eq!(session.at("/data/user/roles"), json!(["viewer"]));
    let verified = format!(
        "SELECT email_verified_at IS NOT NULL FROM {}.users WHERE id = '{}'",
        app.acme.tenant.schema,
        bob.text_at("/data/id")
    );
    let client = app.database().client().await;
    assert!(
        client
            .query_one(&verified, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
}

/// Rule 10: an admin has a link sent, and sees neither it nor the password.
#[tokio::test]
async fn an_admin_has_a_link_mailed_and_the_password_stays_until_it_is_followed() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let id = bob.get("/users/me").await.text_at("/data/id");
    let path = format!("/users/{id}/invitation");
    for (caller, status) in [(&bob, 403), (&mallory, 404)] {
        caller.post(&path, &json!({})).await.expect_status(status);
    }
    let answer = alice.post(&path, &json!({})).await.expect_status(202);
    assert_eq!(answer.at("/data"), json!(null));
    let token = app.mailed_token("bob@example.com").await;
    assert!(token.starts_with("pr1."));
    log_in(&anonymous, "acme", "bob", PASSWORD)
        .await
        .expect_status(200);
    bob.get("/auth/me").await.expect_status(200);
    reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(204);
    log_in(&anonymous, "acme", "bob", NEW)
        .await
        .expect_status(200);
    let invited = json!({ "email": "eve@example.com", "username": "eve" });
    let eve = alice
        .post("/users", &invited)
        .await
        .expect_status(201)
        .text_at("/data/id");
    let first = app.mailed_token("eve@example.com").await;
    alice
        .post(&format!("/users/{eve}/invitation"), &json!({}))
        .await
        .expect_status(202);
    expect_link_invalid(reset(&anonymous, "acme", &first, NEW).await);
    let second = app.mailed_token("eve@example.com").await;
    assert!(second.starts_with("iv1."));
    let disabled = json!({ "is_active": false });
    alice
        .patch(&format!("/users/{eve}"), "*", &disabled)
        .await
        .expect_status(200);
    alice
        .post(&format!("/users/{eve}/invitation"), &json!({}))
        .await
        .expect_status(409);
}

#[tokio::test]
async fn the_first_admin_of_a_tenant_is_invited_where_no_password_is_given() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let order = json!({
        "slug": "initech", "name": "Initech",
        "admin": { "email": "peter@initech.example", "username": "peter" },
    });
    let request = root
        .request(Method::POST, "/api/v1/tenants")
        .header("Idempotency-Key", "initech");
    root.send(request.json(&order)).await.expect_status(201);
    let mails: Vec<Mail> = app.mails("peter@initech.example").await;
    assert_eq!(mails[0].header("Subject"), "You are invited to Initech");
    reset(&anonymous, "initech", &mails[0].token(), NEW)
        .await
        .expect_status(204);
    let session = log_in(&anonymous, "initech", "peter", NEW)
        .await
        .expect_status(200);
    assert_eq!(session.at("/data/user/roles"), json!(["admin"]));
}
