//! Quoting, against the server: every name and every text comes back as it went in.

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use rowhouse::provisioner::identifier::{quote_identifier, quote_literal};
use test_app::TestDatabase;
use tokio_postgres::{Client, Error};

/// Texts without NUL, which PostgreSQL cannot hold; in 15 characters, none is longer than an identifier's 63 bytes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\u{0}]{1,15}", "['\"\\\\$;%A-C -]{1,15}"]
}

/// Name of the first column of a query.
async fn column_name(client: &Client, sql: &str) -> Result<String, Error> {
    let statement = client.prepare(sql).await?;
    let column = statement.columns().first().unwrap();
    Ok(column.name().to_owned())
}

async fn value(client: &Client, sql: &str) -> Result<String, Error> {
    Ok(client.query_one(sql, &[]).await?.get(0))
}

async fn identifier_round_trip(client: &Client, name: &str) -> Result<(String, String), Error> {
    let ours = column_name(client, &format!("SELECT 1 AS {}", quote_identifier(name))).await?;
    let formatted: String = client
        .query_one("SELECT format('%I', $1::text)", &[&name])
        .await?
        .get(0);
    let theirs = column_name(client, &format!("SELECT 1 AS {formatted}")).await?;
    Ok((ours, theirs))
}

fn failed(error: &Error) -> TestCaseError {
    TestCaseError::fail(format!("{error:?}"))
}

#[test]
fn every_identifier_comes_back_and_reads_like_the_servers_own_quoting() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::empty());
    let client = runtime.block_on(database.client());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(200));
    let outcome = runner.run(&text(), |name| {
        let (ours, theirs) = runtime
            .block_on(identifier_round_trip(&client, &name))
            .map_err(|error| failed(&error))?;
        prop_assert_eq!(&ours, &name);
        prop_assert_eq!(&theirs, &name);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn every_literal_comes_back_whether_strings_conform_to_the_standard_or_not() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::empty());
    let client = runtime.block_on(database.client());
    for conforming in ["on", "off"] {
        let setting = format!("SET standard_conforming_strings = {conforming}");
        runtime.block_on(client.batch_execute(&setting)).unwrap();
        let mut runner = TestRunner::new(ProptestConfig::with_cases(200));
        let outcome = runner.run(&text(), |text| {
            let sql = format!("SELECT {}::text", quote_literal(&text));
            let back = runtime
                .block_on(value(&client, &sql))
                .map_err(|error| failed(&error))?;
            prop_assert_eq!(back, text);
            Ok(())
        });
        outcome.unwrap();
    }
}
