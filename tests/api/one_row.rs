//! Every operation of the document that changes a tenant leaves exactly one row in its audit log (rule 88).

use std::cell::RefCell;
use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp};

use crate::attachments::{attachment, file, own_id};
use crate::operations::Operation;
use crate::plain::Plain;
use crate::sessions::Session;

const BOB: &str = "bob@example.com";
const NEW: &str = "another horse battery staple";

/// A walk through the operations, which remembers where it was.
struct Walk {
    app: TestApp,
    walked: RefCell<BTreeSet<String>>,
}

impl Walk {
    /// Calls the operation of this path, in which `{id}` is `id`. It succeeds, and is found once in the audit log.
    async fn step(&self, caller: &Caller, operation: &str, id: &str, body: Value) -> Answer {
        let (method, path) = operation.split_once(' ').unwrap();
        let number = self.walked.borrow().len();
        let request_id = format!("walk-{number}-{}", path.replace(['/', '{', '}'], "."));
        let method: Method = method.parse().unwrap();
        let request = caller
            .request(method.clone(), &named(path, id))
            .header("X-Request-ID", &request_id)
            .header("If-Match", "*");
        let request = match method {
            Method::DELETE => request,
            _ if body.is_string() => request
                .header("Content-Type", "text/csv")
                .body(body.as_str().unwrap_or_default().to_owned()),
            _ => request.json(&body),
        };
        let answer = caller.send(request).await;
        self.count(operation, &request_id, answer).await
    }

    /// A form in place of a body.
    async fn upload(&self, caller: &Caller, operation: &str, id: &str, form: Form) -> Answer {
        let request_id = format!("upload-{}", self.walked.borrow().len());
        let path = operation.replace("POST ", "").replace("{id}", id);
        let request = caller.request(Method::POST, &path);
        let request = request.header("X-Request-ID", &request_id).multipart(form);
        let answer = caller.send(request).await;
        self.count(operation, &request_id, answer).await
    }

    async fn count(&self, operation: &str, request_id: &str, answer: Answer) -> Answer {
        assert!(answer.status.is_success(), "{operation}: {answer:#?}");
        assert_eq!(self.rows(request_id).await, 1, "{operation}");
        let is_new = self.walked.borrow_mut().insert(operation.to_owned());
        assert!(is_new, "{operation} twice");
        answer
    }

    async fn rows(&self, request_id: &str) -> i64 {
        let schema = &self.app.acme.tenant.schema;
        let sql = format!("SELECT count(*) FROM {schema}.audit_logs WHERE request_id = $1");
        let client = self.app.database().client().await;
        client.query_one(&sql, &[&request_id]).await.unwrap().get(0)
    }

    /// What is made, changed in each way, deleted and restored, at one path.
    async fn record(&self, caller: &Caller, path: &str, new: &Value, changed: &Value) -> String {
        let create = format!("POST {path}");
        let made = self.step(caller, &create, "", new.clone()).await;
        let id = made.text_at("/data/id");
        let one = format!("{path}/{{id}}");
        for (operation, body) in [("PATCH", changed), ("PUT", new), ("DELETE", &Value::Null)] {
            let operation = format!("{operation} {one}");
            self.step(caller, &operation, &id, body.clone()).await;
        }
        let restore = format!("POST {one}/restore");
        self.step(caller, &restore, &id, json!({})).await;
        id
    }

    async fn users(&self, alice: &Caller) {
        let new = json!({ "email": BOB, "username": "bob", "password": PASSWORD });
        let made = self.step(alice, "POST /users", "", new).await;
        let bob = made.text_at("/data/id");
        let put = json!({ "email": BOB, "username": "bob", "first_name": "Bob" });
        for (operation, body) in [
            ("PATCH /users/{id}", json!({ "first_name": "Robert" })),
            ("PUT /users/{id}", put),
            ("PUT /users/{id}/roles", json!(["viewer"])),
            (
                "PUT /users/{id}/permissions",
                json!([{ "permission": "users.read", "effect": "grant" }]),
            ),
            ("DELETE /users/{id}/sessions", Value::Null),
            ("POST /users/{id}/unlock", json!({})),
            ("POST /users/{id}/invitation", json!({})),
            ("DELETE /users/{id}", Value::Null),
            ("POST /users/{id}/restore", json!({})),
        ] {
            self.step(alice, operation, &bob, body).await;
        }
        let table = json!("email,username\ncarol@example.com,carol\n");
        self.step(alice, "POST /users/import", "", table).await;
        let me = json!({ "first_name": "Alice" });
        self.step(alice, "PATCH /users/me", "", me).await;
    }

    async fn groups(&self, alice: &Caller) {
        let me = alice.get("/users/me").await.text_at("/data/id");
        for (mount, name) in [("/roles", "one"), ("/users/roles", "two")] {
            let new = json!({ "name": name, "permissions": [], "priority": 1 });
            self.record(alice, mount, &new, &json!({ "description": "some" }))
                .await;
        }
        for (mount, name) in [("/teams", "one"), ("/users/teams", "two")] {
            let changed = json!({ "description": "some" });
            let team = self
                .record(alice, mount, &json!({ "name": name }), &changed)
                .await;
            let members = json!([{ "user_id": me, "is_leader": true }]);
            let operation = format!("PUT {mount}/{{id}}/members");
            self.step(alice, &operation, &team, members).await;
        }
    }

    async fn plain(&self, alice: &Caller) {
        let me = alice.get("/users/me").await.text_at("/data/id");
        for plain in Plain::all(&self.app.anonymous()).await {
            let (new, changes) = (plain.whole("tea", &me), plain.changes("tea", &me));
            self.record(alice, &plain.path, &new, &changes).await;
        }
    }

    async fn attachments(&self, alice: &Caller) {
        let path = "/tools/attachments";
        let user = own_id(alice).await;
        let form = attachment(&user, "plan.txt", "one");
        let made = self.upload(alice, &format!("POST {path}"), "", form).await;
        let id = made.text_at("/data/id");
        let versions = format!("POST {path}/{{id}}/versions");
        self.upload(alice, &versions, &id, file("plan.txt", "two"))
            .await;
        for (operation, body) in [
            ("PATCH /tools/attachments/{id}", json!({ "name": "plan" })),
            ("POST /tools/attachments/{id}/links", json!({})),
            ("DELETE /tools/attachments/{id}", Value::Null),
            ("POST /tools/attachments/{id}/restore", json!({})),
        ] {
            self.step(alice, operation, &id, body).await;
        }
    }

    async fn keys(&self, alice: &Caller) {
        let order = json!({ "name": "robot", "scopes": ["users.read"] });
        let made = self.step(alice, "POST /api-keys", "", order).await;
        let old = made.text_at("/data/id");
        let rotate = "POST /api-keys/{id}/rotate";
        let rotated = self.step(alice, rotate, &old, json!({})).await;
        let new = rotated.text_at("/data/id");
        self.step(alice, "DELETE /api-keys/{id}", &new, Value::Null)
            .await;
        let open = json!({ "is_allowed": true });
        self.step(alice, "PUT /support-access", "", open).await;
    }

    async fn settings(&self, alice: &Caller) {
        let key = "custom.greeting";
        let new = json!({ "key": key, "type": "string", "value": "hello" });
        self.step(alice, "POST /settings", "", new).await;
        let changed = json!({ "value": "goodbye" });
        let one = "/settings/{key}";
        self.step(alice, &format!("PUT {one}"), key, changed).await;
        self.step(alice, &format!("DELETE {one}"), key, Value::Null)
            .await;
        let flag = json!({ "enabled": true });
        let operation = "PUT /settings/features/{flag}";
        self.step(alice, operation, "beta", flag).await;
    }

    async fn mailed(&self, visitor: &Caller) {
        let sql = "UPDATE settings SET value = 'true' WHERE key = 'registration.enabled'";
        self.app.sql_in(&self.app.acme, sql).await;
        let ada = "ada@example.com";
        let new = json!({ "email": ada, "username": "ada", "password": PASSWORD });
        self.step(visitor, "POST /auth/register", "", new).await;
        let known = self.app.mails(ada).await.len();
        let whose = json!({ "email": ada });
        let resend = "POST /auth/resend-verification";
        self.step(visitor, resend, "", whose.clone()).await;
        assert_eq!(self.app.mails(ada).await.len(), known + 1);
        let token = json!({ "token": self.app.mailed_token(ada).await });
        self.step(visitor, "POST /auth/verify-email", "", token)
            .await;
        self.step(visitor, "POST /auth/forgot-password", "", whose)
            .await;
        let token = self.app.mailed_token(ada).await;
        let reset = json!({ "token": token, "new_password": NEW });
        self.step(visitor, "POST /auth/reset-password", "", reset)
            .await;
    }

    async fn sessions(&self, visitor: &Caller) {
        let credentials = json!({ "username": "alice", "password": PASSWORD });
        self.step(visitor, "POST /auth/login", "", credentials)
            .await;
        let session = Session::open(visitor, "alice").await;
        let token = json!({ "refresh_token": session.refresh_token });
        self.step(visitor, "POST /auth/refresh", "", token).await;
        let sessions = session.caller.get("/auth/sessions").await.json();
        let sessions = sessions["data"].as_array().unwrap().clone();
        let other = sessions.iter().find(|session| session["current"] == false);
        let id = other.unwrap()["id"].as_str().unwrap().to_owned();
        let here = &session.caller;
        self.step(here, "DELETE /auth/sessions/{id}", &id, Value::Null)
            .await;
        let address = json!({ "current_password": PASSWORD, "new_email": "alice@new.example" });
        self.step(here, "POST /auth/change-email", "", address)
            .await;
        let password = json!({ "current_password": PASSWORD, "new_password": NEW });
        self.step(here, "POST /auth/change-password", "", password)
            .await;
        self.step(here, "POST /auth/logout", "", json!({})).await;
        let again = visitor.log_in("acme", "alice", NEW).await;
        self.step(&again, "POST /auth/logout-all", "", json!({}))
            .await;
        let last = visitor.log_in("acme", "alice", NEW).await;
        self.step(&last, "DELETE /users/sessions", "", Value::Null)
            .await;
    }
}

/// The path, in which whatever is known by an id or a name is this one.
fn named(path: &str, id: &str) -> String {
    ["{id}", "{key}", "{flag}"]
        .into_iter()
        .fold(path.to_owned(), |path, part| path.replace(part, id))
}

/// The operations that change something, relative to a tenant's mount.
async fn mutations(caller: &Caller) -> BTreeSet<String> {
    let operations = Operation::all(caller).await;
    let changes = operations
        .into_iter()
        .filter(|operation| operation.method != Method::GET);
    changes
        .filter_map(|operation| {
            let path = operation.path.strip_prefix("/api/v1/tenants/{slug}")?;
            Some(format!("{} {path}", operation.method))
        })
        .collect()
}

#[tokio::test]
async fn every_operation_that_changes_a_tenant_leaves_one_row_in_its_audit_log() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let walk = Walk {
        app,
        walked: RefCell::default(),
    };
    let visitor = anonymous.at("acme");
    walk.users(&alice).await;
    walk.groups(&alice).await;
    walk.attachments(&alice).await;
    walk.plain(&alice).await;
    walk.keys(&alice).await;
    walk.settings(&alice).await;
    walk.mailed(&visitor).await;
    walk.sessions(&visitor).await;
    assert_eq!(walk.walked.into_inner(), mutations(&anonymous).await);
}
