//! JSON value → type, naming every field that does not fit.

use serde::de::DeserializeOwned;
use serde_ignored::Path;
use serde_json::Value;

use crate::{
    error::ApiError,
    resource::{FORBIDDEN_CHARACTER, Validation, holds_forbidden_character},
};

/// Reads a `T` from an object; 422 names unknown fields, a field of a wrong type and a field with a forbidden character.
pub(super) fn read<T: DeserializeOwned>(document: Value) -> Result<T, ApiError> {
    // A derived struct would also be read from an array, field by field in the order of the source.
    if document.is_object() {
        read_any(document)
    } else {
        Err(misshapen(".", "must be an object"))
    }
}

/// As [`read`], from a list of such.
pub(super) fn read_list<T: DeserializeOwned>(document: Value) -> Result<Vec<T>, ApiError> {
    let Value::Array(elements) = &document else {
        return Err(misshapen(".", "must be a list"));
    };
    let array = elements.iter().position(Value::is_array);
    match array {
        Some(index) => Err(misshapen(&format!("[{index}]"), "must not be a list")),
        None => read_any(document),
    }
}

fn misshapen(field: &str, message: &str) -> ApiError {
    let mut validation = Validation::new();
    validation.field(field, message);
    validation.into_error()
}

fn read_any<T: DeserializeOwned>(document: Value) -> Result<T, ApiError> {
    let mut validation = Validation::new();
    if let Some(path) = path_to_forbidden_character(&document) {
        validation.field(path.trim_start_matches('.'), FORBIDDEN_CHARACTER);
    }
    let mut unknown = Vec::new();
    let mut note_unknown = |path: Path<'_>| unknown.push(field_name(&path));
    let noting = serde_ignored::Deserializer::new(document, &mut note_unknown);
    let outcome = serde_path_to_error::deserialize(noting);
    for field in unknown {
        validation.field(field, "is not known");
    }
    match outcome {
        Ok(value) => validation.finish().map(|()| value),
        Err(error) => {
            note_misfit(&mut validation, &error);
            Err(validation.into_error())
        }
    }
}

/// Notes the field at which reading stopped.
fn note_misfit(validation: &mut Validation, error: &serde_path_to_error::Error<serde_json::Error>) {
    let path = error.path().to_string();
    let message = error.inner().to_string();
    if let Some(name) = missing_field(&message) {
        let parent = path.trim_start_matches('.');
        validation.field(joined(parent, name), "is required");
    } else if message.starts_with("unknown field `") {
        validation.field(path, "is not known");
    } else {
        validation.field(path, message);
    }
}

/// The name in serde's sentence for an absent field, whose path ends at the object around it.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// `address.lines[0]`, as `serde_path_to_error` writes paths.
fn field_name(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", field_name(parent)),
        Path::Map { parent, key } => joined(&field_name(parent), key),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => field_name(parent),
    }
}

fn joined(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        return key.to_owned();
    }
    format!("{parent}.{key}")
}

/// The first text or key with a character no field may hold, as `.key` and `[index]` steps from `value`.
fn path_to_forbidden_character(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => holds_forbidden_character(text).then(String::new),
        Value::Array(values) => values.iter().enumerate().find_map(|(index, value)| {
            let rest = path_to_forbidden_character(value)?;
            Some(format!("[{index}]{rest}"))
        }),
        Value::Object(object) => object.iter().find_map(|(key, value)| {
            if holds_forbidden_character(key) {
                return Some(format!(".{key}"));
            }
            let rest = path_to_forbidden_character(value)?;
            Some(format!(".{key}{rest}"))
        }),
        _ => None,
    }
}
