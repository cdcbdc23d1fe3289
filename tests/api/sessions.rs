//! Sessions of tenant users after the login: their tokens are rotated.

use futures_util::future::join_all;
use serde_json::json;
use test_app::{Answer, Caller, PASSWORD, TestApp};

/// What a client holds of a session.
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) refresh_token: String,
}

impl Session {
    /// Logs in to acme.
    pub(crate) async fn open(anonymous: &Caller, username: &str) -> Self {
        let credentials = json!({ "username": username, "password": PASSWORD });
        let path = "/api/v1/tenants/acme/auth/login";
        Self::of(anonymous, &anonymous.post(path, &credentials).await)
    }

    /// What an answer gave of it.
    fn of(anonymous: &Caller, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:#?}");
        let access_token = answer.text_at("/data/access_token");
        Self {
            caller: anonymous.with_token(&access_token).at("acme"),
            refresh_token: answer.text_at("/data/refresh_token"),
        }
    }

    /// The next pair.
    pub(crate) async fn next(&self, anonymous: &Caller) -> Self {
        Self::of(anonymous, &refresh(anonymous, &self.refresh_token).await)
    }

    /// Whether the access token is good; if it is not, since the session has ended.
    pub(crate) async fn is_live(&self) -> bool {
        let me = self.caller.get("/auth/me").await;
        if me.status != 200 {
            assert_eq!(
                (me.status.as_u16(), me.code().as_str()),
                (401, "session_ended")
            );
        }
        me.status == 200
    }
}

async fn refresh_at(caller: &Caller, slug: &str, token: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/auth/refresh");
    caller.post(&path, &json!({ "refresh_token": token })).await
}

async fn refresh(caller: &Caller, token: &str) -> Answer {
    refresh_at(caller, "acme", token).await
}

/// A refresh token that is not good any more, or never was.
pub(crate) async fn expect_refused(anonymous: &Caller, token: &str, code: &str) {
    let refused = refresh(anonymous, token).await.expect_status(401);
    assert_eq!(refused.code(), code, "{token}");
}

/// Rule 27.
#[tokio::test]
async fn a_refresh_token_yields_the_next_pair_of_the_same_session() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let first = Session::open(&anonymous, "alice").await;
    let answer = refresh(&anonymous, &first.refresh_token).await;
    let second = Session::of(&anonymous, &answer);
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_ne!(first.caller.token(), second.caller.token());
    let me = alice.get("/users/me").await.expect_status(200);
    assert_eq!(answer.at("/data/user"), me.at("/data"));
    assert_eq!(answer.at("/data/expires_in"), 1200);
    assert_eq!(answer.text_at("/data/token_type"), "Bearer");
    assert!(second.is_live().await && first.is_live().await);
    let third = second.next(&anonymous).await;
    assert!(third.is_live().await);
}

/// Rule 27: the answer was lost.
#[tokio::test]
async fn a_refresh_token_that_is_given_again_yields_the_same_successor() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let mut session = Session::open(&anonymous, "alice").await;
    for _ in 0..100 {
        let lost = session.next(&anonymous).await;
        let heard = session.next(&anonymous).await;
        assert_eq!(lost.refresh_token, heard.refresh_token);
        session = heard;
    }
    assert!(session.is_live().await);
}

/// Rule 27.
#[tokio::test]
async fn a_refresh_token_whose_successor_was_used_ends_its_session_and_no_other() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let other = Session::open(&anonymous, "alice").await;
    let first = Session::open(&anonymous, "alice").await;
    let second = first.next(&anonymous).await;
    let third = second.next(&anonymous).await;
    assert!(third.is_live().await);
    expect_refused(&anonymous, &first.refresh_token, "session_ended").await;
    for session in [&first, &second, &third] {
        assert!(!session.is_live().await);
        expect_refused(&anonymous, &session.refresh_token, "session_ended").await;
    }
    assert!(other.is_live().await && other.next(&anonymous).await.is_live().await);
}

/// Rule 28.
#[tokio::test]
async fn fifty_refreshes_of_one_token_at_once_yield_one_successor() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let first = Session::open(&anonymous, "alice").await;
    let all = join_all((0..50).map(|_| first.next(&anonymous))).await;
    let second = &all[0];
    for other in &all {
        assert_eq!(other.refresh_token, second.refresh_token);
    }
    // Nobody is logged out, and there are connections left.
    assert!(second.next(&anonymous).await.is_live().await);
    alice.get("/users").await.expect_status(200);
}

/// Rules 27 and 32.
#[tokio::test]
async fn what_is_no_refresh_token_of_this_platform_is_refused_and_ends_nothing() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let session = Session::open(&anonymous, "alice").await;
    let token = &session.refresh_token;
    for forged in [
        "",
        "rt1.",
        "not a token",
        token.get(..token.len() - 1).unwrap(),
        &token.replace("rt1.", "rt2."),
        session.caller.token(),
    ] {
        expect_refused(&anonymous, forged, "invalid_token").await;
    }
    let as_access_token = anonymous.with_token(token).at("acme");
    let refused = as_access_token.get("/auth/me").await.expect_status(401);
    assert_eq!(refused.code(), "invalid_token");
    // The session has another key than the token was made with.
    app.sql_in(
        &app.acme,
        "UPDATE user_sessions SET refresh_key = sha256(refresh_key)",
    )
    .await;
    expect_refused(&anonymous, token, "invalid_token").await;
    assert!(session.is_live().await);
}

/// Rule 31.
#[tokio::test]
async fn a_refresh_token_opens_no_other_tenants_door() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let session = Session::open(&anonymous, "alice").await;
    let elsewhere = refresh_at(&anonymous, "globex", &session.refresh_token).await;
    assert_eq!(elsewhere.expect_status(401).code(), "invalid_token");
    assert!(session.next(&anonymous).await.is_live().await);
}

/// Rule 18: use never moves the end of a session.
#[tokio::test]
async fn a_session_ends_when_its_time_is_over_however_much_it_was_used() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let session = Session::open(&anonymous, "alice").await;
    app.sql_in(
        &app.acme,
        "UPDATE user_sessions SET expires_at = expires_at - interval '1 day'",
    )
    .await;
    let session = session.next(&anonymous).await;
    app.sql_in(
        &app.acme,
        "UPDATE user_sessions SET expires_at = expires_at - interval '2 days'",
    )
    .await;
    expect_refused(&anonymous, &session.refresh_token, "session_ended").await;
    assert!(!session.is_live().await);
}

/// Rule 20.
#[tokio::test]
async fn who_is_disabled_or_deleted_refreshes_no_token() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    for (name, change) in [
        ("idle", "is_active = false"),
        ("gone", "deleted_at = now()"),
    ] {
        alice.create_user(name, &[]).await;
        let session = Session::open(&anonymous, name).await.next(&anonymous).await;
        let sql = format!("UPDATE users SET {change} WHERE username = '{name}'");
        app.sql_in(&app.acme, &sql).await;
        expect_refused(&anonymous, &session.refresh_token, "invalid_token").await;
    }
}

/// Rule 20.
#[tokio::test]
async fn nobody_refreshes_a_token_while_their_tenant_is_suspended() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let session = Session::open(&anonymous, "alice").await;
    let become_now = async |status: &str| {
        let sql = format!("UPDATE shared.tenants SET status = '{status}' WHERE slug = 'acme'");
        app.sql(&sql).await;
    };
    become_now("suspended").await;
    let refused = refresh(&anonymous, &session.refresh_token).await;
    assert_eq!(refused.expect_status(403).code(), "tenant_suspended");
    become_now("active").await;
    assert!(session.next(&anonymous).await.is_live().await);
}
