//! Definitions to DDL: a catalog rendered as statements without a schema's name in them.
//!
//! The statements are unqualified: they build whatever schema the `search_path` names, so one text serves every tenant.

use std::fmt::Write as _;

use tenant_schema::catalog::Catalog;
use tenant_schema::definition::{
    CheckDefinition, ColumnDefinition, Deferrable, EnumDefinition, ForeignKeyDefinition, Identity,
    IndexDefinition, ReferentialAction, TableDefinition, UniqueDefinition,
};

use super::identifier::{quote_identifier, quote_identifiers, quote_literal};

/// All statements that build the catalog in an empty schema, in an order that works: types, tables, indexes, foreign
/// keys, comments.
pub fn create_catalog(catalog: &Catalog) -> Vec<String> {
    let tables = &catalog.tables;
    let types = catalog.enums.iter().map(create_enum);
    let creates = tables.iter().map(create_table);
    let indexes = tables.iter().flat_map(|table| {
        table
            .indexes
            .iter()
            .map(|index| create_index(&table.name, index))
    });
    let keys = tables.iter().flat_map(|table| {
        table
            .foreign_keys
            .iter()
            .map(|key| add_foreign_key(&table.name, key))
    });
    types
        .chain(creates)
        .chain(indexes)
        .chain(keys)
        .chain(tables.iter().flat_map(comments))
        .collect()
}

/// `CREATE TYPE … AS ENUM`.
pub fn create_enum(definition: &EnumDefinition) -> String {
    let labels = definition
        .labels
        .iter()
        .map(|label| quote_literal(label))
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "CREATE TYPE {} AS ENUM ({labels})",
        quote_identifier(&definition.name)
    )
}

/// `CREATE TABLE` with columns, primary key, unique and check constraints; indexes and foreign keys come after.
pub fn create_table(table: &TableDefinition) -> String {
    let mut parts: Vec<String> = table.columns.iter().map(column).collect();
    if !table.primary_key.is_empty() {
        let name = quote_identifier(&format!("{}_pkey", table.name));
        parts.push(format!(
            "CONSTRAINT {name} PRIMARY KEY ({})",
            quote_identifiers(&table.primary_key)
        ));
    }
    parts.extend(table.uniques.iter().map(unique));
    parts.extend(table.checks.iter().map(check));
    format!(
        "CREATE TABLE {} (\n    {}\n)",
        quote_identifier(&table.name),
        parts.join(",\n    ")
    )
}

/// `CREATE INDEX`.
pub fn create_index(table: &str, index: &IndexDefinition) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let (name, table) = (quote_identifier(&index.name), quote_identifier(table));
    let mut sql = format!(
        "CREATE {unique}INDEX {name} ON {table} USING {} ({})",
        index.method,
        index.keys.join(", ")
    );
    if !index.include.is_empty() {
        let _ = write!(sql, " INCLUDE ({})", quote_identifiers(&index.include));
    }
    if index.nulls_not_distinct {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    if let Some(predicate) = &index.predicate {
        let _ = write!(sql, " WHERE {predicate}");
    }
    sql
}

/// `ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY`.
pub fn add_foreign_key(table: &str, key: &ForeignKeyDefinition) -> String {
    let mut sql = format!(
        "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({})",
        quote_identifier(table),
        quote_identifier(&key.name),
        quote_identifiers(&key.columns),
        quote_identifier(&key.references_table),
        quote_identifiers(&key.references_columns),
    );
    for (event, action) in [("UPDATE", key.on_update), ("DELETE", key.on_delete)] {
        if action != ReferentialAction::NoAction {
            let _ = write!(sql, " ON {event} {}", referential_action(action));
        }
    }
    sql.push_str(match key.deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE INITIALLY IMMEDIATE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    });
    sql
}

/// `ALTER TABLE … ADD` of a constraint from [`unique`] or [`check`].
pub fn add_constraint(table: &str, constraint: &str) -> String {
    format!("ALTER TABLE {} ADD {constraint}", quote_identifier(table))
}

/// `COMMENT ON` the table and its columns, for those that have one.
pub fn comments(table: &TableDefinition) -> Vec<String> {
    let name = quote_identifier(&table.name);
    let own = table
        .comment
        .iter()
        .map(|text| format!("COMMENT ON TABLE {name} IS {}", quote_literal(text)));
    let columns = table.columns.iter().filter_map(|column| {
        let text = quote_literal(column.comment.as_ref()?);
        Some(format!(
            "COMMENT ON COLUMN {name}.{} IS {text}",
            quote_identifier(&column.name)
        ))
    });
    own.chain(columns).collect()
}

fn column(column: &ColumnDefinition) -> String {
    let mut sql = format!("{} {}", quote_identifier(&column.name), column.sql_type);
    if let Some(collation) = &column.collation {
        let _ = write!(sql, " COLLATE {}", quote_identifier(collation));
    }
    if let Some(expression) = &column.generated {
        let _ = write!(sql, " GENERATED ALWAYS AS ({expression}) STORED");
    }
    sql.push_str(match column.identity {
        Some(Identity::Always) => " GENERATED ALWAYS AS IDENTITY",
        Some(Identity::ByDefault) => " GENERATED BY DEFAULT AS IDENTITY",
        None => "",
    });
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        let _ = write!(sql, " DEFAULT {default}");
    }
    sql
}

/// A unique constraint, as `CREATE TABLE` and [`add_constraint`] take it.
pub fn unique(unique: &UniqueDefinition) -> String {
    let nulls = if unique.nulls_not_distinct {
        " NULLS NOT DISTINCT"
    } else {
        ""
    };
    format!(
        "CONSTRAINT {} UNIQUE{nulls} ({})",
        quote_identifier(&unique.name),
        quote_identifiers(&unique.columns)
    )
}

/// A check constraint, as `CREATE TABLE` and [`add_constraint`] take it.
pub fn check(check: &CheckDefinition) -> String {
    format!(
        "CONSTRAINT {} CHECK ({})",
        quote_identifier(&check.name),
        check.expression
    )
}

fn referential_action(action: ReferentialAction) -> &'static str {
    match action {
        ReferentialAction::NoAction => "NO ACTION",
        ReferentialAction::Restrict => "RESTRICT",
        ReferentialAction::Cascade => "CASCADE",
        ReferentialAction::SetNull => "SET NULL",
        ReferentialAction::SetDefault => "SET DEFAULT",
    }
}
