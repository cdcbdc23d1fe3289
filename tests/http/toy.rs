//! A small application with the shell around it.

use std::sync::Arc;

use actix_web::{
    App, Error, HttpResponse,
    body::{BoxBody, to_bytes},
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderMap},
    },
    middleware::from_fn,
    test::{self, TestRequest},
    web,
};
use chrono::Utc;
use platform_schema::{Limits, SchemaName, Tenant, TenantStatus};
use rowhouse::{
    error::{ApiError, Code},
    http::{Methods, RequestContext, not_found, observe},
    resource::{
        FromQuery, List, NoQuery, PageRequest, PathId, QueryParameters, StrictJson, StrictQuery,
        Success,
    },
    tenancy::ServedTenant,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A response read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The header's text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The problem document, checked to be one.
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(
            self.header(CONTENT_TYPE.as_str()),
            "application/problem+json"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert_eq!(problem["success"], false);
        problem
    }
}

/// The toy application.
pub(crate) fn app() -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .wrap(from_fn(observe))
        .default_service(web::to(not_found))
        .configure(configure)
}

/// Sends a request to it without a network.
pub(crate) async fn send(request: TestRequest) -> Answer {
    let app = test::init_service(app()).await;
    let response = match test::try_call_service(&app, request.to_request()).await {
        Ok(response) => response.into_parts().1,
        Err(error) => error.error_response(),
    };
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.unwrap();
    Answer {
        status: head.status(),
        headers: head.headers().clone(),
        text: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) async fn get(path: &str) -> Answer {
    send(TestRequest::get().uri(path)).await
}

pub(crate) fn post_note(body: &str) -> TestRequest {
    TestRequest::post()
        .uri("/api/v1/notes")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body.to_owned())
}

fn configure(config: &mut web::ServiceConfig) {
    let api = web::scope("/api/v1")
        .service(Methods::at("/notes").get(list_notes).post(create_note))
        .service(Methods::at("/notes/{id}").get(find_note))
        .service(Methods::at("/panic").get(panic))
        .service(Methods::at("/broken").get(broken))
        .service(Methods::at("/bare/{status}").get(bare))
        .service(Methods::at("/caller").get(caller));
    config.service(api);
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    title: String,
}

struct NoteQuery {
    page: PageRequest,
}

impl FromQuery for NoteQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
        })
    }
}

async fn list_notes(query: StrictQuery<NoteQuery>) -> List<Note> {
    List::new("notes listed", Vec::new(), query.page, 45)
}

async fn create_note(note: StrictJson<Note>, _: NoQuery) -> Success<Note> {
    Success::created("note created", "/api/v1/notes/1", note.into_inner())
}

async fn find_note(id: PathId) -> Success<String> {
    Success::new("note found", id.to_string())
}

async fn panic() -> HttpResponse {
    panic!("the handler's secret")
}

async fn broken() -> Result<HttpResponse, ApiError> {
    let cause = std::io::Error::other("relation \"tenant_x.users\" does not exist");
    Err(ApiError::internal(cause))
}

/// What a library answers with: a status and a text of its own.
async fn bare(status: web::Path<u16>) -> Result<HttpResponse, ApiError> {
    let status = StatusCode::from_u16(*status);
    let status = status.map_err(|error| ApiError::new(Code::BadRequest).because(error))?;
    Ok(HttpResponse::build(status).body("SELECT * FROM users"))
}

fn acme() -> ServedTenant {
    let id = "0abc0abc0abc".parse().unwrap();
    let now = Utc::now();
    let tenant = Tenant {
        schema_name: SchemaName::of(&id),
        id,
        slug: "acme".parse().unwrap(),
        name: "Acme".to_owned(),
        status: TenantStatus::Active,
        version: None,
        fingerprint: None,
        plan: None,
        labels: Value::Null,
        generation: 1,
        created_at: now,
        updated_at: now,
        activated_at: None,
        deleted_at: None,
    };
    let limits = Limits::default();
    ServedTenant { tenant, limits }
}

async fn caller(context: RequestContext) -> Success<String> {
    context.record_tenant(&Arc::new(acme()));
    context.record_user("u-1");
    Success::new("caller known", context.trace().traceparent())
}
