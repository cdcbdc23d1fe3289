//! A schema changed a little, at random.

use tenant_schema::definition::{ColumnDefinition, Identity, SchemaDefinition, TableDefinition};

use super::choices::Choices;
use super::{constraints, repair, schema, table};

/// The schema after one to eight changes.
pub(crate) fn mutated(before: &SchemaDefinition, choices: &mut Choices<'_>) -> SchemaDefinition {
    let mut after = before.clone();
    for _ in 0..=choices.below(8) {
        change(&mut after, choices);
        repair::repair(&mut after);
    }
    after
}

fn change(schema: &mut SchemaDefinition, choices: &mut Choices<'_>) {
    let kind = choices.below(10);
    if kind == 9 || schema.tables.is_empty() {
        return change_whole(schema, choices);
    }
    let number = choices.below(schema.tables.len());
    if schema.tables[number].columns.is_empty() {
        return table::add_column(schema, number, choices);
    }
    match kind {
        0 | 1 => change_column(schema, number, choices),
        2 => change_type(schema, number, choices),
        3 => change_columns(schema, number, choices),
        4 => change_index(schema, number, choices),
        5 => change_key(schema, number, choices),
        6 => change_check(schema, number, choices),
        7 => change_foreign_key(schema, number, choices),
        _ => change_enum(schema, choices),
    }
}

fn change_whole(schema: &mut SchemaDefinition, choices: &mut Choices<'_>) {
    match choices.below(6) {
        0 => schema::add_table(schema, choices),
        1 => drop(choices.take(&mut schema.tables)),
        2 => drop(choices.take(&mut schema.sequences)),
        3 if !schema.tables.is_empty() => {
            let number = choices.below(schema.tables.len());
            change_table(&mut schema.tables[number], choices);
        }
        4 if !schema.sequences.is_empty() => {
            let number = choices.below(schema.sequences.len());
            let sequence = &mut schema.sequences[number];
            sequence.increment = *choices.pick(&[1, 3, 7]);
            sequence.cache = *choices.pick(&[1, 5]);
            sequence.comment = choices.comment();
        }
        _ => drop(choices.take(&mut schema.enums)),
    }
}

fn change_table(table: &mut TableDefinition, choices: &mut Choices<'_>) {
    match choices.below(3) {
        0 => table.comment = choices.comment(),
        1 => {
            table.options = if choices.chance(50) {
                vec![table::fill_factor(choices)]
            } else {
                Vec::new()
            }
        }
        _ => {
            let counts = |column: &ColumnDefinition| {
                column
                    .default
                    .as_ref()
                    .is_some_and(|default| default.starts_with("nextval"))
            };
            table.unlogged = !table.unlogged && !table.columns.iter().any(counts);
        }
    }
}

fn change_column(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    if schema.tables[number].columns.is_empty() {
        return;
    }
    let position = choices.below(schema.tables[number].columns.len());
    let mut column = schema.tables[number].columns[position].clone();
    match choices.below(6) {
        0 => column.nullable = !column.nullable && column.identity.is_none(),
        1 => column.comment = choices.comment(),
        2 if table::is_counted(&column) && column.identity.is_none() => {
            table::count(schema, number, &mut column, choices);
        }
        3 if column.identity.is_some() => {
            let kinds = [None, Some(Identity::Always), Some(Identity::ByDefault)];
            let kind = *choices.pick(&kinds);
            column.identity = kind.and(column.identity).map(|mut identity| {
                identity.kind = kind.unwrap_or_default();
                identity
            });
        }
        4 if column.generated.is_some() => column.generated = None,
        5 if column.identity.is_none() => {
            table::generate(&schema.tables[number], &mut column, choices);
        }
        _ if column.default.is_some() => column.default = None,
        _ if column.identity.is_none() && column.generated.is_none() => {
            let known = table::TYPES
                .iter()
                .find(|(name, _)| *name == column.sql_type);
            column.default = known.map(|(_, default)| (*default).to_owned());
        }
        _ => {}
    }
    schema.tables[number].columns[position] = column;
}

/// Gives a column another type, in most cases of the same family, and all that refer to it with it.
fn change_type(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let enums = schema.enums.clone();
    let table = &schema.tables[number];
    if table.columns.is_empty() {
        return;
    }
    let column = choices.pick(&table.columns).clone();
    if column.generated.is_some() {
        return;
    }
    let family = table::FAMILIES
        .iter()
        .find(|family| family.contains(&column.sql_type.as_str()));
    let counts = column.identity.is_some()
        || column
            .default
            .as_ref()
            .is_some_and(|default| default.starts_with("nextval"));
    let (sql_type, default) = match family {
        Some(_) if counts => (
            (*choices.pick(&["integer", "bigint", "smallint"])).to_owned(),
            None,
        ),
        Some(family) if choices.chance(70) => {
            let sql_type = (*choices.pick(family)).to_owned();
            let known = table::TYPES.iter().find(|(name, _)| *name == sql_type);
            (sql_type, known.map(|(_, default)| (*default).to_owned()))
        }
        _ if counts => return,
        _ => {
            let (sql_type, default) = table::sql_type(&enums, choices);
            forget(&mut schema.tables[number], &column.name);
            (sql_type, Some(default))
        }
    };
    let table_name = schema.tables[number].name.clone();
    let referring = referring(schema, &table_name, &column.name);
    for (table, name) in referring
        .into_iter()
        .chain([(table_name.clone(), column.name)])
    {
        let tables = schema.tables.iter_mut().filter(|of| of.name == table);
        for column in tables
            .flat_map(|of| &mut of.columns)
            .filter(|of| of.name == name)
        {
            let counts = column.identity.is_some()
                || column
                    .default
                    .as_ref()
                    .is_some_and(|of| of.starts_with("nextval"));
            sql_type.clone_into(&mut column.sql_type);
            if !counts && column.default.is_some() {
                column.default.clone_from(&default);
            }
            if column.sql_type != "text" {
                column.collation = None;
            }
        }
    }
}

fn referring(schema: &SchemaDefinition, table: &str, column: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for of in &schema.tables {
        for key in of
            .foreign_keys
            .iter()
            .filter(|key| key.references_table == table)
        {
            let pairs = key.columns.iter().zip(&key.references_columns);
            let pairs = pairs.filter(|(_, referenced)| *referenced == column);
            found.extend(pairs.map(|(from, _)| (of.name.clone(), from.clone())));
        }
    }
    found
}

/// Takes away what reads the column in an expression that its next type may not admit.
fn forget(table: &mut TableDefinition, column: &str) {
    let quoted = rowhouse::provisioner::identifier::quote_identifier(column);
    let is_plain = |text: &String| *text == quoted || !text.contains(&quoted);
    table.checks.retain(|check| is_plain(&check.expression));
    table.indexes.retain(|index| {
        index.method == "btree"
            && index.keys.iter().all(is_plain)
            && index
                .predicate
                .as_ref()
                .is_none_or(|text| !text.contains(&quoted))
    });
    for column in &mut table.columns {
        if column
            .generated
            .as_ref()
            .is_some_and(|text| text.contains(&quoted))
        {
            column.generated = None;
        }
    }
}

fn change_columns(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    if choices.chance(50) {
        let columns = &mut schema.tables[number].columns;
        drop(choices.take(columns));
    } else {
        table::add_column(schema, number, choices);
    }
}

fn change_index(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let indexes = &mut schema.tables[number].indexes;
    match choices.below(3) {
        0 => constraints::add_index(schema, number, choices),
        1 => drop(choices.take(indexes)),
        // Another index under the same name.
        _ => {
            let Some(gone) = choices.take(indexes) else {
                return;
            };
            constraints::add_index(schema, number, choices);
            if let Some(index) = schema.tables[number].indexes.last_mut() {
                index.name = gone.name;
            }
        }
    }
    let mut names = Vec::new();
    schema.tables[number].indexes.retain(|index| {
        let is_new = !names.contains(&index.name);
        names.push(index.name.clone());
        is_new
    });
}

fn change_key(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    match choices.below(4) {
        0 => constraints::add_unique(schema, number, choices),
        1 => drop(choices.take(&mut schema.tables[number].uniques)),
        2 => schema.tables[number].primary_key = None,
        _ => constraints::add_primary_key(schema, number, choices),
    }
}

fn change_check(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let checks = &mut schema.tables[number].checks;
    match choices.below(3) {
        1 => drop(choices.take(checks)),
        2 if !checks.is_empty() => {
            let position = choices.below(checks.len());
            checks[position].not_valid = !checks[position].not_valid;
        }
        _ if schema.tables[number].columns.is_empty() => {}
        _ => constraints::add_check(schema, number, choices),
    }
}

fn change_foreign_key(schema: &mut SchemaDefinition, number: usize, choices: &mut Choices<'_>) {
    let keys = &mut schema.tables[number].foreign_keys;
    match choices.below(4) {
        1 => drop(choices.take(keys)),
        2 if !keys.is_empty() => {
            let position = choices.below(keys.len());
            keys[position].not_valid = !keys[position].not_valid;
        }
        _ => constraints::add_foreign_key(schema, number, choices),
    }
}

fn change_enum(schema: &mut SchemaDefinition, choices: &mut Choices<'_>) {
    if schema.enums.is_empty() {
        return;
    }
    let number = choices.below(schema.enums.len());
    let other = schema::enum_type("x", choices);
    let changed = &mut schema.enums[number];
    match choices.below(4) {
        0 => changed.comment = choices.comment(),
        // Labels that defaults and checks name have to stay: new ones come before, behind or between.
        1 => changed.labels.rotate_left(1),
        _ => {
            for label in other.labels {
                if !changed.labels.contains(&label) {
                    let position = choices.below(changed.labels.len() + 1);
                    changed.labels.insert(position, label);
                }
            }
        }
    }
}
