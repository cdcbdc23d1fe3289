//! A walk past whatever takes a secret or gives one, in the right way and in the wrong ones.

mod mailed;
mod platform;

use std::fs::{self, File};
use std::path::PathBuf;

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use rustix::process::Signal;
use serde_json::{Value, json};
use test_app::{Answer, Caller, Mail};

use super::Secrets;
use crate::rowhouse::{Rowhouse, UNLIMITED};
use crate::shell::Shell;

/// Beside those of no limits: it logs all that it can, and lets nobody wait who fails.
const ARGUMENTS: [&str; 6] = [
    "--log-level",
    "trace",
    "--login-failures",
    "0",
    "--login-failures-per-address",
    "0",
];

/// A running server, and the secrets that it was told and has told.
#[derive(Debug)]
pub(crate) struct Walk {
    shell: Shell,
    rowhouse: Rowhouse,
    /// Nobody in particular, at acme.
    anonymous: Caller,
    secrets: Secrets,
}

impl Walk {
    pub(crate) async fn begin() -> Self {
        let shell = Shell::open().await;
        let log = File::create(log_of(&shell)).unwrap();
        let arguments = [UNLIMITED, ARGUMENTS].concat();
        let rowhouse = Rowhouse::serve_logging(&shell, &arguments, log);
        Self {
            anonymous: rowhouse.anonymous().at("acme"),
            secrets: Secrets::default(),
            rowhouse,
            shell,
        }
    }

    pub(crate) async fn take(&self) {
        let root = self.bootstrap().await;
        let alices = self.tenants(&root).await;
        self.system_users(&root).await;
        let alice = self.logins(&alices).await;
        self.cookies(&alices).await;
        self.users(&alice).await;
        self.registration().await;
        self.forgotten_password().await;
        self.keys(&alice).await;
        self.malformed_headers(&alice).await;
        self.misplaced_tokens(&alice).await;
        self.acting(&root).await;
        self.what_auditors_see(&alice).await;
        self.own_password(&alice, &alices).await;
        self.command_line();
    }

    /// Stops the server, and gives what it has logged.
    pub(crate) fn end(self) -> (Shell, Secrets, String) {
        assert!(self.rowhouse.stop(Signal::TERM).success());
        let log = fs::read_to_string(log_of(&self.shell)).unwrap();
        (self.shell, self.secrets, log)
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = self.anonymous.send(request).await;
        assert!(!answer.status.is_server_error(), "{answer:#?}");
        self.secrets.keep_those_in(&answer);
        answer
    }

    async fn post(&self, caller: &Caller, path: &str, body: Value) -> Answer {
        self.send(caller.request(Method::POST, path).json(&body))
            .await
    }

    /// A login that succeeds: the caller, and their refresh token.
    async fn log_in(&self, path: &str, credentials: Value) -> (Caller, String) {
        let answer = self.post(&self.anonymous, path, credentials).await;
        let session = answer.expect_status(200);
        let caller = self
            .anonymous
            .with_token(&session.text_at("/data/access_token"));
        (caller, session.text_at("/data/refresh_token"))
    }

    /// The token in the last mail to an address.
    async fn mailed(&self, address: &str) -> String {
        self.shell.database().wait_for_outbox().await;
        let folder = self.shell.folder().join("data").join("mail");
        let mails = Mail::in_folder(&folder);
        let last = mails.iter().rfind(|mail| mail.to() == address).unwrap();
        let token = last.token();
        self.secrets
            .keep(&format!("token of a mail to {address}"), &token);
        token
    }

    /// A refresh, its repetition, the successor used, and the old token used again.
    async fn rotate(&self, path: &str, token: &str) {
        let body = |token: &str| json!({ "refresh_token": token });
        let next = self.post(&self.anonymous, path, body(token)).await;
        let next = next.expect_status(200).text_at("/data/refresh_token");
        for (token, status) in [(token, 200), (&next, 200), (token, 401), (&next, 401)] {
            let answer = self.post(&self.anonymous, path, body(token)).await;
            answer.expect_status(status);
        }
    }

    /// Runs SQL in the schema of acme, which the server hears of.
    async fn run_at_acme(&self, sql: &str) {
        let client = self.shell.database().client().await;
        let schema = "SELECT schema_name::text FROM shared.tenants WHERE slug = 'acme'";
        let schema: String = client.query_one(schema, &[]).await.unwrap().get(0);
        let sql = format!("SET search_path = {schema}; {sql}; NOTIFY rowhouse, 'tenants'");
        client.batch_execute(&sql).await.unwrap();
    }

    /// Logins of alice, right and wrong.
    async fn logins(&self, alices: &str) -> Caller {
        let path = "/auth/login";
        let guess = self.secrets.password("a guess at alice");
        // Who is in a hurry types the password where the name belongs.
        for name in ["alice", "nobody", &guess, alices] {
            let body = json!({ "username": name, "password": guess });
            let refused = self.post(&self.anonymous, path, body).await;
            assert!(refused.status.is_client_error(), "{refused:#?}");
        }
        let elsewhere = json!({ "username": "alice", "password": alices });
        for path in [
            "/api/v1/tenants/globex/auth/login",
            "/api/v1/tenants/nowhere/auth/login",
        ] {
            let refused = self.post(&self.anonymous, path, elsewhere.clone()).await;
            assert!(refused.status.is_client_error(), "{refused:#?}");
        }
        self.malformed_logins(alices, &elsewhere.to_string()).await;
        let (_, refresh_token) = self.log_in(path, elsewhere.clone()).await;
        self.rotate("/auth/refresh", &refresh_token).await;
        let (alice, refresh_token) = self.log_in(path, elsewhere.clone()).await;
        // Tokens of one kind where another one is asked for.
        let swapped = json!({ "refresh_token": alice.token() });
        self.post(&self.anonymous, "/auth/refresh", swapped)
            .await
            .expect_status(401);
        let swapped = self.anonymous.with_token(&refresh_token);
        swapped.get("/auth/me").await.expect_status(401);
        alice
    }

    async fn malformed_logins(&self, alices: &str, whole: &str) {
        for (kind, body) in [
            ("application/json", &whole[..whole.len() - 1]),
            ("application/json", &whole.replace("username", "user")),
            ("application/json", &format!("[{whole}]")),
            (
                "application/x-www-form-urlencoded",
                &format!("password={alices}"),
            ),
        ] {
            let request = self.anonymous.request(Method::POST, "/auth/login");
            let request = request.header("Content-Type", kind).body(body.to_owned());
            let refused = self.send(request).await;
            assert!(refused.status.is_client_error(), "{refused:#?}");
        }
    }

    async fn cookies(&self, alices: &str) {
        let credentials = json!({ "username": "alice", "password": alices });
        let request = self.anonymous.request(Method::POST, "/auth/login");
        let request = request.header("X-Token-Transport", "cookie");
        let session = self
            .send(request.json(&credentials))
            .await
            .expect_status(200);
        let cookie = session.header("Set-Cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let refresh = |cookie: &str, origin: &str| {
            let request = self.anonymous.request(Method::POST, "/auth/refresh");
            let request = request.header(COOKIE, cookie.to_owned());
            if origin.is_empty() {
                request
            } else {
                request.header("Origin", origin)
            }
        };
        let twice = format!("{cookie}; {cookie}");
        self.send(refresh(&twice, "")).await.expect_status(400);
        self.send(refresh(&cookie, "https://evil.example"))
            .await
            .expect_status(403);
        self.send(refresh(&cookie, "")).await.expect_status(200);
    }

    async fn users(&self, alice: &Caller) {
        let password = self.secrets.password("bob");
        let mut bob =
            json!({ "email": "bob@acme.example", "username": "bob", "password": password });
        for _ in 0..2 {
            let request = alice.request(Method::POST, "/users").json(&bob);
            let request = request.header("Idempotency-Key", "the order of bob");
            self.send(request).await.expect_status(201);
        }
        let id = self.post(alice, "/users", bob.clone()).await;
        assert_eq!(id.status, 409);
        bob["password_hash"] = json!(self.secrets.password("a hash that somebody sets"));
        self.post(alice, "/users", bob).await.expect_status(422);
        let changes =
            json!({ "password": self.secrets.password("somebody else, set by an admin") });
        alice
            .patch("/users/me", "*", &changes)
            .await
            .expect_status(422);
        let column = self.secrets.password("a column that there is not");
        for (table, status) in [
            (
                format!("email,username,password\ncarol@acme.example,carol,{column}\n"),
                422,
            ),
            ("email,username\ncarol@acme.example,carol\n".to_owned(), 201),
        ] {
            let request = alice.request(Method::POST, "/users/import");
            let request = request.header("Content-Type", "text/csv").body(table);
            let answer = self.send(request).await;
            assert_eq!(answer.status.is_success(), status == 201, "{answer:#?}");
        }
        let carols = json!({
            "token": self.mailed("carol@acme.example").await, "new_password": self.secrets.password("carol"),
        });
        self.post(&self.anonymous, "/auth/reset-password", carols)
            .await
            .expect_status(204);
    }

    async fn keys(&self, alice: &Caller) {
        let order = json!({ "name": "robot", "scopes": ["users.read"] });
        let made = self
            .post(alice, "/api-keys", order)
            .await
            .expect_status(201);
        let (key, id) = (made.text_at("/data/key"), made.text_at("/data/id"));
        let mistyped = format!(
            "{}{}",
            &key[..key.len() - 1],
            if key.ends_with('a') { 'b' } else { 'a' }
        );
        self.secrets.keep("key that was mistyped", &mistyped);
        for (key, status) in [(&key, 200), (&mistyped, 401)] {
            let robot = self.anonymous.with_token(key);
            robot.get("/users").await.expect_status(status);
            let request = self.anonymous.request(Method::GET, "/users");
            let request = request.header("X-API-Key", key);
            self.send(request).await.expect_status(401);
        }
        let path = format!("/api-keys/{id}/rotate");
        let rotated = self.post(alice, &path, json!({})).await.expect_status(201);
        let robot = self.anonymous.with_token(&rotated.text_at("/data/key"));
        robot.get("/users").await.expect_status(200);
        let path = format!("/api-keys/{}", rotated.text_at("/data/id"));
        alice.delete(&path, "*").await.expect_status(204);
        robot.get("/users").await.expect_status(401);
    }

    /// Rule 37: a good token in headers that are not well made.
    async fn malformed_headers(&self, alice: &Caller) {
        let token = alice.token();
        let long = format!("Bearer {}{token}", "a".repeat(16 * 1024));
        let odd = [b"Bearer \xff", token.as_bytes()].concat();
        let mut headers = vec![HeaderValue::from_bytes(&odd).unwrap()];
        for text in [
            token,
            &format!("Basic {token}"),
            &format!("Bearer{token}"),
            &format!("Bearer x{token}"),
            &long,
        ] {
            headers.push(text.parse().unwrap());
        }
        for header in headers {
            let request = self.anonymous.request(Method::GET, "/users");
            let refused = self.send(request.header(AUTHORIZATION, header)).await;
            assert!(
                [400, 401, 431].contains(&refused.status.as_u16()),
                "{refused:#?}"
            );
        }
        let twice = alice.request(Method::GET, "/users");
        let twice = twice.header(AUTHORIZATION, format!("Bearer {token}"));
        self.send(twice).await.expect_status(400);
    }

    /// Rule 37: a good token where none belongs.
    async fn misplaced_tokens(&self, alice: &Caller) {
        let token = alice.token();
        let bare = |path: &str| self.anonymous.request(Method::GET, path);
        for name in ["access_token", "token", "api_key"] {
            let path = format!("/users?{name}={token}");
            self.send(bare(&path)).await.expect_status(401);
            alice.get(&path).await.expect_status(400);
        }
        for path in [
            format!("/users/{token}"),
            format!("/{token}"),
            format!("/api/v1/tenants/{token}/users"),
        ] {
            let answer = alice.get(&path).await;
            assert!(answer.status.is_client_error(), "{answer:#?}");
        }
        let named = bare("/api/v1/users").header("X-Tenant-ID", token);
        assert!(self.send(named).await.status.is_client_error());
    }

    /// None of the secrets, neither in pages nor in exports.
    async fn what_auditors_see(&self, alice: &Caller) {
        let logs = "/settings/audit-logs";
        for path in [
            &format!("{logs}?per_page=100"),
            &format!("{logs}/export?format=csv"),
            &format!("{logs}/export?format=ndjson"),
            "/activity?per_page=100",
        ] {
            let seen = alice.get(path).await.expect_status(200);
            assert!(seen.text.contains("auth.login_failed") || path.starts_with("/activity"));
            let found = self.secrets.found_in(&seen.text);
            assert_eq!(found, Vec::<String>::new(), "{path}");
        }
    }

    async fn own_password(&self, alice: &Caller, alices: &str) {
        let guess = self.secrets.password("another guess at alice");
        let new = self.secrets.password("alice, the new one");
        for (current, status) in [(guess.as_str(), 401), (alices, 204)] {
            let body = json!({ "current_password": current, "new_password": new });
            self.post(alice, "/auth/change-password", body)
                .await
                .expect_status(status);
        }
        self.post(alice, "/auth/logout-all", json!({}))
            .await
            .expect_status(204);
        alice.get("/auth/me").await.expect_status(401);
    }
}

fn log_of(shell: &Shell) -> PathBuf {
    shell.folder().join("rowhouse.log")
}
