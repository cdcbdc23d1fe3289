//! Sessions of system users: their tokens are rotated, they end, and there are three at most.

use futures_util::future::join_all;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, PLATFORM_ADMIN, TestApp};

/// What a client holds of a session.
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) refresh_token: String,
}

impl Session {
    pub(crate) async fn open(anonymous: &Caller) -> Self {
        let body = json!({ "email": PLATFORM_ADMIN, "password": PASSWORD });
        let path = "/api/v1/platform/auth/login";
        Self::of(anonymous, &anonymous.post(path, &body).await)
    }

    pub(crate) fn of(anonymous: &Caller, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:#?}");
        Self {
            caller: anonymous.with_token(&answer.text_at("/data/access_token")),
            refresh_token: answer.text_at("/data/refresh_token"),
        }
    }

    pub(crate) async fn refresh(&self, anonymous: &Caller) -> Answer {
        let body = json!({ "refresh_token": self.refresh_token });
        let path = "/api/v1/platform/auth/refresh";
        anonymous.post(path, &body).await
    }

    async fn next(&self, anonymous: &Caller) -> Self {
        Self::of(anonymous, &self.refresh(anonymous).await)
    }

    pub(crate) async fn is_live(&self) -> bool {
        let me = self.caller.get("/api/v1/platform/auth/me").await;
        if me.status != 200 {
            assert_eq!(
                (me.status.as_u16(), me.code()),
                (401, "session_ended".to_owned())
            );
        }
        me.status == 200
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let path = format!("/api/v1/platform/auth/{path}");
        self.caller.post(&path, body).await
    }
}

/// A platform with a super admin, who is logged in.
pub(crate) async fn with_root() -> (TestApp, Caller, Caller) {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    (app, anonymous, root)
}

/// Rules 27 and 28, for system users.
#[tokio::test]
async fn refresh_tokens_of_system_users_rotate_as_those_of_tenants_do() {
    let (_app, anonymous, _root) = with_root().await;
    let other = Session::open(&anonymous).await;
    let first = Session::open(&anonymous).await;
    let all = join_all((0..20).map(|_| first.next(&anonymous))).await;
    let second = &all[0];
    assert_ne!(second.refresh_token, first.refresh_token);
    for lost in &all {
        assert_eq!(lost.refresh_token, second.refresh_token);
    }
    let third = second.next(&anonymous).await;
    assert!(third.is_live().await);
    let reused = first.refresh(&anonymous).await.expect_status(401);
    assert_eq!(reused.code(), "session_ended");
    for session in [&first, second, &third] {
        assert!(!session.is_live().await);
        session.refresh(&anonymous).await.expect_status(401);
    }
    assert!(other.is_live().await && other.next(&anonymous).await.is_live().await);
}

/// Rules 31 and 32.
#[tokio::test]
async fn refresh_tokens_of_tenants_are_none_of_the_platform() {
    let (_app, anonymous, _root) = with_root().await;
    let body = json!({ "username": "alice", "password": PASSWORD });
    let tenant = anonymous.post("/api/v1/tenants/acme/auth/login", &body);
    let tenant = Session::of(&anonymous, &tenant.await);
    let refused = tenant.refresh(&anonymous).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_token");
    let platform = Session::open(&anonymous).await;
    let body = json!({ "refresh_token": platform.refresh_token });
    let refused = anonymous.post("/api/v1/tenants/acme/auth/refresh", &body);
    assert_eq!(refused.await.expect_status(401).code(), "invalid_token");
    assert!(platform.is_live().await);
}

/// Rule 19, for system users.
#[tokio::test]
async fn a_system_user_logs_out_here_or_everywhere() {
    let (_app, anonymous, _root) = with_root().await;
    let [one, two, three] = [
        Session::open(&anonymous).await,
        Session::open(&anonymous).await,
        Session::open(&anonymous).await,
    ];
    let body = json!({ "refresh_token": one.refresh_token });
    anonymous
        .post("/api/v1/platform/auth/logout", &body)
        .await
        .expect_status(204);
    two.post("logout", &json!({})).await.expect_status(204);
    assert!(!one.is_live().await && !two.is_live().await && three.is_live().await);
    let four = Session::open(&anonymous).await;
    three
        .post("logout-all", &json!({}))
        .await
        .expect_status(204);
    for session in [&three, &four] {
        assert!(!session.is_live().await);
        session.refresh(&anonymous).await.expect_status(401);
    }
}

/// Rule 7, for system users.
#[tokio::test]
async fn a_new_password_of_a_system_user_ends_their_other_sessions() {
    let (_app, anonymous, _root) = with_root().await;
    let (here, there) = (
        Session::open(&anonymous).await,
        Session::open(&anonymous).await,
    );
    let change =
        |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let path = "change-password";
    here.post(path, &change("a guess", "another long password"))
        .await
        .expect_status(401);
    here.post(path, &change(PASSWORD, "short"))
        .await
        .expect_status(422);
    assert!(there.is_live().await);
    here.post(path, &change(PASSWORD, "another long password"))
        .await
        .expect_status(204);
    assert!(here.is_live().await && !there.is_live().await);
    let old = json!({ "email": PLATFORM_ADMIN, "password": PASSWORD });
    let refused = anonymous.post("/api/v1/platform/auth/login", &old).await;
    refused.expect_status(401);
    anonymous
        .log_in_to_platform(PLATFORM_ADMIN, "another long password")
        .await;
}

/// Rule 17, for system users.
#[tokio::test]
async fn of_twenty_logins_of_a_system_user_at_once_three_live_on() {
    let (_app, anonymous, _root) = with_root().await;
    let sessions = join_all((0..20).map(|_| Session::open(&anonymous))).await;
    let live = join_all(sessions.iter().map(Session::is_live)).await;
    assert_eq!(live.into_iter().filter(|live| *live).count(), 3);
}
