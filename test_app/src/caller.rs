//! Callers of the API as objects: each knows its address, its token and its tenant.

use reqwest::header::{AUTHORIZATION, IF_MATCH};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, PASSWORD};

/// Someone who calls the API.
#[derive(Debug, Clone)]
pub struct Caller {
    client: Client,
    address: String,
    token: Option<String>,
    tenant: Option<String>,
}

impl Caller {
    /// Nobody in particular, at a server's address: `http://host:port`.
    pub fn anonymous(address: &str) -> Self {
        Self {
            client: Client::new(),
            address: address.to_owned(),
            token: None,
            tenant: None,
        }
    }

    /// The same caller, logged in to a tenant.
    pub async fn log_in(&self, slug: &str, username: &str, password: &str) -> Self {
        let answer = self
            .post(
                &format!("/api/v1/tenants/{slug}/auth/login"),
                &json!({ "username": username, "password": password }),
            )
            .await;
        let token = answer.expect_status(200).text_at("/data/access_token");
        Self {
            token: Some(token),
            tenant: Some(slug.to_owned()),
            ..self.clone()
        }
    }

    /// The same caller, logged in to the platform.
    pub async fn log_in_to_platform(&self, email: &str, password: &str) -> Self {
        let answer = self
            .post(
                "/api/v1/platform/auth/login",
                &json!({ "email": email, "password": password }),
            )
            .await;
        Self {
            token: Some(answer.expect_status(200).text_at("/data/access_token")),
            tenant: None,
            ..self.clone()
        }
    }

    /// The same caller at another tenant's door, with the token they have.
    #[must_use]
    pub fn at(&self, slug: &str) -> Self {
        Self {
            tenant: Some(slug.to_owned()),
            ..self.clone()
        }
    }

    /// The same caller with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The caller's token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("the caller has a token")
    }

    /// A path of the caller's tenant: `/users` becomes `/api/v1/tenants/acme/users`.
    pub fn path(&self, path: &str) -> String {
        let slug = self.tenant.as_deref().expect("the caller has a tenant");
        format!("/api/v1/tenants/{slug}{path}")
    }

    /// A request that can still be changed. A path below `/api/` is whole, another one is the tenant's if the caller has one.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = match &self.tenant {
            Some(_) if !path.starts_with("/api/") => self.path(path),
            _ => path.to_owned(),
        };
        let request = self
            .client
            .request(method, format!("{}{path}", self.address));
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("the server answers")).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `PATCH` with a JSON body, of the version that the `ETag` names.
    pub async fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        self.send(
            self.request(Method::PATCH, path)
                .header(IF_MATCH, etag)
                .json(body),
        )
        .await
    }

    /// `PUT` with a JSON body, of the version that the `ETag` names.
    pub async fn put(&self, path: &str, etag: &str, body: &Value) -> Answer {
        self.send(
            self.request(Method::PUT, path)
                .header(IF_MATCH, etag)
                .json(body),
        )
        .await
    }

    /// Fails the test unless changes by these methods are refused that name no version of what they change, or another one.
    pub async fn must_name_version(&self, methods: &[Method], path: &str, body: &Value) {
        for method in methods {
            let request = || self.request(method.clone(), path).json(body);
            let without = self.send(request()).await.expect_status(428);
            assert_eq!(without.code(), "precondition_required");
            let stale = request().header(IF_MATCH, "\"stale\"");
            let stale = self.send(stale).await.expect_status(412);
            assert_eq!(stale.code(), "precondition_failed");
        }
    }

    /// Fails the test unless each of these fields is blamed, wherever a request names it beside a body that is right.
    pub async fn must_not_set(&self, fields: &[&str], requests: &[(Method, &str)], body: &Value) {
        for field in fields {
            let mut body = body.clone();
            let fields = body.as_object_mut().expect("a body of fields");
            fields.insert((*field).to_owned(), json!("x"));
            for (method, path) in requests {
                let request = self.request(method.clone(), path).json(&body);
                let refused = self.send(request.header(IF_MATCH, "*")).await;
                assert_eq!(refused.expect_status(422).blamed(), [*field]);
            }
        }
    }

    /// Fails the test unless there is nothing at a path: neither to show, nor to change, nor to delete.
    pub async fn must_not_find(&self, path: &str, changes: &Value) {
        for answer in [
            self.get(path).await,
            self.patch(path, "*", changes).await,
            self.delete(path, "*").await,
        ] {
            assert_eq!(answer.expect_status(404).code(), "not_found");
        }
    }

    /// Creates a user of the caller's tenant who has [`PASSWORD`], and fails the test if that is refused.
    pub async fn create_user(&self, username: &str, roles: &[&str]) -> Answer {
        let body = json!({
            "email": format!("{username}@example.com"),
            "username": username,
            "password": PASSWORD,
            "roles": roles,
        });
        self.post("/users", &body).await.expect_status(201)
    }

    /// Creates something of the caller's tenant, and fails the test if that is refused. Gives its path, and its version.
    pub async fn create(&self, collection: &str, body: &Value) -> (String, String) {
        let created = self.post(collection, body).await.expect_status(201);
        let path = format!("{collection}/{}", created.text_at("/data/id"));
        (path, created.etag())
    }

    /// What a field of each record of a list says, in the list's order.
    pub async fn list(&self, path: &str, field: &str) -> Vec<String> {
        let list = self.get(path).await.expect_status(200).at("/data");
        let records = list.as_array().expect("a list").iter();
        let texts = records.map(|record| record.get(field).and_then(Value::as_str));
        texts
            .map(|text| text.unwrap_or_else(|| panic!("no `{field}` in {list}")))
            .map(str::to_owned)
            .collect()
    }

    /// A new user of the caller's tenant, logged in.
    pub async fn colleague(&self, username: &str, roles: &[&str]) -> Self {
        self.create_user(username, roles).await;
        let slug = self.tenant.as_deref().expect("the caller has a tenant");
        self.log_in(slug, username, PASSWORD).await
    }

    /// `DELETE` of the version that the `ETag` names.
    pub async fn delete(&self, path: &str, etag: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).header(IF_MATCH, etag))
            .await
    }

    /// Asks for something back that was deleted.
    pub async fn restore(&self, path: &str) -> Answer {
        self.post(&format!("{path}/restore"), &json!({})).await
    }
}
