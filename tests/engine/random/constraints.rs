//! Keys, checks, indexes and foreign keys made at random.

use rowhouse::provisioner::identifier::quote_identifier;
use tenant_schema::definition::{
    CheckDefinition, ColumnDefinition, Deferrable, ForeignKeyDefinition, IndexDefinition,
    KeyDefinition, ReferentialAction, SchemaDefinition, TableDefinition,
};

use super::choices::Choices;
use super::table;

const ACTIONS: [ReferentialAction; 5] = [
    ReferentialAction::NoAction,
    ReferentialAction::Cascade,
    ReferentialAction::SetNull,
    ReferentialAction::Restrict,
    ReferentialAction::SetDefault,
];

/// Gives the table a primary key, in place of the one it has.
pub(crate) fn add_primary_key(
    schema: &mut SchemaDefinition,
    number: usize,
    choices: &mut Choices<'_>,
) {
    schema.tables[number].primary_key = None;
    let Some(name) = free_name(schema, "pk", choices) else {
        return;
    };
    let table = &mut schema.tables[number];
    let key = key(table, name, choices);
    for column in &mut table.columns {
        if key.columns.contains(&column.name) {
            column.nullable = false;
        }
    }
    table.primary_key = Some(key);
}

/// Adds a unique constraint.
pub(crate) fn add_unique(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let Some(name) = free_name(schema, "uq", choices) else {
        return;
    };
    let table = &mut schema.tables[number];
    let mut key = key(table, name, choices);
    key.nulls_not_distinct = choices.chance(20);
    let is_there = |other: &KeyDefinition| other.columns == key.columns;
    if !table.keys().any(is_there) {
        table.uniques.push(key);
    }
}

fn key(table: &TableDefinition, name: String, choices: &mut Choices<'_>) -> KeyDefinition {
    let mut columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let count = if choices.chance(25) { 2 } else { 1 };
    let chosen = (0..count)
        .filter_map(|_| choices.take(&mut columns))
        .collect();
    let include = if choices.chance(10) {
        choices.take(&mut columns)
    } else {
        None
    };
    KeyDefinition {
        name,
        columns: chosen,
        include: include.into_iter().collect(),
        deferrable: deferrable(choices, 10),
        options: if choices.chance(8) {
            vec![table::fill_factor(choices)]
        } else {
            Vec::new()
        },
        comment: choices.comment(),
        ..KeyDefinition::default()
    }
}

fn deferrable(choices: &mut Choices<'_>, percent: usize) -> Deferrable {
    if choices.chance(percent) {
        *choices.pick(&[
            Deferrable::InitiallyImmediate,
            Deferrable::InitiallyDeferred,
        ])
    } else {
        Deferrable::No
    }
}

/// Adds a check.
pub(crate) fn add_check(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let enums = schema.enums.clone();
    let table = &mut schema.tables[number];
    let is_free = |name: &&str| !table.checks.iter().any(|check| check.name == *name);
    let mut names: Vec<&str> = ["c1", "C 2", "c\"3"].into_iter().filter(is_free).collect();
    let Some(name) = choices.take(&mut names) else {
        return;
    };
    let column = choices.pick(&table.columns);
    let quoted = quote_identifier(&column.name);
    let bound = choices.below(4);
    let of_enum = enums
        .iter()
        .find(|of| quote_identifier(&of.name) == column.sql_type);
    let expression = match (column.sql_type.as_str(), of_enum) {
        (_, Some(of)) => {
            let label = rowhouse::provisioner::identifier::quote_literal(
                choices.pick::<String>(&of.labels),
            );
            format!("{quoted} <> {label}::{}", column.sql_type)
        }
        ("integer" | "bigint" | "smallint" | "numeric" | "numeric(8,2)", _) => {
            format!("{quoted} > {bound}")
        }
        ("text" | "varchar(20)" | "varchar(40)", _) => format!("length({quoted}) > {bound}"),
        _ => format!("{quoted} IS NOT NULL OR {bound} > 0"),
    };
    table.checks.push(CheckDefinition {
        name: name.to_owned(),
        expression,
        no_inherit: choices.chance(10),
        not_valid: choices.chance(15),
        comment: choices.comment(),
    });
}

/// Adds an index.
pub(crate) fn add_index(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let Some(name) = free_name(schema, "ix", choices) else {
        return;
    };
    let table = &mut schema.tables[number];
    let columns = table.columns.clone();
    let column = choices.pick(&columns);
    let (method, first) = index_key(column, choices);
    let is_btree = method == "btree";
    let mut keys = vec![first];
    if is_btree && choices.chance(30) {
        keys.push(quote_identifier(&choices.pick(&columns).name));
    }
    let include = choices.pick(&columns).name.clone();
    let unique = is_btree && choices.chance(25);
    table.indexes.push(IndexDefinition {
        name,
        method: method.to_owned(),
        unique,
        keys,
        include: if is_btree && choices.chance(12) {
            vec![include]
        } else {
            Vec::new()
        },
        predicate: choices
            .chance(25)
            .then(|| predicate(choices.pick(&columns))),
        nulls_not_distinct: unique && choices.chance(25),
        options: if is_btree && choices.chance(10) {
            vec![table::fill_factor(choices)]
        } else {
            Vec::new()
        },
        invalid: false,
        comment: choices.comment(),
    });
}

fn index_key(column: &ColumnDefinition, choices: &mut Choices<'_>) -> (&'static str, String) {
    let name = quote_identifier(&column.name);
    if column.sql_type.ends_with("[]") && choices.chance(50) {
        return ("gin", name);
    }
    match (column.sql_type.as_str(), choices.below(6)) {
        ("jsonb", 1 | 2) => ("gin", format!("{name} jsonb_path_ops")),
        ("text", 1) => ("btree", format!("{name} text_pattern_ops")),
        ("text" | "varchar(20)", 2) => ("btree", format!("{name} COLLATE \"C\"")),
        ("timestamptz" | "date" | "integer" | "bigint", 1) => ("brin", name),
        (_, 3) => ("btree", format!("{name} DESC")),
        (_, 4) => ("btree", format!("{name} DESC NULLS LAST")),
        (_, 5) => match table::expression(column) {
            Some((_, expression)) => ("btree", format!("({expression})")),
            None => ("hash", name),
        },
        _ => ("btree", name),
    }
}

fn predicate(column: &ColumnDefinition) -> String {
    let name = quote_identifier(&column.name);
    match column.sql_type.as_str() {
        "boolean" => name,
        "integer" | "bigint" => format!("{name} > 2"),
        _ => format!("{name} IS NOT NULL"),
    }
}

/// Adds a foreign key to any table with a key for which this one has columns.
pub(crate) fn add_foreign_key(
    schema: &mut SchemaDefinition,
    number: usize,
    choices: &mut Choices<'_>,
) {
    let table = &schema.tables[number];
    let is_free = |name: &&str| !table.foreign_keys.iter().any(|key| key.name == *name);
    let mut names: Vec<&str> = ["f1", "F 2", "f.3"].into_iter().filter(is_free).collect();
    let target = choices.pick(&schema.tables);
    let keys: Vec<&KeyDefinition> = target
        .keys()
        .filter(|key| key.deferrable == Deferrable::No)
        .collect();
    let (Some(name), false) = (choices.take(&mut names), keys.is_empty()) else {
        return;
    };
    let key = *choices.pick(&keys);
    let mut columns: Vec<String> = Vec::new();
    for referenced in &key.columns {
        let Some(referenced) = target.column(referenced) else {
            return;
        };
        let fits = |column: &&ColumnDefinition| {
            column.sql_type == referenced.sql_type
                && column.collation == referenced.collation
                && column.generated.is_none()
                && !columns.contains(&column.name)
        };
        let fitting: Vec<_> = table.columns.iter().filter(fits).collect();
        if fitting.is_empty() {
            return;
        }
        columns.push(choices.pick(&fitting).name.clone());
    }
    let on_delete = *choices.pick(&ACTIONS);
    let sets = [ReferentialAction::SetNull, ReferentialAction::SetDefault].contains(&on_delete);
    let foreign_key = ForeignKeyDefinition {
        name: name.to_owned(),
        set_columns: if sets && choices.chance(25) {
            vec![columns[0].clone()]
        } else {
            Vec::new()
        },
        columns,
        references_schema: None,
        references_table: target.name.clone(),
        references_columns: key.columns.clone(),
        on_delete,
        on_update: *choices.pick(&ACTIONS),
        match_full: choices.chance(15),
        deferrable: deferrable(choices, 20),
        not_valid: choices.chance(15),
        comment: choices.comment(),
    };
    schema.tables[number].foreign_keys.push(foreign_key);
}

/// A name for what shares the names of tables, which nothing in the schema has.
fn free_name(schema: &SchemaDefinition, kind: &str, choices: &mut Choices<'_>) -> Option<String> {
    let is_taken = |name: &String| {
        schema.tables.iter().any(|table| {
            table.keys().any(|key| &key.name == name)
                || table.indexes.iter().any(|index| &index.name == name)
        })
    };
    let names =
        (0..9).map(|number| format!("{kind}{}{number}", if number % 4 == 3 { " X" } else { "" }));
    let mut names: Vec<String> = names.filter(|name| !is_taken(name)).collect();
    choices.take(&mut names)
}
