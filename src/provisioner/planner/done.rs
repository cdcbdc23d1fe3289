//! Conditions that tell whether a step has been done already, for a plan that is taken up again after an interruption.

use super::super::identifier::{quote_identifier, quote_literal};

fn relation(name: &str) -> String {
    format!("to_regclass({})", quote_literal(&quote_identifier(name)))
}

/// A table, index or sequence is there.
pub(super) fn relation_exists(name: &str) -> String {
    format!("{} IS NOT NULL", relation(name))
}

/// A table, index or sequence is not there.
pub(super) fn relation_is_gone(name: &str) -> String {
    format!("{} IS NULL", relation(name))
}

/// An index is there and was built to its end.
pub(super) fn index_is_valid(name: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_index WHERE indexrelid = {} AND indisvalid)",
        relation(name)
    )
}

/// An enum type is there.
pub(super) fn type_exists(name: &str) -> String {
    format!(
        "to_regtype({}) IS NOT NULL",
        quote_literal(&quote_identifier(name))
    )
}

/// An enum type is not there.
pub(super) fn type_is_gone(name: &str) -> String {
    format!("NOT ({})", type_exists(name))
}

/// An enum type has a label.
pub(super) fn label_exists(name: &str, label: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_enum WHERE enumtypid = to_regtype({}) AND enumlabel = {})",
        quote_literal(&quote_identifier(name)),
        quote_literal(label)
    )
}

/// A column is there and `condition`, on its `pg_attribute` as `a`, holds.
pub(super) fn column_is(table: &str, column: &str, condition: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = {} AND a.attname = {} AND NOT a.attisdropped AND {condition})",
        relation(table),
        quote_literal(column)
    )
}

/// A column is there.
pub(super) fn column_exists(table: &str, column: &str) -> String {
    column_is(table, column, "true")
}

/// A column is not there.
pub(super) fn column_is_gone(table: &str, column: &str) -> String {
    format!("NOT {}", column_exists(table, column))
}

/// A column has a type, as PostgreSQL spells it.
pub(super) fn column_has_type(table: &str, column: &str, sql_type: &str) -> String {
    let condition = format!(
        "format_type(a.atttypid, a.atttypmod) = {}",
        quote_literal(sql_type)
    );
    column_is(table, column, &condition)
}

/// A column has a default, as PostgreSQL spells it.
pub(super) fn column_has_default(table: &str, column: &str, default: Option<&str>) -> String {
    let actual = "(SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)";
    let condition = match default {
        Some(text) => format!("{actual} = {}", quote_literal(text)),
        None => format!("{actual} IS NULL"),
    };
    column_is(table, column, &condition)
}

/// A constraint is there and `condition`, on its `pg_constraint` as `k`, holds.
pub(super) fn constraint_is(table: &str, name: &str, condition: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = {} AND k.conname = {} AND {condition})",
        relation(table),
        quote_literal(name)
    )
}

/// A constraint is there.
pub(super) fn constraint_exists(table: &str, name: &str) -> String {
    constraint_is(table, name, "true")
}

/// A constraint is there and holds for all rows.
pub(super) fn constraint_is_valid(table: &str, name: &str) -> String {
    constraint_is(table, name, "k.convalidated")
}

/// A constraint is not there.
pub(super) fn constraint_is_gone(table: &str, name: &str) -> String {
    format!("NOT {}", constraint_exists(table, name))
}
