//! Tests of the assembled document, with toy rooms.

#![expect(dead_code, reason = "of a toy endpoint only its description is used")]

use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

use super::assemble;
use crate::resource::{List, Success};

#[derive(ToSchema)]
struct Note {
    title: String,
}

#[derive(OpenApi)]
#[openapi(paths(health, login))]
struct Platform;

#[derive(OpenApi)]
#[openapi(paths(list_notes, update_note))]
struct Tenant;

#[utoipa::path(get, path = "/health", tag = "public", responses((status = 200)))]
fn health() {}

#[utoipa::path(post, path = "/api/v1/platform/login", tag = "public", request_body = String,
    responses((status = 200), (status = 401, description = "of its own")))]
fn login() {}

#[utoipa::path(get, path = "/notes", tag = "notes", responses((status = 200, body = List<Note>)))]
fn list_notes() {}

#[utoipa::path(patch, path = "/notes/{id}", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = Note, responses((status = 200, body = Success<Note>)))]
fn update_note() {}

fn document() -> Value {
    serde_json::to_value(assemble(Platform::openapi(), Tenant::openapi())).unwrap()
}

fn statuses(operation: &Value) -> Vec<&str> {
    let responses = operation["responses"].as_object().unwrap();
    responses.keys().map(String::as_str).collect()
}

#[test]
fn tenant_operations_are_mounted_twice_with_names_of_their_own() {
    let paths = &document()["paths"];
    let by_slug = &paths["/api/v1/tenants/{slug}/notes"];
    assert_eq!(by_slug["parameters"][0]["name"], "slug");
    assert_eq!(by_slug["get"]["operationId"], "list_notes");
    let by_header = &paths["/api/v1/notes"];
    assert_eq!(by_header["parameters"][0]["name"], "X-Tenant-ID");
    assert_eq!(by_header["parameters"][0]["in"], "header");
    assert_eq!(by_header["parameters"][0]["required"], true);
    assert_eq!(by_header["get"]["operationId"], "list_notes_by_header");
}

#[test]
fn operations_need_a_token_unless_public() {
    let document = document();
    let paths = &document["paths"];
    assert_eq!(
        paths["/api/v1/notes"]["get"]["security"],
        json!([{"bearer": []}])
    );
    assert_eq!(paths["/api/v1/notes"]["get"]["tags"], json!(["notes"]));
    assert_eq!(paths["/health"]["get"]["security"], json!([]));
    assert_eq!(paths["/health"]["get"]["tags"], json!([]));
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
}

#[test]
fn errors_follow_from_what_an_operation_takes() {
    let paths = &document()["paths"];
    assert_eq!(
        statuses(&paths["/health"]["get"]),
        ["200", "400", "500", "503"]
    );
    assert_eq!(
        statuses(&paths["/api/v1/notes"]["get"]),
        ["200", "400", "401", "403", "404", "429", "500", "503"]
    );
    let update = statuses(&paths["/api/v1/notes/{id}"]["patch"]);
    assert_eq!(
        update,
        [
            "200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429",
            "500", "503"
        ]
    );
    let login = &paths["/api/v1/platform/login"]["post"];
    assert_eq!(login["responses"]["401"]["description"], "of its own");
}

#[test]
fn an_envelope_shows_what_is_sent() {
    let schemas = &document()["components"]["schemas"];
    let members = |name: &str| {
        let properties = schemas[name]["properties"].as_object().unwrap();
        properties.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(members("Success_Note"), ["data", "message", "success"]);
    assert_eq!(
        members("List_Note"),
        ["data", "message", "pagination", "success"]
    );
    assert_eq!(schemas["Problem"]["properties"]["errors"]["type"], "object");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut pending = vec![&document];
    let mut references = 0;
    while let Some(value) = pending.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "dangling {reference}");
            references += 1;
        }
        match value {
            Value::Array(values) => pending.extend(values),
            Value::Object(object) => pending.extend(object.values()),
            _ => {}
        }
    }
    assert!(references > 0);
}
