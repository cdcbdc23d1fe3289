//! Whole schemas made at random over small pools of names, so that two of them have much in common.

use rowhouse::provisioner::ddl;
use tenant_schema::definition::{
    EnumDefinition, SchemaDefinition, SequenceDefinition, TableDefinition,
};

use super::choices::Choices;
use super::{constraints, repair, table};

const TABLES: [&str; 7] = [
    "notes",
    "Users",
    "order",
    "a.b",
    "it\"s",
    "tags",
    "log entries",
];
const ENUMS: [&str; 3] = ["mood", "Odd Kind", "select"];
const LABELS: [&str; 8] = ["a", "b", "it's", "back\\slash", "c,d", "Ü €", "{x}", "D"];
const SEQUENCES: [&str; 2] = ["numbers", "Big.Counter"];

/// A schema.
pub(crate) fn schema(choices: &mut Choices<'_>) -> SchemaDefinition {
    let mut schema = SchemaDefinition::default();
    let mut names = ENUMS.to_vec();
    for _ in 0..choices.below(3) {
        schema.enums.extend(
            choices
                .take(&mut names)
                .map(|name| enum_type(name, choices)),
        );
    }
    let mut names = SEQUENCES.to_vec();
    for _ in 0..choices.below(3) {
        schema
            .sequences
            .extend(choices.take(&mut names).map(|name| sequence(name, choices)));
    }
    for _ in 0..=choices.below(6) {
        add_table(&mut schema, choices);
    }
    for number in 0..schema.tables.len() {
        for _ in 0..choices.below(3) {
            constraints::add_foreign_key(&mut schema, number, choices);
        }
    }
    repair::repair(&mut schema);
    schema
}

/// Adds a table of a name that is free.
pub(crate) fn add_table(schema: &mut SchemaDefinition, choices: &mut Choices<'_>) {
    let is_free = |name: &&str| schema.table(name).is_none();
    let mut names: Vec<&str> = TABLES.into_iter().filter(is_free).collect();
    if let Some(name) = choices.take(&mut names) {
        table::add(schema, name, choices);
    }
}

/// An enum with some labels in some order.
pub(crate) fn enum_type(name: &str, choices: &mut Choices<'_>) -> EnumDefinition {
    let mut pool = LABELS.to_vec();
    let count = 1 + choices.below(5);
    let labels = (0..count).filter_map(|_| choices.take(&mut pool).map(ToOwned::to_owned));
    EnumDefinition {
        name: name.to_owned(),
        labels: labels.collect(),
        comment: choices.comment(),
    }
}

/// A sequence of its own.
pub(crate) fn sequence(name: &str, choices: &mut Choices<'_>) -> SequenceDefinition {
    let start = *choices.pick(&[1, 10, 100]);
    SequenceDefinition {
        start,
        increment: *choices.pick(&[1, 2, 5]),
        cache: *choices.pick(&[1, 20]),
        cycle: choices.chance(20),
        comment: choices.comment(),
        ..table::plain_sequence(name, choices.pick::<&str>(&["bigint", "integer"]))
    }
}

/// Statements that make the schema.
pub(crate) fn statements(schema: &SchemaDefinition) -> Vec<String> {
    let tables = &schema.tables;
    let of_tables = |make: &dyn Fn(&TableDefinition) -> Vec<String>| -> Vec<String> {
        tables.iter().flat_map(make).collect()
    };
    let indexes = of_tables(&|table| {
        let indexes = table.indexes.iter();
        indexes
            .map(|index| ddl::create_index(&table.name, index))
            .collect()
    });
    let keys = of_tables(&|table| {
        let keys = table.foreign_keys.iter();
        keys.map(|key| ddl::add_foreign_key(&table.name, key))
            .collect()
    });
    let owned = schema
        .sequences
        .iter()
        .filter(|sequence| sequence.owner.is_some());
    [
        schema.enums.iter().map(ddl::create_enum).collect(),
        schema.sequences.iter().map(ddl::create_sequence).collect(),
        tables.iter().map(ddl::create_table).collect(),
        indexes,
        keys,
        owned.map(ddl::own_sequence).collect(),
        of_tables(&ddl::comments),
        comments(schema),
    ]
    .concat()
}

fn comments(schema: &SchemaDefinition) -> Vec<String> {
    use rowhouse::provisioner::identifier::quote_identifier;
    let enums = schema
        .enums
        .iter()
        .map(|of| ("TYPE", &of.name, &of.comment));
    let sequences = schema
        .sequences
        .iter()
        .map(|of| ("SEQUENCE", &of.name, &of.comment));
    let comment = |(kind, name, text): (&str, &String, &Option<String>)| {
        let object = format!("{kind} {}", quote_identifier(name));
        text.as_ref().map(|text| ddl::comment(&object, Some(text)))
    };
    enums.chain(sequences).filter_map(comment).collect()
}
