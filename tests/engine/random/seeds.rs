//! Rows for a schema made at random: those that break a constraint are left out.

use rowhouse::provisioner::identifier::{quote_identifier, quote_identifiers, quote_literal};
use tenant_schema::definition::{ColumnDefinition, SchemaDefinition, TableDefinition};

use super::choices::Choices;

/// One statement that adds up to five rows to each table.
pub(crate) fn rows(schema: &SchemaDefinition, choices: &mut Choices<'_>) -> String {
    // A constraint that waits for the end of the transaction would fail them all.
    let mut inserts = "SET CONSTRAINTS ALL IMMEDIATE; ".to_owned();
    for table in &schema.tables {
        for number in 0..choices.below(6) {
            let insert = insert(table, schema, number, choices);
            inserts.extend([
                "BEGIN ",
                &insert,
                "; EXCEPTION WHEN OTHERS THEN NULL; END; ",
            ]);
        }
    }
    format!("DO {}", quote_literal(&format!("BEGIN {inserts} END")))
}

fn insert(
    table: &TableDefinition,
    schema: &SchemaDefinition,
    number: usize,
    choices: &mut Choices<'_>,
) -> String {
    let is_given =
        |column: &&ColumnDefinition| column.generated.is_none() && column.identity.is_none();
    let given: Vec<&ColumnDefinition> = table.columns.iter().filter(is_given).collect();
    let name = quote_identifier(&table.name);
    if given.is_empty() {
        return format!("INSERT INTO {name} DEFAULT VALUES");
    }
    let names: Vec<&String> = given.iter().map(|column| &column.name).collect();
    let values: Vec<String> = given
        .iter()
        .map(|column| value(column, schema, number, choices))
        .collect();
    format!(
        "INSERT INTO {name} ({}) VALUES ({})",
        quote_identifiers(&names),
        values.join(", ")
    )
}

fn value(
    column: &ColumnDefinition,
    schema: &SchemaDefinition,
    number: usize,
    choices: &mut Choices<'_>,
) -> String {
    if column.nullable && choices.chance(15) {
        return "NULL".to_owned();
    }
    let number = if choices.chance(20) {
        choices.below(4)
    } else {
        number + 1
    };
    let element = column.sql_type.trim_end_matches("[]");
    let label = || {
        let of = schema
            .enums
            .iter()
            .find(|of| quote_identifier(&of.name) == element)?;
        Some(quote_literal(&of.labels[number % of.labels.len()]))
    };
    match (label(), column.sql_type.as_str()) {
        (Some(label), whole) if whole.ends_with("[]") => format!("ARRAY[{label}]::{whole}"),
        (Some(label), _) => label,
        (None, "boolean") => (number % 2 == 0).to_string(),
        (None, "timestamptz" | "date") => format!("'2024-01-0{}'", number + 1),
        (None, "uuid") => format!("'00000000-0000-0000-0000-00000000000{number}'"),
        (None, "jsonb") => format!("'{{\"a\": {number}}}'"),
        (None, "integer[]") => format!("'{{{number},2}}'"),
        (None, "text[]") => format!("ARRAY['it''s', '{number}']"),
        (None, "interval") => format!("'{number} days'"),
        (None, "bytea") => format!("'\\x0{number}'"),
        (None, "text" | "varchar(20)" | "varchar(40)") => format!("'{number}234'"),
        (None, _) => number.to_string(),
    }
}
