//! One OpenAPI document out of those of the rooms.
//!
//! Tenant endpoints are described once and mounted twice: below the tenant's slug, and below the header that names
//! the tenant. What all operations share (the token, the error responses) is added here, so no handler repeats it.

use utoipa::{
    PartialSchema,
    openapi::{
        Content, License, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr, Required, Response,
        ResponseBuilder, SecurityRequirement, Server,
        info::InfoBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use crate::error::{Code, Problem};

/// Marks operations that need no token; the mark itself is not published.
pub const PUBLIC_TAG: &str = "public";

/// The name of the security scheme.
const BEARER: &str = "bearer";

/// Assembles the published document.
///
/// `platform` has whole paths (`/health`, `/api/v1/platform/…`), `tenant` paths relative to a tenant (`/users`).
/// Operations tagged [`PUBLIC_TAG`] stay open; all others need a bearer token unless they say so themselves.
pub fn assemble(platform: OpenApi, tenant: OpenApi) -> OpenApi {
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Rowhouse")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("A schema-per-tenant platform on PostgreSQL."))
                .license(Some(License::new("Apache-2.0"))),
        )
        .servers(Some([Server::new("/")]))
        .build()
        .merge_from(platform)
        .nest("/api/v1/tenants/{slug}", below_slug(tenant.clone()))
        .nest("/api/v1", below_header(tenant));
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            complete(path, operation);
        }
        // What a POST does can be in conflict with what there is, whether it has a body or not.
        if let Some(post) = item.post.as_mut().filter(|_| path.starts_with("/api/")) {
            add_error(post, 409);
        }
    }
    add_components(&mut document);
    document
}

/// The same operations once more, below another path.
pub fn also_below(prefix: &str, mut document: OpenApi) -> OpenApi {
    let suffix = prefix.replace('/', "_");
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        for operation in operations(&mut item) {
            if let Some(id) = &mut operation.operation_id {
                id.push_str("_below");
                id.push_str(&suffix);
            }
        }
        document.paths.paths.insert(format!("{prefix}{path}"), item);
    }
    document
}

fn below_slug(mut tenant: OpenApi) -> OpenApi {
    let slug = parameter("slug", ParameterIn::Path, "The tenant's slug.");
    for item in tenant.paths.paths.values_mut() {
        item.parameters
            .get_or_insert_default()
            .push(slug.clone().into());
    }
    tenant
}

fn below_header(mut tenant: OpenApi) -> OpenApi {
    let header = parameter(
        "X-Tenant-ID",
        ParameterIn::Header,
        "The tenant's id, its schema's name `tenant_<id>`, or its slug.",
    );
    for item in tenant.paths.paths.values_mut() {
        item.parameters
            .get_or_insert_default()
            .push(header.clone().into());
        for operation in operations(item) {
            if let Some(id) = &mut operation.operation_id {
                id.push_str("_by_header");
            }
        }
    }
    tenant
}

fn parameter(name: &str, place: ParameterIn, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let operations = [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ];
    operations.into_iter().flatten()
}

/// Adds what the operation shares with all others.
fn complete(path: &str, operation: &mut Operation) {
    let tags = operation.tags.get_or_insert_default();
    let is_public = tags.iter().any(|tag| tag == PUBLIC_TAG);
    tags.retain(|tag| tag != PUBLIC_TAG);
    let takes_token = operation.security.is_none() && !is_public;
    if operation.security.is_none() {
        let requirement = SecurityRequirement::new(BEARER, Vec::<String>::new());
        let required = if is_public {
            Vec::new()
        } else {
            vec![requirement]
        };
        operation.security = Some(required);
    }
    for status in error_statuses(path, operation) {
        add_error(operation, status);
    }
    if takes_token {
        add_error(operation, 401);
        add_error(operation, 403);
    }
}

fn add_error(operation: &mut Operation, status: u16) {
    let response = || Ref::from_response_name(response_name(status)).into();
    let responses = &mut operation.responses.responses;
    responses.entry(status.to_string()).or_insert_with(response);
}

/// The errors an operation may answer with, by what it takes.
fn error_statuses(path: &str, operation: &Operation) -> Vec<u16> {
    let mut statuses = vec![400, 500, 503];
    if path.starts_with("/api/") {
        statuses.extend([401, 403, 404, 429]);
    }
    if operation.request_body.is_some() {
        statuses.extend([409, 413, 415, 422]);
    }
    if takes_if_match(operation) {
        // What is changed or deleted may be what somebody has to stay, such as the last admin.
        statuses.extend([409, 412, 428]);
    }
    statuses
}

fn takes_if_match(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(&parameter.name),
            RefOr::Ref(_) => None,
        })
        .any(|name| name.eq_ignore_ascii_case("if-match"))
}

fn response_name(status: u16) -> String {
    format!("Problem{status}")
}

fn add_components(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let token = Http::new(HttpAuthScheme::Bearer);
    components.add_security_scheme(BEARER, SecurityScheme::Http(token));
    components
        .schemas
        .insert("Problem".to_owned(), Problem::schema());
    for code in Code::ALL {
        let status = code.status().as_u16();
        components
            .responses
            .entry(response_name(status))
            .or_insert_with(|| problem_response(status).into());
    }
}

/// A response that lists the codes sent with `status`.
fn problem_response(status: u16) -> Response {
    let codes = Code::ALL
        .iter()
        .filter(|code| code.status().as_u16() == status);
    let lines = codes.map(|code| format!("`{}`: {}", code.as_str(), code.title()));
    ResponseBuilder::new()
        .description(lines.collect::<Vec<_>>().join("\n\n"))
        .content(
            Problem::MEDIA_TYPE,
            Content::new(Some(Ref::from_schema_name("Problem"))),
        )
        .build()
}

#[cfg(test)]
mod tests;
