//! The audit log of the platform: one row for each change (rules 75 and 88).

use platform_schema::SystemUserRole;
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, PASSWORD, PLATFORM_ADMIN};

use crate::system_sessions::{Session, with_root};
use crate::system_users::{USERS, order};

const LOGS: &str = "/api/v1/platform/audit-logs";

/// The rows of the platform's audit log for a request.
async fn rows_of(root: &Caller, request: &str) -> Vec<Value> {
    let rows = root.get(&format!("{LOGS}?per_page=100")).await;
    let rows = rows.expect_status(200).at("/data");
    let rows = rows.as_array().unwrap().iter();
    let rows = rows.filter(|row| row["request_id"] == request);
    rows.cloned().collect()
}

/// What a super admin does, and what the log calls it. `path` is that of another system user, `refresh` a token of their own.
fn deeds(path: &str, refresh: &str) -> Vec<(&'static str, String, Value)> {
    let nothing = || json!({});
    let token = || json!({ "refresh_token": refresh });
    let login = |password: &str| json!({ "email": PLATFORM_ADMIN, "password": password });
    let auth = |deed: &str| format!("POST /api/v1/platform/auth/{deed}");
    let tenant = |deed: &str| format!("POST /api/v1/tenants/acme/{deed}");
    let new = json!({ "current_password": PASSWORD, "new_password": "another long password" });
    let support = order("b@platform.example", "support");
    vec![
        ("system_users.create", format!("POST {USERS}"), support),
        (
            "system_users.update",
            format!("PATCH {path}"),
            json!({ "role": "support" }),
        ),
        (
            "system_users.unlock",
            format!("POST {path}/unlock"),
            nothing(),
        ),
        ("system_users.delete", format!("DELETE {path}"), nothing()),
        ("tenant.suspend", tenant("suspend"), nothing()),
        ("tenant.initialize", tenant("initialize"), nothing()),
        ("tenant.resume", tenant("resume"), nothing()),
        ("auth.login", auth("login"), login(PASSWORD)),
        ("auth.login_failed", auth("login"), login("a guess")),
        ("auth.refresh", auth("refresh"), token()),
        ("auth.logout", auth("logout"), token()),
        ("auth.change_password", auth("change-password"), new),
        ("auth.logout_all", auth("logout-all"), nothing()),
    ]
}

/// Rule 88, for the platform.
#[tokio::test]
async fn each_change_of_the_platform_leaves_one_row_that_says_who_and_from_where() {
    let (app, anonymous, root) = with_root().await;
    let me = root.get("/api/v1/platform/auth/me").await;
    let own = me.text_at("/data/id");
    let operator = order("ops@platform.example", "operator");
    let id = root.post(USERS, &operator).await.text_at("/data/id");
    let path = format!("{USERS}/{id}");
    let session = Session::open(&anonymous).await;
    let reader = app
        .system_user("reader@platform.example", SystemUserRole::Support)
        .await;
    for (action, operation, body) in deeds(&path, &session.refresh_token) {
        let request_id = format!("deed-{action}");
        let (method, path) = operation.split_once(' ').unwrap();
        let request = root
            .request(method.parse().unwrap(), path)
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
