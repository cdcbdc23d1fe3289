//! The sessions of others, ended by who may.

use reqwest::Method;
use serde_json::json;
use test_app::{Answer, Caller, TestApp};

use crate::sessions::{Session, expect_refused};
use crate::user_roles::own_path;

async fn end(caller: &Caller, path: &str) -> Answer {
    caller.send(caller.request(Method::DELETE, path)).await
}

/// Rule 22.
#[tokio::test]
async fn an_admin_ends_all_sessions_of_a_user_in_one_call() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["manager"]).await;
    let other = Session::open(&anonymous, "bob").await;
    let path = format!("{}/sessions", own_path(&bob).await);
    // Whoever may not, and whoever is of another tenant, ends nothing.
    end(&bob, &path).await.expect_status(403);
    end(&mallory, &path).await.expect_status(404);
    bob.get("/auth/me").await.expect_status(200);
    end(&alice, &path).await.expect_status(204);
    assert_eq!(
        bob.get("/auth/me").await.expect_status(401).code(),
        "session_ended"
    );
    assert!(!other.is_live().await);
    expect_refused(&anonymous, &other.refresh_token, "session_ended").await;
    alice.get("/auth/me").await.expect_status(200);
    assert!(Session::open(&anonymous, "bob").await.is_live().await);
    let nobody = "/users/019a0000-0000-7000-8000-000000000000/sessions";
    end(&alice, nobody).await.expect_status(404);
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT jsonb_array_length(after->'ended_sessions') FROM {schema}.audit_logs \
         WHERE action = 'sessions.delete'"
    );
    let rows = app.rows(&sql).await;
    let ended: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(ended, [2]);
}

/// Rule 22.
#[tokio::test]
async fn an_admin_ends_the_sessions_of_all_users_of_their_tenant_in_one_call() {
    let (_app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["manager"]).await;
    let carol = Session::open(&anonymous, "alice").await;
    end(&bob, "/users/sessions").await.expect_status(403);
    assert!(carol.is_live().await);
    end(&alice, "/users/sessions").await.expect_status(204);
    for caller in [&alice, &bob] {
        assert_eq!(
            caller.get("/auth/me").await.expect_status(401).code(),
            "session_ended"
        );
    }
    expect_refused(&anonymous, &carol.refresh_token, "session_ended").await;
    mallory.get("/auth/me").await.expect_status(200);
    let list = alice.get("/users/sessions").await.expect_status(405);
    assert_eq!(list.header("Allow"), Some("DELETE"));
    assert!(Session::open(&anonymous, "alice").await.is_live().await);
}

/// Rule 34: who is made anew with the same address is somebody else.
#[tokio::test]
async fn the_tokens_of_a_deleted_user_open_nothing_of_their_namesake() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let session = Session::open(&anonymous, "bob").await;
    let path = own_path(&bob).await;
    alice.delete(&path, "*").await.expect_status(204);
    alice.create_user("bob", &["admin"]).await;
    for _ in 0..2 {
        for caller in [&bob, &session.caller] {
            assert_eq!(
                caller.get("/auth/me").await.expect_status(401).code(),
                "invalid_token"
            );
            caller.get("/users").await.expect_status(401);
        }
        expect_refused(&anonymous, &session.refresh_token, "invalid_token").await;
        // A new session of the namesake changes nothing of it.
        let heir = Session::open(&anonymous, "bob").await;
        assert_eq!(
            heir.caller.get("/auth/me").await.at("/data/roles"),
            json!(["admin"])
        );
    }
}
