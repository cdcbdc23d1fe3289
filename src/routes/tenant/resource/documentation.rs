//! The OpenAPI document of plain resources.

use tenant_schema::resource::Resource;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{
    ComponentsBuilder, Content, ContentBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr,
    Required, ResponseBuilder,
};
use utoipa::{IntoParams, ToSchema};

use super::super::deleted::Deleted;
use super::name;
use crate::resource::{List, PlainQuery, Success};

/// Says in the document which permission an operation takes.
const PERMISSION: &str = "x-permission";

/// What is under way: the operations so far, and the schemas that they name.
struct Document {
    paths: PathsBuilder,
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// The operations of a resource.
pub fn of<R: Resource>() -> OpenApi {
    let (actions, one) = (R::ACTIONS, format!("{}/{{id}}", R::PATH));
    let thing = name::<R>();
    let mut document = Document {
        paths: PathsBuilder::new(),
        schemas: Vec::new(),
    };
    let listed = operation::<R>("list", &format!("Lists every {thing}."), actions.read).parameters(
        Some(PlainQuery::<R>::into_params(|| Some(ParameterIn::Query))),
    );
    document.answered::<List<R>, R>(R::PATH, HttpMethod::Get, 200, listed);
    let made = operation::<R>("create", &format!("Creates a {thing}."), actions.create)
        .parameter(idempotency_key());
    let made = document.taking::<R::New>(made);
    document.answered::<Success<R>, R>(R::PATH, HttpMethod::Post, 201, made);
    let found = operation::<R>("find", &format!("Shows a {thing}."), actions.read);
    document.answered::<Success<R>, R>(&one, HttpMethod::Get, 200, found.parameter(id()));
    let about = format!("Changes the given fields of a {thing}.");
    let changed = changing(operation::<R>("update", &about, actions.update));
    let changed = document.taking::<R::Changes>(changed);
    document.answered::<Success<R>, R>(&one, HttpMethod::Patch, 200, changed);
    let about = format!("Replaces all that can be given of a {thing}; what is absent is cleared.");
    let replaced = changing(operation::<R>("replace", &about, actions.update));
    let replaced = document.taking::<R::New>(replaced);
    document.answered::<Success<R>, R>(&one, HttpMethod::Put, 200, replaced);
    let about = format!("Deletes a {thing} softly.");
    let deleted = changing(operation::<R>("delete", &about, actions.delete));
    document.deleting(&one, deleted);
    let restored = operation::<R>("restore", "Undoes a deletion.", actions.delete);
    let path = format!("{one}/restore");
    document.answered::<Success<R>, R>(&path, HttpMethod::Post, 200, restored.parameter(id()));
    document.finish()
}

impl Document {
    /// A body of this type.
    fn taking<T: ToSchema>(&mut self, operation: OperationBuilder) -> OperationBuilder {
        let body = RequestBodyBuilder::new()
            .content("application/json", self.content::<T>())
            .required(Some(Required::True));
        operation.request_body(Some(body.build()))
    }

    /// An operation that answers with the one type in the other.
    fn answered<W: ToSchema, T: ToSchema>(
        &mut self,
        path: &str,
        method: HttpMethod,
        status: u16,
        operation: OperationBuilder,
    ) {
        self.content::<T>();
        // A generic type does not name what is in it.
        let name = format!("{}_{}", W::name(), T::name());
        let response = ResponseBuilder::new()
            .description("")
            .content("application/json", self.named::<W>(name));
        self.add(
            path,
            method,
            operation.response(status.to_string(), response),
        );
    }

    /// An operation that deletes, and says what still hangs on the record.
    fn deleting(&mut self, path: &str, operation: OperationBuilder) {
        let gone = ResponseBuilder::new().description("");
        let operation = operation.response("204", gone);
        self.answered::<Success<Deleted>, Deleted>(path, HttpMethod::Delete, 200, operation);
    }

    fn add(&mut self, path: &str, method: HttpMethod, operation: OperationBuilder) {
        let item = utoipa::openapi::PathItem::new(method, operation);
        self.paths = std::mem::take(&mut self.paths).path(path, item);
    }

    fn content<T: ToSchema>(&mut self) -> Content {
        self.named::<T>(T::name().into_owned())
    }

    fn named<T: ToSchema>(&mut self, name: String) -> Content {
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(name)))
            .build()
    }

    fn finish(self) -> OpenApi {
        let components = ComponentsBuilder::new().schemas_from_iter(self.schemas);
        OpenApiBuilder::new()
            .paths(self.paths)
            .components(Some(components.build()))
            .build()
    }
}

fn operation<R: Resource>(verb: &str, about: &str, permission: &str) -> OperationBuilder {
    let tag = R::PATH.rsplit('/').next().unwrap_or_default();
    let extensions = ExtensionsBuilder::new().add(PERMISSION, permission);
    OperationBuilder::new()
        .tag(tag)
        .operation_id(Some(format!("{verb}_{}", R::KIND)))
        .summary(Some(about))
        .extensions(Some(extensions.build()))
}

/// What everything that changes one takes.
fn changing(operation: OperationBuilder) -> OperationBuilder {
    let if_match = ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
    operation.parameter(id()).parameter(if_match)
}

fn id() -> Parameter {
    let uuid = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(uuid))
        .build()
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A repetition with the same key gets the same answer, for a day.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}
