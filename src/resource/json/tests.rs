//! Tests of strict bodies: what is refused, with which code, naming which field.

use std::collections::BTreeMap;

use actix_web::{FromRequest, test::TestRequest, web::Data};
use proptest::{prop_assert, proptest};
use serde::Deserialize;

use super::{JsonLimit, OptionalJson, StrictJson, StrictList};
use crate::error::{ApiError, Code};

#[derive(Debug, Deserialize)]
struct Person {
    name: String,
    age: Option<u8>,
    #[serde(default)]
    addresses: Vec<Address>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    city: String,
}

async fn read_from(request: TestRequest) -> Result<Person, ApiError> {
    let (request, mut payload) = request
        .app_data(Data::new(JsonLimit(4_096)))
        .to_http_parts();
    let body = StrictJson::<Person>::from_request(&request, &mut payload).await?;
    Ok(body.into_inner())
}

async fn read(body: impl Into<Vec<u8>>) -> Result<Person, ApiError> {
    let request = TestRequest::post().insert_header(("Content-Type", "application/json"));
    read_from(request.set_payload(body.into())).await
}

async fn faults(body: &str) -> Vec<(String, String)> {
    let error = read(body).await.unwrap_err();
    assert_eq!(error.code(), Code::ValidationFailed, "{error:?}");
    let faults = error.field_errors().iter();
    faults
        .map(|(field, messages)| (field.clone(), messages.join("; ")))
        .collect()
}

async fn broken(body: impl Into<Vec<u8>>) -> String {
    let error = read(body).await.unwrap_err();
    assert_eq!(error.code(), Code::BadRequest, "{error:?}");
    error.public_detail().to_owned()
}

fn fault(field: &str, message: &str) -> (String, String) {
    (field.to_owned(), message.to_owned())
}

#[actix_web::test]
async fn a_body_that_fits_is_read() {
    let person = read(r#"{"name":"Zoë","addresses":[{"city":"Kraków"}],"settings":{"a":"b"}}"#);
    let person = person.await.unwrap();
    assert_eq!(person.name, "Zoë");
    assert_eq!(person.age, None);
    assert_eq!(person.addresses[0].city, "Kraków");
    assert_eq!(person.settings["a"], "b");
}

#[actix_web::test]
async fn unknown_fields_are_named_even_without_an_attribute() {
    assert_eq!(
        faults(r#"{"name":"a","role":"admin","addresses":[{"city":"b"}],"is_system":true}"#).await,
        [
            fault("is_system", "is not known"),
            fault("role", "is not known")
        ]
    );
    assert_eq!(
        faults(r#"{"name":"a","addresses":[{"city":"b"},{"zip":"1"}]}"#).await,
        [fault("addresses[1].zip", "is not known")]
    );
}

#[actix_web::test]
async fn missing_fields_are_named() {
    assert_eq!(faults("{}").await, [fault("name", "is required")]);
    assert_eq!(
        faults(r#"{"name":"a","addresses":[{}]}"#).await,
        [fault("addresses[0].city", "is required")]
    );
}

#[actix_web::test]
async fn fields_of_a_wrong_type_are_named() {
    assert_eq!(
        faults(r#"{"name":7}"#).await,
        [fault(
            "name",
            "invalid type: integer `7`, expected a string"
        )]
    );
    assert_eq!(
        faults(r#"{"name":"a","age":256}"#).await,
        [fault("age", "invalid value: integer `256`, expected u8")]
    );
    for body in [r#"["a",7,[],{}]"#, "null", "1"] {
        assert_eq!(faults(body).await, [fault(".", "must be an object")]);
    }
}

#[actix_web::test]
async fn forbidden_characters_are_refused_wherever_they_hide() {
    let message = "must not contain NUL or a text direction override";
    assert_eq!(
        faults(r#"{"name":"a\u0000b"}"#).await,
        [fault("name", message)]
    );
    assert_eq!(
        faults(r#"{"name":"a","addresses":[{"city":"\u202Ecba"}]}"#).await,
        [fault("addresses[0].city", message)]
    );
    assert_eq!(
        faults(r#"{"name":"a","settings":{"x\u0000":"y"}}"#)
            .await
            .len(),
        1
    );
}

#[actix_web::test]
async fn broken_json_is_refused() {
    for body in [
        "",
        "{",
        r#"{"name":"a"}x"#,
        r#"{"name":"\ud800"}"#,
        "{'name':1}",
        "1e999",
    ] {
        assert!(
            broken(body)
                .await
                .starts_with("the body is not valid JSON: ")
        );
    }
    broken(vec![b'"', 0xFF, b'"']).await;
}

#[actix_web::test]
async fn a_repeated_key_is_refused() {
    let detail = broken(r#"{"name":"a","name":"b"}"#).await;
    assert!(detail.contains("key `name` is given twice"), "{detail}");
}

#[actix_web::test]
async fn deep_nesting_is_refused() {
    let detail = broken("[".repeat(4_000)).await;
    assert!(detail.contains("recursion limit exceeded"), "{detail}");
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_announced_or_not() {
    let large = vec![b' '; 4_097];
    assert_eq!(read(large).await.unwrap_err().code(), Code::BodyTooLarge);
    let announced = TestRequest::post()
        .insert_header(("Content-Type", "application/json"))
        .insert_header(("Content-Length", "4097"));
    let error = read_from(announced).await.unwrap_err();
    assert_eq!(error.code(), Code::BodyTooLarge);
}

#[actix_web::test]
async fn only_plain_json_is_read() {
    let code = async |name, value| {
        let request = TestRequest::post().insert_header(("Content-Type", "application/json"));
        let request = request
            .insert_header((name, value))
            .set_payload(r#"{"name":"a"}"#);
        read_from(request).await.err().map(|error| error.code())
    };
    let unsupported = Some(Code::UnsupportedMediaType);
    assert_eq!(
        code("Content-Type", "application/json; charset=utf-8").await,
        None
    );
    assert_eq!(code("Content-Type", "text/plain").await, unsupported);
    assert_eq!(code("Content-Type", "").await, unsupported);
    assert_eq!(
        code("Content-Type", "application/json; charset=utf-16").await,
        unsupported
    );
    assert_eq!(
        code("Content-Type", "application/x-www-form-urlencoded").await,
        unsupported
    );
    assert_eq!(
        code("Content-Encoding", "gzip").await,
        Some(Code::BadRequest)
    );
    let without = read_from(TestRequest::post().set_payload("{}")).await;
    assert_eq!(without.unwrap_err().code(), Code::UnsupportedMediaType);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_as_the_clients_fault(body: Vec<u8>) {
        if let Err(error) = futures_util::FutureExt::now_or_never(read(body)).unwrap() {
            prop_assert!(error.code().status().is_client_error());
        }
    }
}

#[actix_web::test]
async fn a_list_is_read_element_by_element_and_nothing_else_is() {
    let read = async |body: &str| {
        let (request, mut payload) = TestRequest::put()
            .insert_header(("Content-Type", "application/json"))
            .set_payload(body.to_owned())
            .to_http_parts();
        let list = StrictList::<Address>::from_request(&request, &mut payload).await;
        let cities = list.map(|StrictList(list)| list.into_iter().map(|address| address.city));
        cities.map(Iterator::collect::<Vec<_>>)
    };
    let cities = read(r#"[{"city":"Bonn"},{"city":"Rome"}]"#).await.unwrap();
    assert_eq!(cities, ["Bonn", "Rome"]);
    assert!(read("[]").await.unwrap().is_empty());
    for (body, field) in [
        (r#"{"city":"Bonn"}"#, "."),
        (r#"[["Bonn"]]"#, "[0]"),
        (r#"[{"city":"Bonn"},{}]"#, "[1].city"),
        (r#"[{"city":"Bonn","zip":1}]"#, "[0].zip"),
        (r#"[{"city":1}]"#, "[0].city"),
    ] {
        let error = read(body).await.unwrap_err();
        assert_eq!(error.code(), Code::ValidationFailed, "{body}");
        assert_eq!(error.field_errors().keys().collect::<Vec<_>>(), [field]);
    }
}

#[actix_web::test]
async fn null_is_as_good_as_no_body_where_none_is_needed() {
    let optional = async |body: &'static str| {
        let request = TestRequest::post().insert_header(("Content-Type", "application/json"));
        let request = request
            .set_payload(body)
            .app_data(Data::new(JsonLimit(4_096)));
        let (request, mut payload) = request.to_http_parts();
        OptionalJson::<Person>::from_request(&request, &mut payload).await
    };
    assert!(optional("null").await.unwrap().0.is_none());
    assert_eq!(
        optional(r#"{"name": "Ada"}"#)
            .await
            .unwrap()
            .0
            .unwrap()
            .name,
        "Ada"
    );
    assert!(optional("7").await.is_err());
}
