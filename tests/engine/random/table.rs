//! Tables and columns made at random.

use rowhouse::provisioner::identifier::{quote_identifier, quote_literal};
use tenant_schema::definition::{
    ColumnDefinition, EnumDefinition, Identity, IdentityDefinition, SchemaDefinition,
    SequenceDefinition, SequenceOwner, TableDefinition,
};

use super::choices::Choices;
use super::constraints;

const COLUMNS: [&str; 10] = [
    "id", "name", "Amount", "select", "a b", "at", "tags", "ref", "it's", "n",
];

/// Types with a default that each admits.
pub(crate) const TYPES: [(&str, &str); 18] = [
    ("integer", "7"),
    ("text", "'x'::text"),
    ("bigint", "0"),
    ("boolean", "false"),
    ("varchar(20)", "'v'::character varying"),
    ("timestamptz", "now()"),
    ("smallint", "3"),
    ("numeric(8,2)", "1.50"),
    ("uuid", "gen_random_uuid()"),
    ("date", "'2024-01-01'::date"),
    ("jsonb", "'{}'::jsonb"),
    ("integer[]", "'{}'::integer[]"),
    ("text[]", "ARRAY['it''s'::text]"),
    ("double precision", "0.5"),
    ("varchar(40)", "'it''s'::character varying"),
    ("interval", "'1 day'::interval"),
    ("bytea", "'\\x00'::bytea"),
    ("numeric", "(1 + 1)"),
];

/// Types of which each can take the place of each, if not for every row.
pub(crate) const FAMILIES: [&[&str]; 3] = [
    &["integer", "bigint", "smallint", "numeric(8,2)", "numeric"],
    &["text", "varchar(20)", "varchar(40)"],
    &["timestamptz", "date"],
];

/// Adds a table with columns, keys, checks and indexes.
pub(crate) fn add(schema: &mut SchemaDefinition, name: &str, choices: &mut Choices<'_>) {
    schema.tables.push(TableDefinition {
        name: name.to_owned(),
        comment: choices.comment(),
        unlogged: choices.chance(8),
        options: if choices.chance(10) {
            vec![fill_factor(choices)]
        } else {
            Vec::new()
        },
        ..TableDefinition::default()
    });
    let number = schema.tables.len() - 1;
    for _ in 0..=choices.below(6) {
        add_column(schema, number, choices);
    }
    if !choices.chance(20) {
        constraints::add_primary_key(schema, number, choices);
    }
    for _ in 0..choices.below(3) {
        constraints::add_unique(schema, number, choices);
    }
    for _ in 0..choices.below(3) {
        constraints::add_check(schema, number, choices);
    }
    for _ in 0..choices.below(4) {
        constraints::add_index(schema, number, choices);
    }
}

/// A storage parameter.
pub(crate) fn fill_factor(choices: &mut Choices<'_>) -> String {
    (*choices.pick(&["fillfactor=70", "fillfactor=90"])).to_owned()
}

/// Adds a column of a name that is free.
pub(crate) fn add_column(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let table = &schema.tables[number];
    let mut names: Vec<&str> = COLUMNS
        .into_iter()
        .filter(|name| table.column(name).is_none())
        .collect();
    let Some(name) = choices.take(&mut names) else {
        return;
    };
    let (sql_type, default) = sql_type(&schema.enums, choices);
    let mut column = ColumnDefinition {
        name: name.to_owned(),
        nullable: !choices.chance(25),
        default: choices.chance(30).then_some(default),
        comment: choices.comment(),
        sql_type,
        ..ColumnDefinition::default()
    };
    if column.sql_type == "text" && choices.chance(15) {
        column.collation = Some((*choices.pick(&["C", "POSIX"])).to_owned());
    }
    if is_counted(&column) && choices.chance(30) {
        count(schema, number, &mut column, choices);
    } else if choices.chance(12) {
        generate(&schema.tables[number], &mut column, choices);
    }
    schema.tables[number].columns.push(column);
}

/// A type and a default for it.
pub(crate) fn sql_type(enums: &[EnumDefinition], choices: &mut Choices<'_>) -> (String, String) {
    if !enums.is_empty() && choices.chance(25) {
        let chosen = choices.pick(enums);
        let name = quote_identifier(&chosen.name);
        let label = quote_literal(choices.pick::<String>(&chosen.labels));
        return if choices.chance(25) {
            (format!("{name}[]"), format!("ARRAY[{label}::{name}]"))
        } else {
            (name.clone(), format!("{label}::{name}"))
        };
    }
    let (name, default) = choices.pick(&TYPES);
    ((*name).to_owned(), (*default).to_owned())
}

/// Whether the column can count by itself.
pub(crate) fn is_counted(column: &ColumnDefinition) -> bool {
    ["smallint", "integer", "bigint"].contains(&column.sql_type.as_str())
        && column.generated.is_none()
}

/// Makes the column an identity or a serial one.
pub(crate) fn count(
    schema: &mut SchemaDefinition,
    number: usize,
    column: &mut ColumnDefinition,
    choices: &mut Choices<'_>,
) {
    let table = &schema.tables[number];
    column.default = None;
    column.nullable = false;
    if table.unlogged || choices.chance(60) {
        let kind = *choices.pick(&[Identity::ByDefault, Identity::Always]);
        column.identity = Some(IdentityDefinition {
            kind,
            sequence: None,
        });
        return;
    }
    let name = format!("{}_{}_seq", table.name, column.name);
    if schema
        .sequences
        .iter()
        .any(|sequence| sequence.name == name)
    {
        return;
    }
    let regclass = quote_literal(&quote_identifier(&name));
    column.default = Some(format!("nextval({regclass}::regclass)"));
    schema.sequences.push(SequenceDefinition {
        owner: Some(SequenceOwner {
            table: table.name.clone(),
            column: column.name.clone(),
        }),
        ..plain_sequence(&name, &column.sql_type)
    });
}

/// A sequence with PostgreSQL's own options for the type.
pub(crate) fn plain_sequence(name: &str, data_type: &str) -> SequenceDefinition {
    SequenceDefinition {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        start: 1,
        increment: 1,
        minimum: 1,
        maximum: match data_type {
            "smallint" => i64::from(i16::MAX),
            "integer" => i64::from(i32::MAX),
            _ => i64::MAX,
        },
        cache: 1,
        ..SequenceDefinition::default()
    }
}

/// Makes the column one that is generated from another one of the table, if there is a fitting one.
pub(crate) fn generate(
    table: &TableDefinition,
    column: &mut ColumnDefinition,
    choices: &mut Choices<'_>,
) {
    let sources: Vec<_> = (table.columns.iter())
        .filter(|source| source.generated.is_none() && source.name != column.name)
        .filter_map(|source| Some((source, expression(source)?)))
        .collect();
    if sources.is_empty() {
        return;
    }
    let (_, (sql_type, expression)) = choices.pick(&sources);
    column.sql_type = (*sql_type).to_owned();
    column.generated = Some(expression.clone());
    (column.default, column.identity, column.collation) = (None, None, None);
}

/// Something immutable that can be made of a column, with its type.
pub(crate) fn expression(column: &ColumnDefinition) -> Option<(&'static str, String)> {
    let name = quote_identifier(&column.name);
    match column.sql_type.as_str() {
        "integer" | "smallint" => Some(("integer", format!("{name} / 2"))),
        "bigint" => Some(("bigint", format!("{name} / 2"))),
        "text" | "varchar(20)" | "varchar(40)" => Some(("text", format!("upper({name})"))),
        "boolean" => Some(("boolean", format!("NOT {name}"))),
        _ => None,
    }
}
