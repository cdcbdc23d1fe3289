//! Differences between two structures, by object.

use std::fmt;

use serde::{Deserialize, Serialize};
use tenant_schema::definition::{SchemaDefinition, TableDefinition};
use utoipa::ToSchema;

/// One object that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Kind and name of the object: `column users.email`.
    pub object: String,
    /// How it differs.
    pub change: Change,
}

/// How an object differs from what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It should be there, and is not.
    Missing,
    /// It is there, and should not be.
    Unexpected,
    /// It is there, and not as it should be.
    Different,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Missing => "is missing",
            Self::Unexpected => "should not be there",
            Self::Different => "is different",
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.object, self.change)
    }
}

/// What differs in `live` from what is `desired`: enums, sequences and tables, and the parts of tables that both have.
pub(super) fn between(live: &SchemaDefinition, desired: &SchemaDefinition) -> Vec<Difference> {
    let mut differences = Vec::new();
    let enums = (live.enums.as_slice(), desired.enums.as_slice());
    by_name("enum", "", enums, |item| &item.name, &mut differences);
    let sequences = (live.sequences.as_slice(), desired.sequences.as_slice());
    by_name(
        "sequence",
        "",
        sequences,
        |item| &item.name,
        &mut differences,
    );
    // Of tables that both have, the parts are compared below, and here what is left of them.
    let (live_tables, desired_tables) = (without_parts(live), without_parts(desired));
    let tables = (live_tables.as_slice(), desired_tables.as_slice());
    by_name("table", "", tables, |item| &item.name, &mut differences);
    for table in &desired.tables {
        if let Some(other) = live.table(&table.name) {
            parts(other, table, &mut differences);
        }
    }
    differences
}

fn without_parts(schema: &SchemaDefinition) -> Vec<TableDefinition> {
    let shell = |table: &TableDefinition| TableDefinition {
        name: table.name.clone(),
        comment: table.comment.clone(),
        unlogged: table.unlogged,
        options: table.options.clone(),
        ..TableDefinition::default()
    };
    schema.tables.iter().map(shell).collect()
}

fn parts(live: &TableDefinition, desired: &TableDefinition, differences: &mut Vec<Difference>) {
    let of = format!("{}.", live.name);
    let columns = (live.columns.as_slice(), desired.columns.as_slice());
    by_name("column", &of, columns, |item| &item.name, differences);
    let keys = (live.primary_key.as_slice(), desired.primary_key.as_slice());
    by_name("primary key", &of, keys, |item| &item.name, differences);
    let uniques = (live.uniques.as_slice(), desired.uniques.as_slice());
    by_name("unique", &of, uniques, |item| &item.name, differences);
    let checks = (live.checks.as_slice(), desired.checks.as_slice());
    by_name("check", &of, checks, |item| &item.name, differences);
    let keys = (
        live.foreign_keys.as_slice(),
        desired.foreign_keys.as_slice(),
    );
    by_name("foreign key", &of, keys, |item| &item.name, differences);
    let indexes = (live.indexes.as_slice(), desired.indexes.as_slice());
    by_name("index", &of, indexes, |item| &item.name, differences);
}

/// Compares two lists of one kind of object, live and desired; `of` stands before each name.
fn by_name<Item: PartialEq>(
    kind: &str,
    of: &str,
    (live, desired): (&[Item], &[Item]),
    name: impl Fn(&Item) -> &String,
    differences: &mut Vec<Difference>,
) {
    let mut differs = |item: &Item, change| {
        let object = format!("{kind} {of}{}", name(item));
        differences.push(Difference { object, change });
    };
    for item in desired {
        match live.iter().find(|other| name(other) == name(item)) {
            None => differs(item, Change::Missing),
            Some(other) if other != item => differs(item, Change::Different),
            Some(_) => {}
        }
    }
    for item in live {
        if !desired.iter().any(|other| name(other) == name(item)) {
            differs(item, Change::Unexpected);
        }
    }
}
