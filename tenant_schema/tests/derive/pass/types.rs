//! Each Rust type that the derive knows, and the DDL type it becomes.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::Value;
use tenant_schema::TenantModel;
use uuid::Uuid;

#[derive(Queryable, Selectable, TenantModel)]
#[diesel(table_name = samples, check_for_backend(Pg))]
pub struct Sample {
    pub id: Uuid,
    pub text: String,
    pub flag: bool,
    pub small: i16,
    pub integer: i32,
    pub big: i64,
    pub single: f32,
    pub double: f64,
    pub moment: DateTime<Utc>,
    pub day: NaiveDate,
    pub hour: NaiveTime,
    pub local: NaiveDateTime,
    pub document: Value,
    pub qualified: serde_json::Value,
    pub bytes: Vec<u8>,
    pub network: IpNet,
    pub texts: Vec<String>,
    pub gaps: Vec<Option<i32>>,
    pub maybe: Option<Vec<Uuid>>,
}

fn main() {
    let types: Vec<String> = Sample::definition()
        .columns
        .into_iter()
        .map(|column| {
            format!(
                "{}{}",
                column.sql_type,
                if column.nullable { "?" } else { "" }
            )
        })
        .collect();
    assert_eq!(
        types,
        [
            "uuid",
            "text",
            "boolean",
            "smallint",
            "integer",
            "bigint",
            "real",
            "double precision",
            "timestamptz",
            "date",
            "time",
            "timestamp",
            "jsonb",
            "jsonb",
            "bytea",
            "inet",
            "text[]",
            "integer[]",
            "uuid[]?",
        ]
    );
}
