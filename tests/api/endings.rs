//! How sessions of tenant users end: by a logout, from another session, by a login too many, by a new password.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use reqwest::Method;
use rowhouse::platform::Platform;
use rowhouse::server::{self, Application};
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp, config};
use tokio_postgres::Client;

use crate::sessions::{Session, expect_refused};

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// Rule 19.
#[tokio::test]
async fn who_logs_out_is_refused_at_once_and_their_other_sessions_live() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let other = Session::open(&anonymous, "alice").await;
    for by_refresh_token in [true, false] {
        let session = Session::open(&anonymous, "alice").await;
        assert!(session.is_live().await);
        let gone = if by_refresh_token {
            let body = json!({ "refresh_token": session.refresh_token });
            anonymous
                .post("/api/v1/tenants/acme/auth/logout", &body)
                .await
        } else {
            let without_body = session.caller.request(Method::POST, "/auth/logout");
            session.caller.send(without_body).await
        };
        gone.expect_status(204);
        assert!(!session.is_live().await);
        expect_refused(&anonymous, &session.refresh_token, "session_ended").await;
    }
    assert!(other.is_live().await);
}

#[tokio::test]
async fn a_logout_proves_whose_session_it_ends() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let session = Session::open(&anonymous, "alice").await;
    let log_out = async |caller: &Caller, slug: &str, body: Value| {
        let path = format!("/api/v1/tenants/{slug}/auth/logout");
        caller.post(&path, &body).await
    };
    let own = || json!({ "refresh_token": session.refresh_token });
    log_out(&anonymous, "acme", json!({}))
        .await
        .expect_status(401);
    let forged = json!({ "refresh_token": session.caller.token() });
    log_out(&alice, "acme", forged).await.expect_status(401);
    log_out(&anonymous, "globex", own())
        .await
        .expect_status(401);
    assert!(session.is_live().await && alice.get("/auth/me").await.status == 200);
    // Once more is as good as once.
    for _ in 0..2 {
        log_out(&anonymous, "acme", own()).await.expect_status(204);
    }
    assert!(!session.is_live().await);
}

/// Rule 19.
#[tokio::test]
async fn who_logs_out_everywhere_has_no_session_left_and_others_have_theirs() {
    let (_app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &[]).await;
    let sessions = [
        Session::open(&anonymous, "alice").await,
        Session::open(&anonymous, "alice").await,
    ];
    let answer = sessions[0]
        .caller
        .post("/auth/logout-all", &json!({}))
        .await;
    answer.expect_status(204);
    for session in &sessions {
        assert!(!session.is_live().await);
        expect_refused(&anonymous, &session.refresh_token, "session_ended").await;
    }
    alice.get("/auth/me").await.expect_status(401);
    for other in [bob, mallory] {
        other.get("/auth/me").await.expect_status(200);
    }
}

/// Rule 21.
#[tokio::test]
async fn users_see_their_own_live_sessions_and_nothing_of_their_tokens() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    alice.colleague("bob", &[]).await;
    let ended = Session::open(&anonymous, "alice").await;
    ended.caller.post("/auth/logout", &json!({})).await;
    let credentials = json!({ "username": "alice", "password": PASSWORD, "device_id": "tablet" });
    let login = anonymous
        .request(Method::POST, "/api/v1/tenants/acme/auth/login")
        .header("User-Agent", "Browser/1.0")
        .json(&credentials);
    anonymous.send(login).await.expect_status(200);
    let list = alice.get("/auth/sessions").await.expect_status(200);
    insta::assert_json_snapshot!(list.json(), {
        ".data[].id" => "[id]", ".data[].created_at" => "[time]", ".data[].last_used_at" => "[time]",
        ".data[].expires_at" => "[time]",
    }, @r#"
    {
      "data": [
        {
          "acting_reason": null,
          "acting_system_user_id": null,
          "created_at": "[time]",
          "current": false,
          "device_id": "tablet",
          "expires_at": "[time]",
          "id": "[id]",
          "ip": "127.0.0.1",
          "last_used_at": "[time]",
          "user_agent": "Browser/1.0"
        },
        {
          "acting_reason": null,
          "acting_system_user_id": null,
          "created_at": "[time]",
          "current": true,
          "device_id": null,
          "expires_at": "[time]",
          "id": "[id]",
          "ip": "127.0.0.1",
          "last_used_at": "[time]",
          "user_agent": null
        }
      ],
      "message": "your sessions",
      "pagination": {
        "page": 1,
        "pages": 1,
        "per_page": 20,
        "total": 2
      },
      "success": true
    }
    "#);
    let page = alice.get("/auth/sessions?per_page=1&page=2").await;
    assert_eq!(page.at("/data/0"), list.at("/data/1"));
    alice.get("/auth/sessions?q=x").await.expect_status(400);
}

/// Rules 19 and 21.
#[tokio::test]
async fn users_end_their_own_sessions_and_nobody_elses() {
    let (_app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &[]).await;
    let id_of = async |caller: &Caller| {
        let list = caller.get("/auth/sessions").await.expect_status(200);
        list.text_at("/data/0/id")
    };
    let end = async |caller: &Caller, id: &str| {
        let path = format!("/auth/sessions/{id}");
        caller.send(caller.request(Method::DELETE, &path)).await
    };
    for other in [&bob, &mallory] {
        end(&alice, &id_of(other).await).await.expect_status(404);
        other.get("/auth/me").await.expect_status(200);
    }
    let session = Session::open(&anonymous, "alice").await;
    let id = id_of(&session.caller).await;
    end(&alice, &id).await.expect_status(204);
    assert!(!session.is_live().await);
    expect_refused(&anonymous, &session.refresh_token, "session_ended").await;
    end(&alice, &id).await.expect_status(404);
    let own = id_of(&alice).await;
    end(&alice, &own).await.expect_status(204);
    alice.get("/auth/me").await.expect_status(401);
}

/// Rules 19 and 27, on every node: what one has remembered of a session, it forgets when another ends the session.
#[tokio::test]
async fn a_session_that_one_node_ends_is_refused_by_another() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let (address, second_node) = node(&app).await;
    let ends = async |deed: &str, session: &Session| match deed {
        "logout" => drop(session.caller.post("/auth/logout", &json!({})).await),
        "logout-all" => drop(session.caller.post("/auth/logout-all", &json!({})).await),
        "reuse" => {
            session.next(&anonymous).await.next(&anonymous).await;
            expect_refused(&anonymous, &session.refresh_token, "session_ended").await;
        }
        _ => {
            for _ in 0..3 {
                Session::open(&anonymous, "alice").await;
            }
        }
    };
    for deed in ["logout", "logout-all", "reuse", "eviction"] {
        let session = Session::open(&anonymous, "alice").await;
        let elsewhere = Caller::anonymous(&address).with_token(session.caller.token());
        let elsewhere = elsewhere.at("acme");
        elsewhere.get("/auth/me").await.expect_status(200);
        ends(deed, &session).await;
        second_node.changes.catch_up().await;
        let refused = elsewhere.get("/auth/me").await.expect_status(401);
        assert_eq!(refused.code(), "session_ended", "{deed}");
    }
}

/// Another server on the same database: its address, and what is behind it.
pub(crate) async fn node(app: &TestApp) -> (String, Arc<Platform>) {
    let config = config(app.database().url());
    let listener = server::listen(&config).unwrap();
    let platform = Arc::new(Platform::open(&config).await.unwrap());
    let node = Application::with_platform(config, Arc::clone(&platform), listener).await;
    let node = node.unwrap();
    let address = format!("http://127.0.0.1:{}", node.port());
    tokio::task::spawn(node.run_until_stopped());
    (address, platform)
}

/// Rule 17.
#[tokio::test]
async fn twenty_logins_at_once_leave_three_sessions() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &[]).await;
    // Passwords are checked one after the other. Whoever is through waits here, so that the sessions are opened at once.
    let schema = &app.acme.tenant.schema;
    let client = app.database().client().await;
    let sql = format!("BEGIN; SELECT FROM {schema}.users WHERE username = 'alice' FOR UPDATE");
    client.batch_execute(&sql).await.unwrap();
    let commit = async {
        wait_until_waiting(&client, schema, 4).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let logins = join_all((0..20).map(|_| Session::open(&anonymous, "alice")));
    let (sessions, ()) = join(logins, commit).await;
    let mut live = Vec::new();
    for session in &sessions {
        if session.is_live().await {
            live.push(session);
        } else {
            expect_refused(&anonymous, &session.refresh_token, "session_ended").await;
        }
    }
    assert_eq!(live.len(), 3);
    let list = live[0].caller.get("/auth/sessions").await;
    assert_eq!(list.at("/pagination/total"), 3);
    alice.get("/auth/me").await.expect_status(401);
    for other in [bob, mallory] {
        other.get("/auth/me").await.expect_status(200);
    }
}

/// Rule 17: as many as the tenant's setting says, exactly.
#[tokio::test]
async fn twenty_logins_at_once_leave_as_many_sessions_as_the_tenant_allows() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    for (value, expected) in [("5", 5), ("1", 1), ("0", 1), ("\"many\"", 3)] {
        let sql =
            format!("UPDATE settings SET value = '{value}' WHERE key = 'sessions.max_per_user'");
        app.sql_in(&app.acme, &sql).await;
        let sessions = join_all((0..20).map(|_| Session::open(&anonymous, "alice"))).await;
        let live = join_all(sessions.iter().map(Session::is_live)).await;
        let live = live.into_iter().filter(|live| *live).count();
        assert_eq!(live, expected, "{value}");
    }
}

/// Rule 17.
#[tokio::test]
async fn the_session_used_least_recently_gives_way() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let first = Session::open(&anonymous, "alice").await;
    let second = Session::open(&anonymous, "alice").await;
    assert!(alice.get("/auth/me").await.status == 200);
    let third = Session::open(&anonymous, "alice").await;
    alice.get("/auth/me").await.expect_status(401);
    let first = first.next(&anonymous).await;
    let fourth = Session::open(&anonymous, "alice").await;
    assert!(!second.is_live().await);
    for session in [first, third, fourth] {
        assert!(session.is_live().await);
    }
}

/// A session that has ended takes no place.
#[tokio::test]
async fn who_logged_out_evicts_nobody_with_the_next_login() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    for _ in 0..5 {
        let session = Session::open(&anonymous, "alice").await;
        session.caller.post("/auth/logout", &json!({})).await;
    }
    alice.get("/auth/me").await.expect_status(200);
}

async fn change_password(caller: &Caller, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    caller.post("/auth/change-password", &body).await
}

/// Rule 7.
#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_keeps_this_one() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let other = Session::open(&anonymous, "alice").await;
    let (new, path) = (
        "another horse battery staple",
        "/api/v1/tenants/acme/auth/login",
    );
    change_password(&alice, PASSWORD, new)
        .await
        .expect_status(204);
    assert!(!other.is_live().await);
    expect_refused(&anonymous, &other.refresh_token, "session_ended").await;
    alice.get("/auth/me").await.expect_status(200);
    for (password, status) in [(PASSWORD, 401), (new, 200)] {
        let credentials = json!({ "username": "alice", "password": password });
        anonymous
            .post(path, &credentials)
            .await
            .expect_status(status);
    }
}

/// Rules 4 and 7.
#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_within_the_rules() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let other = Session::open(&anonymous, "alice").await;
    let new = "another horse battery staple";
    let wrong = change_password(&alice, "wrong horse", new).await;
    assert_eq!(wrong.expect_status(401).code(), "invalid_credentials");
    let short = change_password(&alice, PASSWORD, "7 chars").await;
    assert!(
        short
            .expect_status(422)
            .at("/errors")
            .get("new_password")
            .is_some()
    );
    let without = json!({ "new_password": new });
    let refused = alice.post("/auth/change-password", &without).await;
    refused.expect_status(422);
    assert!(other.is_live().await);
    anonymous.log_in("acme", "alice", PASSWORD).await;
}

#[tokio::test]
async fn of_two_changes_of_a_password_at_once_one_is_refused() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let new = ["the first new password", "the second new password"];
    let changes = new.map(|new| change_password(&alice, PASSWORD, new));
    let changes = join_all(changes).await;
    let mut statuses: Vec<u16> = changes
        .iter()
        .map(|change| change.status.as_u16())
        .collect();
    let kept = usize::from(statuses[1] == 204);
    anonymous.log_in("acme", "alice", new[kept]).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401]);
}

/// Rules 7 and 20: the password was right when the login began.
#[tokio::test]
async fn a_login_that_is_overtaken_by_another_password_or_the_end_of_the_user_opens_no_session() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let client = app.database().client().await;
    let schema = &app.acme.tenant.schema;
    for change in ["password_changed_at = now()", "is_active = false"] {
        let sql = format!("BEGIN; UPDATE {schema}.users SET {change}");
        client.batch_execute(&sql).await.unwrap();
        let credentials = json!({ "username": "alice", "password": PASSWORD });
        let login = anonymous.post("/api/v1/tenants/acme/auth/login", &credentials);
        let commit = async {
            wait_until_waiting(&client, schema, 1).await;
            client.batch_execute("COMMIT").await.unwrap();
        };
        let (refused, ()) = join(login, commit).await;
        assert_eq!(refused.expect_status(401).code(), "invalid_credentials");
    }
}

/// Waits until as many others wait for the users whom the client's transaction has locked: the first for that transaction,
/// those behind it for the row.
async fn wait_until_waiting(client: &Client, schema: &str, others: usize) {
    let waiting = format!(
        "SELECT FROM pg_locks WHERE NOT granted AND (transactionid = pg_current_xact_id()::xid \
         OR locktype = 'tuple' AND relation = '{schema}.users'::regclass)"
    );
    let begun = Instant::now();
    while client.query(&waiting, &[]).await.unwrap().len() < others {
        assert!(begun.elapsed() < PATIENCE, "too few wait");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
