//! Who runs the platform: their sessions, who they are, and what the audit log says of it.

use futures_util::future::{join, join_all};
use platform_schema::SystemUserRole;
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, PLATFORM_ADMIN, TestApp};

const USERS: &str = "/api/v1/platform/system-users";
const LOGS: &str = "/api/v1/platform/audit-logs";

/// What a client holds of a session.
struct Session {
    caller: Caller,
    refresh_token: String,
}

impl Session {
    async fn open(anonymous: &Caller) -> Self {
        let body = json!({ "email": PLATFORM_ADMIN, "password": PASSWORD });
        let path = "/api/v1/platform/auth/login";
        Self::of(anonymous, &anonymous.post(path, &body).await)
    }

    fn of(anonymous: &Caller, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:#?}");
        Self {
            caller: anonymous.with_token(&answer.text_at("/data/access_token")),
            refresh_token: answer.text_at("/data/refresh_token"),
        }
    }

    async fn refresh(&self, anonymous: &Caller) -> Answer {
        let body = json!({ "refresh_token": self.refresh_token });
        let path = "/api/v1/platform/auth/refresh";
        anonymous.post(path, &body).await
    }

    async fn next(&self, anonymous: &Caller) -> Self {
        Self::of(anonymous, &self.refresh(anonymous).await)
    }

    async fn is_live(&self) -> bool {
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

async fn with_root() -> (TestApp, Caller, Caller) {
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

fn order(email: &str, role: &str) -> Value {
    json!({ "email": email, "role": role, "password": PASSWORD })
}

#[tokio::test]
async fn super_admins_let_others_run_the_platform_and_change_and_delete_them() {
    let (_app, anonymous, root) = with_root().await;
    let created = root
        .post(USERS, &order("Ops@Platform.example", "operator"))
        .await
        .expect_status(201);
    insta::assert_json_snapshot!(created.json(), { ".data.id" => "[id]", ".data.created_at" => "[time]" }, @r#"
    {
      "data": {
        "created_at": "[time]",
        "email": "ops@platform.example",
        "id": "[id]",
        "is_active": true,
        "role": "operator"
      },
      "message": "the system user was created",
      "success": true
    }
    "#);
    let path = created.header("Location").unwrap().to_owned();
    let shown = root.get(&path).await.expect_status(200);
    assert_eq!(
        (shown.at("/data"), shown.etag()),
        (created.at("/data"), created.etag())
    );
    let twice = root
        .post(USERS, &order("OPS@platform.example", "support"))
        .await
        .expect_status(409);
    assert!(twice.at("/errors").get("email").is_some());
    let wrong = json!({ "email": "no address", "role": "support", "password": "short" });
    let refused = root.post(USERS, &wrong).await.expect_status(422);
    assert_eq!(refused.at("/errors").as_object().unwrap().len(), 2);

    let listed = root.get(&format!("{USERS}?role=operator")).await;
    assert_eq!(listed.at("/pagination/total"), 1);
    let ops = anonymous
        .log_in_to_platform("ops@platform.example", PASSWORD)
        .await;
    let support = json!({ "role": "support" });
    let changed = root
        .patch(&path, &shown.etag(), &support)
        .await
        .expect_status(200);
    assert_eq!(changed.text_at("/data/role"), "support");
    root.patch(&path, &shown.etag(), &support)
        .await
        .expect_status(412);
    let without = root.request(Method::PATCH, &path).json(&support);
    root.send(without).await.expect_status(428);
    // In force at the next request.
    let suspend = ops.post("/api/v1/tenants/acme/suspend", &json!({})).await;
    assert_eq!(suspend.expect_status(403).code(), "permission_denied");
    root.delete(&path, &changed.etag()).await.expect_status(204);
    root.get(&path).await.expect_status(404);
    ops.get(USERS).await.expect_status(401);
}

/// Rules 38 and 43, for system users.
#[tokio::test]
async fn operators_and_support_see_system_users_and_change_none() {
    let (app, _anonymous, root) = with_root().await;
    let own = root
        .get("/api/v1/platform/auth/me")
        .await
        .text_at("/data/id");
    let path = format!("{USERS}/{own}");
    for role in [SystemUserRole::Operator, SystemUserRole::Support] {
        let caller = app
            .system_user(&format!("{role}@platform.example"), role)
            .await;
        caller.get(USERS).await.expect_status(200);
        caller.get(LOGS).await.expect_status(200);
        let new = order("new@platform.example", "super_admin");
        caller.post(USERS, &new).await.expect_status(403);
        let changes = json!({ "role": "support" });
        caller.patch(&path, "*", &changes).await.expect_status(403);
        caller.delete(&path, "*").await.expect_status(403);
    }
    let unchanged = root.get(&path).await.expect_status(200);
    assert_eq!(unchanged.text_at("/data/role"), "super_admin");
}

/// Rule 20, for system users.
#[tokio::test]
async fn a_system_user_who_is_disabled_is_out_at_once_and_logs_in_anew_later() {
    let (app, anonymous, root) = with_root().await;
    let order = order("second@platform.example", "super_admin");
    let created = root.post(USERS, &order).await;
    let path = created.header("Location").unwrap().to_owned();
    let second = json!({ "email": "second@platform.example", "password": PASSWORD });
    let login = anonymous.post("/api/v1/platform/auth/login", &second).await;
    let session = Session::of(&anonymous, &login);
    let set = |active: bool| json!({ "is_active": active });
    root.patch(&path, "*", &set(false)).await.expect_status(200);
    let me = session.caller.get("/api/v1/platform/auth/me").await;
    assert_eq!(me.expect_status(401).code(), "invalid_token");
    session.refresh(&anonymous).await.expect_status(401);
    let refused = anonymous.post("/api/v1/platform/auth/login", &second).await;
    refused.expect_status(401);
    root.patch(&path, "*", &set(true)).await.expect_status(200);
    assert!(!session.is_live().await);
    session.refresh(&anonymous).await.expect_status(401);
    anonymous
        .log_in_to_platform("second@platform.example", PASSWORD)
        .await;
    drop(app);
}

/// Rule 42, for system users.
#[tokio::test]
async fn the_last_super_admin_stays() {
    let (_app, _anonymous, root) = with_root().await;
    let own = root
        .get("/api/v1/platform/auth/me")
        .await
        .text_at("/data/id");
    let path = format!("{USERS}/{own}");
    for changes in [json!({ "role": "operator" }), json!({ "is_active": false })] {
        let refused = root.patch(&path, "*", &changes).await.expect_status(409);
        assert_eq!(refused.code(), "conflict");
    }
    root.delete(&path, "*").await.expect_status(409);
    let changes = json!({ "email": "new@platform.example" });
    root.patch(&path, "*", &changes).await.expect_status(200);
}

/// Rule 42, for system users.
#[tokio::test]
async fn of_two_super_admins_who_take_their_role_from_each_other_one_stays() {
    let (app, _anonymous, root) = with_root().await;
    let other = app
        .system_user("second@platform.example", SystemUserRole::SuperAdmin)
        .await;
    let mut paths = Vec::new();
    for caller in [&root, &other] {
        let id = caller
            .get("/api/v1/platform/auth/me")
            .await
            .text_at("/data/id");
        paths.push(format!("{USERS}/{id}"));
    }
    for round in 0..10 {
        let changes = match round % 2 {
            0 => json!({ "role": "support" }),
            _ => json!({ "is_active": false }),
        };
        let (one, another) = join(
            root.patch(&paths[1], "*", &changes),
            other.patch(&paths[0], "*", &changes),
        )
        .await;
        let mut statuses = [one.status.as_u16(), another.status.as_u16()];
        statuses.sort_unstable();
        // The one who comes later may be known by then to be nobody who may do this.
        assert_eq!(statuses[0], 200);
        assert!([401, 403, 409].contains(&statuses[1]), "{statuses:?}");
        app.sql(
            "UPDATE shared.system_users SET role = 'super_admin', is_active = true; \
                 UPDATE shared.platform_sessions SET revoked_at = NULL",
        )
        .await;
    }
}

/// The rows of the platform's audit log for a request.
async fn rows_of(root: &Caller, request: &str) -> Vec<Value> {
    let rows = root.get(&format!("{LOGS}?per_page=100")).await;
    let rows = rows.expect_status(200).at("/data");
    let rows = rows.as_array().unwrap().iter();
    let rows = rows.filter(|row| row["request_id"] == request);
    rows.cloned().collect()
}

/// Rule 88, for the platform.
#[tokio::test]
async fn each_change_of_the_platform_leaves_one_row_that_says_who_and_from_where() {
    let (app, anonymous, root) = with_root().await;
    let own = root
        .get("/api/v1/platform/auth/me")
        .await
        .text_at("/data/id");
    let user = root
        .post(USERS, &order("ops@platform.example", "operator"))
        .await;
    let id = user.text_at("/data/id");
    let path = format!("{USERS}/{id}");
    let session = Session::open(&anonymous).await;
    let refresh = json!({ "refresh_token": session.refresh_token });
    let wrong = json!({ "email": PLATFORM_ADMIN, "password": "a guess" });
    let new = json!({ "current_password": PASSWORD, "new_password": "another long password" });
    let steps: [(&str, Method, &str, Value); 12] = [
        (
            "system_users.create",
            Method::POST,
            USERS,
            order("b@platform.example", "support"),
        ),
        (
            "system_users.update",
            Method::PATCH,
            &path,
            json!({ "role": "support" }),
        ),
        ("system_users.delete", Method::DELETE, &path, json!({})),
        (
            "tenant.suspend",
            Method::POST,
            "/api/v1/tenants/acme/suspend",
            json!({}),
        ),
        (
            "tenant.initialize",
            Method::POST,
            "/api/v1/tenants/acme/initialize",
            json!({}),
        ),
        (
            "tenant.resume",
            Method::POST,
            "/api/v1/tenants/acme/resume",
            json!({}),
        ),
        (
            "auth.login",
            Method::POST,
            "/api/v1/platform/auth/login",
            json!({ "email": PLATFORM_ADMIN, "password": PASSWORD }),
        ),
        (
            "auth.login_failed",
            Method::POST,
            "/api/v1/platform/auth/login",
            wrong,
        ),
        (
            "auth.refresh",
            Method::POST,
            "/api/v1/platform/auth/refresh",
            refresh.clone(),
        ),
        (
            "auth.logout",
            Method::POST,
            "/api/v1/platform/auth/logout",
            refresh,
        ),
        (
            "auth.change_password",
            Method::POST,
            "/api/v1/platform/auth/change-password",
            new,
        ),
        (
            "auth.logout_all",
            Method::POST,
            "/api/v1/platform/auth/logout-all",
            json!({}),
        ),
    ];
    let reader = app
        .system_user("reader@platform.example", SystemUserRole::Support)
        .await;
    for (number, (action, method, path, body)) in steps.into_iter().enumerate() {
        let request_id = format!("step-{number}");
        let request = root
            .request(method, path)
            .header("X-Request-ID", &request_id)
            .header("User-Agent", "the test/1.0")
            .header("If-Match", "*")
            .json(&body);
        let answer = root.send(request).await;
        assert!(
            answer.status.as_u16() < 300 || action.ends_with("failed"),
            "{action}: {answer:?}"
        );
        let rows = rows_of(&reader, &request_id).await;
        assert_eq!(rows.len(), 1, "{action}: {rows:#?}");
        let row = &rows[0];
        assert_eq!(row["action"], action);
        assert_eq!(
            (&row["ip"], &row["user_agent"]),
            (&json!("127.0.0.1"), &json!("the test/1.0"))
        );
        let actor = if action == "auth.login_failed" {
            Value::Null
        } else {
            json!(own)
        };
        assert_eq!(row["actor_id"], actor, "{action}");
        let text = row.to_string();
        assert!(!text.contains("v1$") && !text.contains(PASSWORD), "{text}");
    }
    // What is refused leaves none.
    let request = reader.request(Method::DELETE, &path);
    let request = request
        .header("X-Request-ID", "refused")
        .header("If-Match", "*");
    reader.send(request).await.expect_status(403);
    assert!(rows_of(&reader, "refused").await.is_empty());
}

/// Rule 75.
#[tokio::test]
async fn the_audit_log_is_read_page_by_page_while_it_grows() {
    let (_app, _anonymous, root) = with_root().await;
    for number in 0..5 {
        let email = format!("user{number}@platform.example");
        root.post(USERS, &order(&email, "support"))
            .await
            .expect_status(201);
    }
    let mut path = format!("{LOGS}?per_page=2&action=system_users.create");
    let mut seen = Vec::new();
    loop {
        let page = root.get(&path).await.expect_status(200);
        let rows = page.at("/data");
        let rows = rows.as_array().unwrap();
        seen.extend(
            rows.iter()
                .map(|row| row["after"]["email"].as_str().unwrap().to_owned()),
        );
        // The log grows at its other end.
        let email = format!("late{}@platform.example", seen.len());
        root.post(USERS, &order(&email, "support"))
            .await
            .expect_status(201);
        let Value::String(next) = page.at("/pagination/next") else {
            assert_eq!(page.header("Link"), None);
            break;
        };
        let link = page.header("Link").unwrap();
        assert!(link.contains(&format!("cursor={next}")), "{link}");
        path = link
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap()
            .to_owned();
    }
    let expected: Vec<_> = (0..5)
        .rev()
        .map(|number| format!("user{number}@platform.example"))
        .collect();
    assert_eq!(seen, expected);
    for wrong in ["x", "AAAA", "..", "%00"] {
        root.get(&format!("{LOGS}?cursor={wrong}"))
            .await
            .expect_status(400);
    }
    root.get(&format!("{LOGS}?page=2")).await.expect_status(400);
}
