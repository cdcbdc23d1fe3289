//! The part of the walk in which system users and the command line do something.

use reqwest::Method;
use serde_json::json;
use test_app::{Caller, PLATFORM_ADMIN};

use super::Walk;
use crate::shell::Outcome;

impl Walk {
    pub(super) async fn bootstrap(&self) -> Caller {
        let mut printed = self.rowhouse.printed.iter();
        let token = printed.find(|line| line.starts_with("bt1.")).unwrap();
        self.secrets.keep("bootstrap token", token);
        let wrong = format!("bt1.{}", self.secrets.password("no bootstrap token"));
        let password = self.secrets.password("root");
        for (token, is_good) in [(wrong.as_str(), false), (token, true), (token, false)] {
            let body = json!({ "token": token, "email": PLATFORM_ADMIN, "password": password });
            let path = "/api/v1/platform/bootstrap";
            let answer = self.post(&self.anonymous, path, body).await;
            assert_eq!(answer.status == 201, is_good, "{answer:#?}");
        }
        let credentials = json!({ "email": PLATFORM_ADMIN, "password": password });
        let path = "/api/v1/platform/auth/login";
        let (root, refresh_token) = self.log_in(path, credentials.clone()).await;
        self.rotate("/api/v1/platform/auth/refresh", &refresh_token)
            .await;
        root.get("/api/v1/platform/auth/me")
            .await
            .expect_status(401);
        self.log_in(path, credentials).await.0
    }

    /// Makes acme with an admin who has a password, which is given, and globex with one who is invited.
    pub(super) async fn tenants(&self, root: &Caller) -> String {
        let password = self.secrets.password("alice");
        let admin = |slug: &str, name: &str| json!({ "email": format!("{name}@{slug}.example"), "username": name });
        let mut acme = json!({ "slug": "acme", "name": "Acme", "admin": admin("acme", "alice") });
        acme["admin"]["password"] = json!("7Qz-c4n");
        self.secrets.keep("password that is too short", "7Qz-c4n");
        let path = "/api/v1/tenants";
        self.post(root, path, acme.clone()).await.expect_status(422);
        acme["admin"]["password"] = json!(password);
        for _ in 0..2 {
            let request = root.request(Method::POST, path).json(&acme);
            let request = request.header("Idempotency-Key", "the order of acme");
            self.send(request).await.expect_status(201);
        }
        let globex =
            json!({ "slug": "globex", "name": "Globex", "admin": admin("globex", "mallory") });
        self.post(root, path, globex).await.expect_status(201);
        let invited = json!({
            "token": self.mailed("mallory@globex.example").await, "new_password": self.secrets.password("mallory"),
        });
        let path = "/api/v1/tenants/globex/auth/reset-password";
        self.post(&self.anonymous, path, invited)
            .await
            .expect_status(204);
        let sql = "UPDATE settings SET value = 'true' WHERE key IN ('registration.enabled', 'audit.requests')";
        self.run_at_acme(sql).await;
        password
    }

    pub(super) async fn system_users(&self, root: &Caller) {
        let path = "/api/v1/platform/system-users";
        let email = "ops@platform.example";
        let password = self.secrets.password("ops");
        let order = |field: &str, secret: &str| json!({ "email": email, "role": "operator", field: secret });
        let made = self.post(root, path, order("password", &password)).await;
        let made = made.expect_status(201).text_at("/data/id");
        let misspelt = self.secrets.password("a field that there is not");
        self.post(root, path, order("pasword", &misspelt))
            .await
            .expect_status(422);
        let changes = json!({ "password": self.secrets.password("a change that there is not") });
        root.patch(&format!("{path}/{made}"), "*", &changes)
            .await
            .expect_status(422);
        let login = "/api/v1/platform/auth/login";
        let guess = self.secrets.password("a guess at ops");
        for (email, password) in [
            (email, &guess),
            ("no@platform.example", &guess),
            (&password, &password),
        ] {
            let body = json!({ "email": email, "password": password });
            let refused = self.post(&self.anonymous, login, body).await;
            assert!(refused.status.is_client_error(), "{refused:#?}");
        }
        let credentials = json!({ "email": email, "password": password });
        let (ops, refresh_token) = self.log_in(login, credentials).await;
        let new = self.secrets.password("ops, the new one");
        for (current, status) in [(&guess, 401), (&password, 204)] {
            let body = json!({ "current_password": current, "new_password": new });
            let path = "/api/v1/platform/auth/change-password";
            self.post(&ops, path, body).await.expect_status(status);
        }
        let body = json!({ "refresh_token": refresh_token });
        self.post(&self.anonymous, "/api/v1/platform/auth/logout", body)
            .await
            .expect_status(204);
    }

    pub(super) async fn acting(&self, root: &Caller) {
        let order = json!({ "username": "bob", "reason": "ticket 7", "minutes": 5 });
        let path = "/api/v1/tenants/acme/act-as";
        let acting = self.post(root, path, order).await.expect_status(200);
        let acting = self
            .anonymous
            .with_token(&acting.text_at("/data/access_token"));
        acting.get("/auth/me").await.expect_status(200);
        acting
            .patch("/users/me", "*", &json!({ "first_name": "Bob" }))
            .await
            .expect_status(200);
    }

    /// What operators do beside the server.
    pub(super) fn command_line(&self) {
        let arguments = ["admin", "create", "--email", "cli@platform.example"];
        let admin = self.shell.json(&arguments);
        let password = admin["password"].as_str().unwrap();
        self.secrets.keep("password that was generated", password);
        let arguments = ["tenant", "create", "--slug", "initech", "--password-stdin"];
        let password = self.secrets.password("the admin of initech");
        let mut command = self.shell.provision(&arguments);
        let created = Outcome::of(command.write_stdin(password));
        assert_eq!(created.code, Some(0), "{created:#?}");
        assert_eq!(self.secrets.found_in(&created.stderr), Vec::<String>::new());
        assert_eq!(self.secrets.found_in(&created.stdout), Vec::<String>::new());
    }
}
