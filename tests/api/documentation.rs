//! The documentation that the server ships: one document of all operations, and a page that shows it.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;
use test_app::TestApp;

use crate::operations::Operation;

#[tokio::test]
async fn the_document_lists_every_operation_with_its_security_and_statuses() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let mut list = String::new();
    for operation in Operation::all(&anonymous).await {
        let security = if operation.is_public() {
            "public"
        } else {
            "bearer"
        };
        let responses = operation.details["responses"].as_object().unwrap();
        let statuses = responses
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        let (method, path) = (operation.method, operation.path);
        writeln!(list, "{method} {path} ({security}): {statuses}").unwrap();
    }
    insta::assert_snapshot!(list);
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_a_summary() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let mut names = std::collections::BTreeSet::new();
    for operation in Operation::all(&anonymous).await {
        let name = operation.details["operationId"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(names.insert(name.clone()), "`{name}` names two operations");
        assert!(operation.details["summary"].is_string(), "{operation:?}");
    }
}

/// Rule 48: what could be shown is part of the document.
#[tokio::test]
async fn no_schema_shows_a_hash() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let document = anonymous.get("/openapi.json").await.expect_status(200);
    assert!(!document.text.contains("password_hash") && !document.text.contains("refresh_key"));
}

#[tokio::test]
async fn the_documentation_is_a_page_that_needs_no_other_server() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let page = anonymous.get("/docs").await.expect_status(200);
    assert!(
        page.header("Content-Type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(page.text.contains("swagger-ui"));
    assert!(
        !page.text.contains("https://") && !page.text.contains("http://"),
        "{}",
        page.text
    );
    anonymous
        .get("/docs/swagger-ui.css")
        .await
        .expect_status(200);
    anonymous
        .get("/docs/swagger-ui-bundle.js")
        .await
        .expect_status(200);
}

/// Every `$ref` below a value.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_of_the_document_is_to_something_in_it() {
    let (_app, anonymous, ..) = TestApp::with_two_tenants().await;
    let document = anonymous.get("/openapi.json").await.json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let note = &document["paths"]["/api/v1/tools/notes/{id}"]["get"]["responses"]["200"];
    let schema = &note["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/Success_Note");
}
