//! Definitions to DDL: a catalog rendered as statements without a schema's name in them.
//!
//! The statements are unqualified: they build whatever schema the `search_path` names, so one text serves every tenant.

mod faithful;

use std::fmt::Write as _;

use tenant_schema::catalog::Catalog;
use tenant_schema::definition::{
    CheckDefinition, ColumnDefinition, Deferrable, EnumDefinition, ForeignKeyDefinition, Identity,
    IdentityDefinition, IndexDefinition, KeyDefinition, ReferentialAction, SequenceDefinition,
    TableDefinition,
};

use super::identifier::{quote_identifier, quote_identifiers, quote_literal};
use faithful::faithful;

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

/// `CREATE TABLE` with columns, keys and checks; indexes and foreign keys come after.
pub fn create_table(table: &TableDefinition) -> String {
    let mut parts: Vec<String> = table.columns.iter().map(column).collect();
    parts.extend(table.primary_key.iter().map(primary_key));
    parts.extend(table.uniques.iter().map(unique));
    parts.extend(table.checks.iter().map(check));
    let unlogged = if table.unlogged { "UNLOGGED " } else { "" };
    let body = if parts.is_empty() {
        String::new()
    } else {
        format!("\n    {}\n", parts.join(",\n    "))
    };
    format!(
        "CREATE {unlogged}TABLE {} ({body}){}",
        quote_identifier(&table.name),
        with(&table.options)
    )
}

/// `CREATE INDEX`.
pub fn create_index(table: &str, index: &IndexDefinition) -> String {
    index_statement("", table, index)
}

/// `CREATE INDEX CONCURRENTLY`, for outside a transaction.
pub fn create_index_concurrently(table: &str, index: &IndexDefinition) -> String {
    index_statement("CONCURRENTLY ", table, index)
}

/// `DROP INDEX CONCURRENTLY IF EXISTS`, for what an interrupted build has left.
pub fn drop_index_concurrently_if_exists(index: &str) -> String {
    let name = quote_identifier(index);
    format!("DROP INDEX CONCURRENTLY IF EXISTS {name}")
}

fn index_statement(concurrently: &str, table: &str, index: &IndexDefinition) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let (name, table) = (quote_identifier(&index.name), quote_identifier(table));
    let mut sql = format!(
        "CREATE {unique}INDEX {concurrently}{name} ON {table} USING {} ({})",
        index.method,
        index
            .keys
            .iter()
            .map(|key| faithful(key))
            .collect::<Vec<_>>()
            .join(", ")
    );
    sql.push_str(&include(&index.include));
    if index.nulls_not_distinct {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    sql.push_str(&with(&index.options));
    if let Some(predicate) = &index.predicate {
        let _ = write!(sql, " WHERE {}", faithful(predicate));
    }
    sql
}

/// `ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY`.
pub fn add_foreign_key(table: &str, key: &ForeignKeyDefinition) -> String {
    add_constraint(table, &foreign_key(key))
}

/// A foreign key, as [`add_constraint`] takes it.
pub fn foreign_key(key: &ForeignKeyDefinition) -> String {
    let schema = key.references_schema.as_ref();
    let mut sql = format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}{} ({})",
        quote_identifier(&key.name),
        quote_identifiers(&key.columns),
        schema.map_or_else(String::new, |name| format!("{}.", quote_identifier(name))),
        quote_identifier(&key.references_table),
        quote_identifiers(&key.references_columns),
    );
    if key.match_full {
        sql.push_str(" MATCH FULL");
    }
    for (event, action) in [("UPDATE", key.on_update), ("DELETE", key.on_delete)] {
        if action != ReferentialAction::NoAction {
            let _ = write!(sql, " ON {event} {}", referential_action(action));
        }
    }
    if !key.set_columns.is_empty() {
        let _ = write!(sql, " ({})", quote_identifiers(&key.set_columns));
    }
    sql.push_str(deferrable(key.deferrable));
    sql.push_str(not_valid(key.not_valid));
    sql
}

/// `ALTER TABLE … ADD` of a constraint from [`unique`] or [`check`].
pub fn add_constraint(table: &str, constraint: &str) -> String {
    format!("ALTER TABLE {} ADD {constraint}", quote_identifier(table))
}

/// `ALTER TABLE … DROP CONSTRAINT`.
pub fn drop_constraint(table: &str, name: &str) -> String {
    format!(
        "ALTER TABLE {} DROP CONSTRAINT {}",
        quote_identifier(table),
        quote_identifier(name)
    )
}

/// `COMMENT ON` an object that is spelled as DDL has it, such as `TABLE "notes"`; no text takes the comment away.
pub fn comment(object: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), quote_literal);
    format!("COMMENT ON {object} IS {text}")
}

/// `COMMENT ON` the table, its columns, keys, indexes and constraints, for those that have one.
pub fn comments(table: &TableDefinition) -> Vec<String> {
    let commented = |(object, text): (String, &Option<String>)| {
        let text = text.as_deref()?;
        Some(comment(&object, Some(text)))
    };
    commentable(table).filter_map(commented).collect()
}

/// Everything of a table that can carry a comment, spelled as `COMMENT ON` takes it, with the comment it has.
pub fn commentable(table: &TableDefinition) -> impl Iterator<Item = (String, &Option<String>)> {
    let name = quote_identifier(&table.name);
    let of_column = {
        let name = name.clone();
        move |column: &str| format!("COLUMN {name}.{}", quote_identifier(column))
    };
    let of_constraint = {
        let name = name.clone();
        move |constraint: &str| format!("CONSTRAINT {} ON {name}", quote_identifier(constraint))
    };
    let constraints = (table.keys().map(|key| (&key.name, &key.comment)))
        .chain(
            table
                .checks
                .iter()
                .map(|check| (&check.name, &check.comment)),
        )
        .chain(
            table
                .foreign_keys
                .iter()
                .map(|key| (&key.name, &key.comment)),
        );
    let indexes = table.indexes.iter();
    std::iter::once((format!("TABLE {name}"), &table.comment))
        .chain((table.columns.iter()).map(move |column| (of_column(&column.name), &column.comment)))
        .chain(constraints.map(move |(name, text)| (of_constraint(name), text)))
        .chain(indexes.map(|index| {
            (
                format!("INDEX {}", quote_identifier(&index.name)),
                &index.comment,
            )
        }))
}

/// A column, as `CREATE TABLE` and `ALTER TABLE … ADD COLUMN` take it.
pub fn column(column: &ColumnDefinition) -> String {
    let mut sql = format!("{} {}", quote_identifier(&column.name), column.sql_type);
    if let Some(collation) = &column.collation {
        let _ = write!(sql, " COLLATE {}", quote_identifier(collation));
    }
    if let Some(expression) = &column.generated {
        let _ = write!(
            sql,
            " GENERATED ALWAYS AS ({}) STORED",
            faithful(expression)
        );
    }
    if let Some(definition) = &column.identity {
        let _ = write!(sql, " {}", identity(definition));
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        let _ = write!(sql, " DEFAULT {}", faithful(default));
    }
    sql
}

/// `GENERATED … AS IDENTITY` with the sequence's name and options.
pub fn identity(identity: &IdentityDefinition) -> String {
    let kind = identity_kind(identity.kind);
    match &identity.sequence {
        None => format!("GENERATED {kind} AS IDENTITY"),
        Some(sequence) => format!(
            "GENERATED {kind} AS IDENTITY (SEQUENCE NAME {} {})",
            quote_identifier(&sequence.name),
            sequence_options(sequence)
        ),
    }
}

/// `ALWAYS` or `BY DEFAULT`.
pub fn identity_kind(kind: Identity) -> &'static str {
    match kind {
        Identity::Always => "ALWAYS",
        Identity::ByDefault => "BY DEFAULT",
    }
}

/// `CREATE SEQUENCE`; its owner comes after the table.
pub fn create_sequence(sequence: &SequenceDefinition) -> String {
    format!(
        "CREATE SEQUENCE {} AS {} {}",
        quote_identifier(&sequence.name),
        sequence.data_type,
        sequence_options(sequence)
    )
}

/// The options of a sequence, all of them, as `CREATE SEQUENCE` and identity columns take them.
pub fn sequence_options(sequence: &SequenceDefinition) -> String {
    format!(
        "START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {}{}",
        sequence.start,
        sequence.increment,
        sequence.minimum,
        sequence.maximum,
        sequence.cache,
        if sequence.cycle {
            " CYCLE"
        } else {
            " NO CYCLE"
        }
    )
}

/// The options of a sequence, each as `ALTER COLUMN` takes it for an identity column.
pub fn identity_options(sequence: &SequenceDefinition) -> [String; 6] {
    [
        format!("SET START WITH {}", sequence.start),
        format!("SET INCREMENT BY {}", sequence.increment),
        format!("SET MINVALUE {}", sequence.minimum),
        format!("SET MAXVALUE {}", sequence.maximum),
        format!("SET CACHE {}", sequence.cache),
        format!("SET {}", if sequence.cycle { "CYCLE" } else { "NO CYCLE" }),
    ]
}

/// `ALTER SEQUENCE … OWNED BY`.
pub fn own_sequence(sequence: &SequenceDefinition) -> String {
    let owner = sequence.owner.as_ref().map_or_else(
        || "NONE".to_owned(),
        |owner| {
            let (table, column) = (&owner.table, &owner.column);
            format!("{}.{}", quote_identifier(table), quote_identifier(column))
        },
    );
    let name = quote_identifier(&sequence.name);
    format!("ALTER SEQUENCE {name} OWNED BY {owner}")
}

/// A primary key, as `CREATE TABLE` and [`add_constraint`] take it.
pub fn primary_key(key: &KeyDefinition) -> String {
    key_constraint("PRIMARY KEY", key)
}

/// A unique constraint, as `CREATE TABLE` and [`add_constraint`] take it.
pub fn unique(key: &KeyDefinition) -> String {
    let nulls = if key.nulls_not_distinct {
        "UNIQUE NULLS NOT DISTINCT"
    } else {
        "UNIQUE"
    };
    key_constraint(nulls, key)
}

fn key_constraint(kind: &str, key: &KeyDefinition) -> String {
    format!(
        "CONSTRAINT {} {kind} ({}){}{}{}",
        quote_identifier(&key.name),
        quote_identifiers(&key.columns),
        include(&key.include),
        with(&key.options),
        deferrable(key.deferrable)
    )
}

/// A check constraint, as `CREATE TABLE` and [`add_constraint`] take it.
pub fn check(check: &CheckDefinition) -> String {
    let no_inherit = if check.no_inherit { " NO INHERIT" } else { "" };
    format!(
        "CONSTRAINT {} CHECK ({}){no_inherit}{}",
        quote_identifier(&check.name),
        faithful(&check.expression),
        not_valid(check.not_valid)
    )
}

fn include(columns: &[String]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    format!(" INCLUDE ({})", quote_identifiers(columns))
}

fn with(options: &[String]) -> String {
    if options.is_empty() {
        return String::new();
    }
    format!(" WITH ({})", options.join(", "))
}

/// The clause of a constraint that can wait for the end of the transaction.
pub fn deferrable(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE INITIALLY IMMEDIATE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}

fn not_valid(not_valid: bool) -> &'static str {
    if not_valid { " NOT VALID" } else { "" }
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
