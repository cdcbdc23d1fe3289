//! Plain resources, as the document describes them: what all have in common is tested for each, also for those yet to come.

use reqwest::Method;
use serde_json::{Map, Value, json};
use test_app::{Answer, Caller, TestApp};

use crate::operations::Operation;

/// Where a tenant's operations are in the document.
const MOUNT: &str = "/api/v1/tenants/{slug}";

/// A resource whose operations say which permission they take.
#[derive(Debug)]
pub(crate) struct Plain {
    /// Its path relative to a tenant's mount.
    pub(crate) path: String,
    new: Value,
    changes: Value,
    schemas: Value,
}

impl Plain {
    /// All of them.
    pub(crate) async fn all(caller: &Caller) -> Vec<Self> {
        let document = caller.get("/openapi.json").await.expect_status(200).json();
        let schemas = &document["components"]["schemas"];
        let paths = document["paths"].as_object().unwrap();
        let made = paths.iter().filter_map(|(path, item)| {
            let path = path.strip_prefix(MOUNT)?;
            let one = document["paths"].get(format!("{MOUNT}{path}/{{id}}"))?;
            item["post"]["x-permission"].as_str()?;
            let body = |operation: &Value| {
                operation["requestBody"]["content"]["application/json"]["schema"].clone()
            };
            Some(Self {
                path: path.to_owned(),
                new: body(&item["post"]),
                changes: body(&one["patch"]),
                schemas: schemas.clone(),
            })
        });
        let all: Vec<Self> = made.collect();
        assert!(!all.is_empty());
        all
    }

    /// A body that makes one: every field is given, texts say `text`, and ids are those of `user`.
    pub(crate) fn whole(&self, text: &str, user: &str) -> Value {
        self.example(&self.new, text, user)
    }

    /// A body that changes every field that can be.
    pub(crate) fn changes(&self, text: &str, user: &str) -> Value {
        self.example(&self.changes, text, user)
    }

    /// A value that fits a schema.
    fn example(&self, schema: &Value, text: &str, user: &str) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            return self.example(&self.schemas[name], text, user);
        }
        if let Some(either) = schema["oneOf"].as_array() {
            let full = either.iter().find(|schema| schema["type"] != "null");
            return self.example(full.unwrap(), text, user);
        }
        if let Some(example) = schema.get("example") {
            return example.clone();
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").unwrap(),
            kind => kind,
        };
        let least = || schema.get("minimum").cloned().unwrap_or(json!(1));
        match (kind.as_str().unwrap(), schema["format"].as_str()) {
            ("object", _) => self.object(schema, text, user),
            ("string", Some("uuid")) => json!(user),
            ("string", Some("date-time")) => json!("2026-03-01T10:00:00Z"),
            ("string", Some("date")) => json!("2026-03-01"),
            ("string", _) => json!(text),
            ("integer" | "number", _) => least(),
            ("boolean", _) => json!(true),
            (kind, format) => unreachable!("{kind} {format:?}"),
        }
    }

    fn object(&self, schema: &Value, text: &str, user: &str) -> Value {
        let fields = schema["properties"].as_object();
        let fields = fields.into_iter().flatten();
        let given: Map<String, Value> = fields
            .map(|(name, schema)| (name.clone(), self.example(schema, text, user)))
            .collect();
        given.into()
    }

    /// One of the caller's tenant, on the caller.
    pub(crate) async fn make(&self, caller: &Caller, text: &str) -> Answer {
        let user = caller.get("/users/me").await.text_at("/data/id");
        caller.post(&self.path, &self.whole(text, &user)).await
    }
}

/// What a caller gets for an operation of a plain resource with an empty body and an id that nobody has.
pub(crate) fn status(operation: &Operation, may: bool) -> u16 {
    let is_one = operation.path.contains("{id}");
    match operation.method {
        _ if !may => 403,
        Method::GET if !is_one => 200,
        Method::PUT => 422,
        Method::POST if !is_one => 422,
        _ => 404,
    }
}

#[tokio::test]
async fn a_plain_resource_is_made_shown_changed_deleted_and_restored() {
    let (_app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    for plain in Plain::all(&anonymous).await {
        let made = plain.make(&alice, "tea").await.expect_status(201);
        let id = made.text_at("/data/id");
        let path = format!("{}/{id}", plain.path);
        let location = made.header("Location").unwrap();
        assert_eq!(location, format!("/api/v1/tenants/acme{path}"));
        let found = alice.get(location).await.expect_status(200);
        assert_eq!(found.at("/data"), made.at("/data"), "{path}");
        assert_eq!(found.etag(), made.etag(), "{path}");
        mallory.get(&path).await.expect_status(404);

        let me = alice.get("/users/me").await.text_at("/data/id");
        let (changes, new) = (plain.changes("coffee", &me), plain.whole("water", &me));
        let unconditional = alice.request(Method::PATCH, &path).json(&changes);
        alice.send(unconditional).await.expect_status(428);
        mallory.patch(&path, "*", &changes).await.expect_status(404);
        let patched = alice.patch(&path, &made.etag(), &changes).await;
        let patched = patched.expect_status(200);
        assert!(patched.text.contains("coffee"), "{patched:#?}");
        alice
            .put(&path, &made.etag(), &new)
            .await
            .expect_status(412);
        let replaced = alice.put(&path, &patched.etag(), &new).await;
        let replaced = replaced.expect_status(200);
        assert!(replaced.text.contains("water"), "{replaced:#?}");

        alice.delete(&path, &made.etag()).await.expect_status(412);
        alice
            .delete(&path, &replaced.etag())
            .await
            .expect_status(204);
        alice.get(&path).await.expect_status(404);
        alice.patch(&path, "*", &changes).await.expect_status(404);
        let listed = alice.get(&plain.path).await.expect_status(200);
        assert_eq!(listed.at("/pagination/total"), 0, "{path}");
        let whole = alice
            .get(&format!("{}?include_deleted=true", plain.path))
            .await;
        assert_eq!(whole.at("/pagination/total"), 1, "{path}");
        mallory.restore(&path).await.expect_status(404);
        let restored = alice.restore(&path).await.expect_status(200);
        assert_eq!(restored.at("/data/deleted_at"), Value::Null);
    }
}

#[tokio::test]
async fn a_plain_resource_is_listed_sorted_searched_and_paged_by_what_is_documented() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let operations = Operation::all(&anonymous).await;
    for plain in Plain::all(&anonymous).await {
        plain.make(&alice, "tea").await.expect_status(201);
        let documented = format!("{MOUNT}{}", plain.path);
        let list = operations
            .iter()
            .find(|operation| operation.path == documented && operation.method == Method::GET);
        let parameters = list.unwrap().details["parameters"].as_array().unwrap();
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            let value = match (name, parameter["in"].as_str().unwrap()) {
                (_, "path" | "header") => continue,
                ("sort", _) => "-created_at".to_owned(),
                _ => match plain.example(&parameter["schema"], "tea", &plain.path) {
                    Value::String(id) if id == plain.path => uuid::Uuid::now_v7().to_string(),
                    Value::String(text) => text,
                    other => other.to_string(),
                },
            };
            let path = format!("{}?{name}={value}", plain.path);
            alice.get(&path).await.expect_status(200);
        }
        let found = alice.get(&format!("{}?q=TEA", plain.path)).await;
        assert_eq!(found.at("/pagination/total"), 1, "{}", plain.path);
        let none = alice.get(&format!("{}?q=coffee", plain.path)).await;
        assert_eq!(none.at("/pagination/total"), 0, "{}", plain.path);
        for query in ["unknown=1", "sort=id;drop", "page=0", "include_deleted=2"] {
            let path = format!("{}?{query}", plain.path);
            alice.get(&path).await.expect_status(400);
        }
    }
}

#[tokio::test]
async fn a_plain_resource_takes_known_fields_of_the_right_kind_alone() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let me = alice.get("/users/me").await.text_at("/data/id");
    for plain in Plain::all(&anonymous).await {
        let right = plain.whole("tea", &me);
        for (field, value) in right.as_object().unwrap() {
            let mut wrong = right.clone();
            wrong[field] = match value {
                Value::String(_) => json!(7),
                _ => json!("seven"),
            };
            let refused = alice.post(&plain.path, &wrong).await.expect_status(422);
            let fields = refused.at("/errors");
            assert!(fields.get(field).is_some(), "{field}: {refused:#?}");
        }
        for field in ["id", "created_at", "tenant_id", "deleted_at", "author_id"] {
            let mut more = right.clone();
            more[field] = json!(me);
            alice.post(&plain.path, &more).await.expect_status(422);
        }
        let total = alice.get(&plain.path).await.at("/pagination/total");
        assert_eq!(total, 0, "{}", plain.path);
    }
}

#[tokio::test]
async fn a_plain_resource_is_made_once_with_one_key() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let me = alice.get("/users/me").await.text_at("/data/id");
    for plain in Plain::all(&anonymous).await {
        let body = plain.whole("tea", &me);
        let send = || {
            let request = alice.request(Method::POST, &plain.path).json(&body);
            alice.send(request.header("Idempotency-Key", &plain.path))
        };
        let first = send().await.expect_status(201);
        let again = send().await.expect_status(201);
        assert_eq!(first.text, again.text);
        let total = alice.get(&plain.path).await.at("/pagination/total");
        assert_eq!(total, 1, "{}", plain.path);
    }
}

/// The row of a deleted user is there still, so no foreign key tells.
#[tokio::test]
async fn a_plain_resource_names_no_deleted_user() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let me = alice.get("/users/me").await.text_at("/data/id");
    for plain in Plain::all(&anonymous).await {
        let mut gone = Vec::new();
        for name in ["bob", "carol"] {
            let name = format!("{name}{}", plain.path.replace(['/', '-'], ""));
            gone.push(alice.create_user(&name, &[]).await.text_at("/data/id"));
        }
        let old = plain.make(&alice, "tea").await.expect_status(201);
        let old = format!("{}/{}", plain.path, old.text_at("/data/id"));
        let of_bob = plain.changes("tea", &gone[0]);
        alice.patch(&old, "*", &of_bob).await.expect_status(200);
        let new = plain.make(&alice, "water").await.expect_status(201);
        let new = format!("{}/{}", plain.path, new.text_at("/data/id"));
        for user in &gone {
            let path = format!("/users/{user}");
            let deleted = alice.delete(&path, "*").await;
            assert!(deleted.status.is_success(), "{deleted:#?}");
        }

        let right = plain.whole("tea", &me);
        for (field, value) in right.as_object().unwrap() {
            if *value != json!(me) {
                continue;
            }
            let mut wrong = right.clone();
            wrong[field] = json!(gone[1]);
            let made = alice.post(&plain.path, &wrong).await;
            let mut changes = json!({});
            changes[field] = json!(gone[1]);
            let patched = alice.patch(&new, "*", &changes).await;
            for refused in [made, patched] {
                let fields = refused.expect_status(422).at("/errors");
                assert!(fields.get(field).is_some(), "{} {field}", plain.path);
            }
        }
        // What named a user before is changed, deleted and restored as anything else.
        alice.patch(&old, "*", &of_bob).await.expect_status(200);
        alice.delete(&old, "*").await.expect_status(204);
        alice.restore(&old).await.expect_status(200);
    }
}
