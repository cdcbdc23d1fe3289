//! An operation of the API as its document tells of it.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller};

/// An id that nobody has.
const NOBODY: &str = "019a0000-0000-7000-8000-000000000000";

/// An operation as it is documented.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) details: Value,
}

impl Operation {
    /// All of them, in order of their paths.
    pub(crate) async fn all(caller: &Caller) -> Vec<Self> {
        let document = caller.get("/openapi.json").await.expect_status(200).json();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, details) in item.as_object().unwrap() {
                if let Ok(method) = method.to_uppercase().parse()
                    && details.get("responses").is_some()
                {
                    let (path, details) = (path.clone(), details.clone());
                    operations.push(Self {
                        method,
                        path,
                        details,
                    });
                }
            }
        }
        operations
    }

    /// Whether the document says that no token is asked for.
    pub(crate) fn is_public(&self) -> bool {
        let security = self.details["security"].as_array().unwrap();
        security.iter().all(|requirement| requirement == &json!({}))
    }

    /// The operation as the tables name it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The permission that an operation of a plain resource takes; none for others.
    pub(crate) fn permission(&self) -> Option<&str> {
        self.details["x-permission"].as_str()
    }

    /// The path at acme, with the id given.
    pub(crate) fn at_acme(&self, id: &str) -> String {
        self.path
            .replace("{slug}", "acme")
            .replace("{tenant}", "acme")
            .replace("{id}", id)
    }

    pub(crate) async fn call(&self, caller: &Caller) -> Answer {
        let request = caller
            .request(self.method.clone(), &self.at_acme(NOBODY))
            .header("X-Tenant-ID", "acme")
            .header("If-Match", "*");
        let request = match self.method {
            Method::GET | Method::DELETE => request,
            _ => request.json(&json!({})),
        };
        caller.send(request).await
    }
}
