//! Takes away what names something that is no longer there, after a schema was changed at random.

use rowhouse::provisioner::identifier::quote_identifier;
use tenant_schema::definition::{
    Deferrable, ForeignKeyDefinition, SchemaDefinition, TableDefinition,
};

/// Makes the schema one that PostgreSQL takes, as far as that is easily known.
pub(crate) fn repair(schema: &mut SchemaDefinition) {
    let enums: Vec<String> = schema
        .enums
        .iter()
        .map(|of| quote_identifier(&of.name))
        .collect();
    for table in &mut schema.tables {
        repair_columns(table, &enums);
        repair_parts(table);
    }
    let tables = schema.tables.clone();
    for table in &mut schema.tables {
        let own = table.clone();
        table.foreign_keys.retain(|key| holds(key, &own, &tables));
    }
    let default_of = |table: &str, column: &str| {
        let column = tables.iter().find(|of| of.name == table)?.column(column)?;
        column.default.clone()
    };
    schema.sequences.retain(|sequence| match &sequence.owner {
        None => true,
        Some(owner) => default_of(&owner.table, &owner.column)
            .is_some_and(|default| default.starts_with("nextval")),
    });
    let names: Vec<String> = schema
        .sequences
        .iter()
        .map(|sequence| quote_identifier(&sequence.name).replace('\'', "''"))
        .collect();
    for column in schema
        .tables
        .iter_mut()
        .flat_map(|table| &mut table.columns)
    {
        let is_lost = |default: &String| {
            default.starts_with("nextval")
                && !names.iter().any(|name| default.contains(name.as_str()))
        };
        if column.default.as_ref().is_some_and(is_lost) {
            column.default = None;
        }
    }
}

fn repair_columns(table: &mut TableDefinition, enums: &[String]) {
    for column in &mut table.columns {
        let element = column.sql_type.trim_end_matches("[]");
        if element.starts_with('"') && !enums.iter().any(|name| name == element) {
            "text".clone_into(&mut column.sql_type);
            column.default = None;
        }
    }
    let plain: Vec<String> = table
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
        .map(|column| quote_identifier(&column.name))
        .collect();
    for column in &mut table.columns {
        let is_lost =
            |expression: &String| !plain.iter().any(|name| expression.contains(name.as_str()));
        if column.generated.as_ref().is_some_and(is_lost) {
            column.generated = None;
        }
        if table
            .primary_key
            .as_ref()
            .is_some_and(|key| key.columns.contains(&column.name))
            || column.identity.is_some()
        {
            column.nullable = false;
        }
    }
}

fn repair_parts(table: &mut TableDefinition) {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let quoted: Vec<String> = names.iter().map(|name| quote_identifier(name)).collect();
    let has = |wanted: &[String]| wanted.iter().all(|name| names.contains(name));
    let reads = |text: &String| quoted.iter().any(|name| text.contains(name.as_str()));
    if table
        .primary_key
        .as_ref()
        .is_some_and(|key| !has(&key.columns) || !has(&key.include))
    {
        table.primary_key = None;
    }
    table
        .uniques
        .retain(|key| has(&key.columns) && has(&key.include));
    table.checks.retain(|check| reads(&check.expression));
    table.indexes.retain(|index| {
        has(&index.include)
            && index.keys.iter().all(reads)
            && index.predicate.as_ref().is_none_or(reads)
    });
}

/// Whether a foreign key has its columns, a key to refer to, and a table that outlives a crash if its own does.
fn holds(key: &ForeignKeyDefinition, own: &TableDefinition, tables: &[TableDefinition]) -> bool {
    let Some(target) = tables
        .iter()
        .find(|table| table.name == key.references_table)
    else {
        return false;
    };
    let of_type = |table: &TableDefinition, name: &String| {
        table
            .column(name)
            .map(|column| (column.sql_type.clone(), column.collation.clone()))
    };
    let is_key = (target.keys())
        .any(|of| of.columns == key.references_columns && of.deferrable == Deferrable::No);
    let mut pairs = key.columns.iter().zip(&key.references_columns);
    let fit = pairs.all(|(from, to)| {
        of_type(own, from).is_some() && of_type(own, from) == of_type(target, to)
    });
    let plain = key.columns.iter().all(|name| {
        own.column(name)
            .is_some_and(|column| column.generated.is_none())
    });
    is_key && fit && plain && own.unlogged == target.unlogged
}
