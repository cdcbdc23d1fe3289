//! What must hold for the catalog as a whole, beyond what each derive can see.

use std::collections::BTreeSet;

use super::Catalog;
use crate::definition::{ForeignKeyDefinition, IndexDefinition, TableDefinition};

/// Bytes of a name that PostgreSQL keeps.
const MAX_NAME_BYTES: usize = 63;

#[test]
fn every_foreign_key_has_an_index() {
    for table in Catalog::of_models().tables {
        for foreign_key in &table.foreign_keys {
            assert!(
                is_indexed(&table, &foreign_key.columns),
                "{} of {} has none",
                foreign_key.name,
                table.name
            );
        }
    }
}

#[test]
fn every_foreign_key_points_at_a_key() {
    let tables = Catalog::of_models().tables;
    for table in &tables {
        for foreign_key in &table.foreign_keys {
            assert!(
                points_at_a_key(foreign_key, &tables),
                "{} of {} does not",
                foreign_key.name,
                table.name
            );
        }
    }
}

#[test]
fn no_name_is_cut_off() {
    for name in Catalog::of_models().tables.iter().flat_map(all_names) {
        assert!(name.len() <= MAX_NAME_BYTES, "{name}");
    }
}

#[test]
fn no_two_relations_share_a_name() {
    let mut taken = BTreeSet::new();
    for name in Catalog::of_models().tables.iter().flat_map(relation_names) {
        assert!(taken.insert(name.clone()), "{name} is taken twice");
    }
}

#[test]
fn everything_is_described() {
    for table in Catalog::of_models().tables {
        assert!(table.comment.is_some(), "{}", table.name);
        for column in &table.columns {
            assert!(column.comment.is_some(), "{}.{}", table.name, column.name);
        }
    }
}

fn is_indexed(table: &TableDefinition, columns: &[String]) -> bool {
    let quoted: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{column}\""))
        .collect();
    let by_index =
        |index: &IndexDefinition| index.predicate.is_none() && index.keys.starts_with(&quoted);
    table.keys().any(|key| key.columns.starts_with(columns)) || table.indexes.iter().any(by_index)
}

fn points_at_a_key(foreign_key: &ForeignKeyDefinition, tables: &[TableDefinition]) -> bool {
    let columns = &foreign_key.references_columns;
    let target = tables
        .iter()
        .find(|table| table.name == foreign_key.references_table);
    target.is_some_and(|table| table.keys().any(|key| key.columns == *columns))
}

/// Names of the schema's relations, which share one namespace: the table, and what has an index.
fn relation_names(table: &TableDefinition) -> Vec<String> {
    let mut names = vec![table.name.clone()];
    names.extend(table.keys().map(|key| key.name.clone()));
    names.extend(table.indexes.iter().map(|index| index.name.clone()));
    names
}

fn all_names(table: &TableDefinition) -> Vec<String> {
    let mut names = relation_names(table);
    names.extend(table.columns.iter().map(|column| column.name.clone()));
    names.extend(table.checks.iter().map(|check| check.name.clone()));
    names.extend(table.foreign_keys.iter().map(|key| key.name.clone()));
    names
}
