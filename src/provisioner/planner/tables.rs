//! Tables: renamed, created, dropped; their storage.

use std::collections::{HashMap, HashSet};

use tenant_schema::definition::{SchemaDefinition, SequenceDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::constraints::Constraint as _;
use super::draft::{Draft, Phase};
use super::probe::Probe;
use super::rename::Rename;
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_renames(&mut self) {
        for rename in self.renamed.renames.clone() {
            let draft = match &rename.table {
                None => rename_table(&rename),
                Some(table) => rename_column(table, &rename),
            };
            self.push(draft.hazard(
                HazardKind::BreaksClients,
                "statements with the old name fail from then on",
            ));
        }
    }

    pub(super) fn draft_tables(&mut self) {
        let before = self.working().clone();
        let after = self.to.structure.clone();
        for table in &after.tables {
            match before.table(&table.name) {
                None => self.create_table(table),
                Some(known) => self.change_options(known, table),
            }
        }
        self.change_logging(&before, &after);
        let dropped = before
            .tables
            .iter()
            .filter(|table| after.table(&table.name).is_none());
        let dropped: Vec<&TableDefinition> = dropped.collect();
        for table in &dropped {
            self.drop_table(table, &dropped);
        }
    }

    /// A constraint that is not checked on old rows would count as checked when the table is made with it.
    fn create_table(&mut self, table: &TableDefinition) {
        let mut created = table.clone();
        created.checks.retain(|check| !check.not_valid);
        self.push(
            Draft::new(
                Phase::CreateTables,
                format!("create table {}", table.name),
                ddl::create_table(&created),
            )
            .done_when(done::relation_exists(&table.name)),
        );
        for index in &table.indexes {
            let name = format!("create index {}", index.name);
            let draft = Draft::new(
                Phase::CreateTables,
                name,
                ddl::create_index(&table.name, index),
            );
            self.push(draft.done_when(done::relation_exists(&index.name)));
        }
        for check in table.checks.iter().filter(|check| check.not_valid) {
            check.add(table, self);
        }
        for key in &table.foreign_keys {
            key.add(table, self);
        }
        let bare = TableDefinition {
            name: table.name.clone(),
            ..TableDefinition::default()
        };
        self.draft_comments(&bare, table);
    }

    /// A logged table may not refer to an unlogged one: what others refer to is logged first and unlogged last.
    fn change_logging(&mut self, before: &SchemaDefinition, after: &SchemaDefinition) {
        let moves = |table: &&TableDefinition| {
            let known = before.table(&table.name);
            known.is_some_and(|known| known.unlogged != table.unlogged)
        };
        let mut changed: Vec<&TableDefinition> = after.tables.iter().filter(moves).collect();
        let depths = depths(after);
        changed.sort_by_key(|table| depths.get(table.name.as_str()).copied());
        let (unlogged, logged): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|table| table.unlogged);
        for table in logged.into_iter().chain(unlogged.into_iter().rev()) {
            let name = &table.name;
            let (form, persistence) = if table.unlogged {
                ("UNLOGGED", 'u')
            } else {
                ("LOGGED", 'p')
            };
            let draft = Draft::altering(
                Phase::Logging,
                format!("make table {name} {}", form.to_lowercase()),
                name,
                &format!("SET {form}"),
            )
            .done_when(format!(
                "EXISTS (SELECT FROM pg_class WHERE oid = to_regclass({}) AND relpersistence = '{persistence}')",
                quote_literal(&quote_identifier(name)),
            ));
            let draft = self.rewriting(draft, name);
            self.push(draft);
        }
    }

    fn change_options(&mut self, before: &TableDefinition, after: &TableDefinition) {
        let table = &after.name;
        let quoted = quote_identifier(table);
        let name_of = |option: &String| {
            option
                .split_once('=')
                .map_or_else(|| option.clone(), |(name, _)| name.to_owned())
        };
        let names: HashSet<String> = after.options.iter().map(name_of).collect();
        let gone = before
            .options
            .iter()
            .map(name_of)
            .filter(|name| !names.contains(name));
        let gone: Vec<String> = gone.collect();
        let set = after
            .options
            .iter()
            .filter(|option| !before.options.contains(option));
        let set: Vec<String> = set.cloned().collect();
        for (verb, options) in [("RESET", gone), ("SET", set)] {
            if !options.is_empty() {
                let sql = format!("ALTER TABLE {quoted} {verb} ({})", options.join(", "));
                let name = format!(
                    "{} storage parameters of table {table}",
                    verb.to_lowercase()
                );
                let draft = Draft::new(Phase::Options, name, sql);
                self.push(draft.locks(LockClass::ShareUpdateExclusive, table));
            }
        }
    }

    /// A statement that writes the whole table anew while nobody else reads or writes it.
    pub(super) fn rewriting(&self, draft: Draft, table: &str) -> Draft {
        let (is_large, is_online) = (self.is_large(table), self.is_online(table));
        let bytes = self.facts.bytes(self.renamed.table_now(table));
        let draft = draft
            .rewrites()
            .slow()
            .hazard_if(
                HazardKind::TableRewrite,
                format!("{table} is written anew, {bytes} bytes"),
                is_large,
            )
            .hazard_if(
                HazardKind::AccessExclusive,
                format!("nobody reads or writes {table} meanwhile"),
                is_large,
            );
        if is_online { draft.alone() } else { draft }
    }

    /// Foreign keys between tables that go are dropped first, so that their order does not matter.
    fn drop_table(&mut self, table: &TableDefinition, dropped: &[&TableDefinition]) {
        let name = &table.name;
        self.refuse_if_needed("table", Some(name), name, &format!("table {name}"));
        self.drop_foreign_keys_to(dropped, table);
        let phase = if self.is_in_the_way(table) {
            Phase::DropEarly
        } else {
            Phase::DropTables
        };
        let sql = format!("DROP TABLE {}", quote_identifier(name));
        let source = quote_identifier(self.renamed.table_now(name));
        let kind = HazardKind::DeletesData;
        self.push(
            Draft::new(phase, format!("drop table {name}"), sql)
                .locks(LockClass::AccessExclusive, name)
                .done_when(done::relation_is_gone(name))
                .gated(kind, format!("all rows of {name}"))
                .hazard(
                    HazardKind::BreaksClients,
                    format!("statements that name {name} fail"),
                )
                .irreversible()
                .slow()
                .probe(Probe::counts(&source, "true", kind)),
        );
    }

    fn drop_foreign_keys_to(&mut self, dropped: &[&TableDefinition], table: &TableDefinition) {
        for key in &table.foreign_keys {
            let target = &key.references_table;
            let known = self.working().table(&table.name);
            let is_left = known.is_some_and(|known| known.foreign_keys.contains(key));
            let goes = dropped.iter().any(|other| other.name == *target);
            if is_left && goes && *target != table.name {
                key.drop(&table.name, self);
            }
        }
    }

    /// Whether a name is wanted that a table has, or what goes with it.
    fn is_in_the_way(&self, table: &TableDefinition) -> bool {
        let is_owned = |sequence: &&SequenceDefinition| {
            let owner = sequence.owner.as_ref();
            owner.is_some_and(|owner| owner.table == table.name)
        };
        let stays = |sequence: &SequenceDefinition| {
            let mut wished = self.to.structure.sequences.iter();
            wished.any(|wished| wished.name == sequence.name)
        };
        let mut owned = self.working().sequences.iter().filter(is_owned);
        let mut enums = self.to.structure.enums.iter();
        relation_names_of(table).any(|name| self.is_name_wanted(&name))
            || enums.any(|wished| wished.name == table.name)
            || owned.any(|sequence| !stays(sequence) && self.is_name_wanted(&sequence.name))
    }

    /// Whether a name is given to a table, index or sequence of the desired structure.
    pub(super) fn is_name_wanted(&self, name: &str) -> bool {
        relation_names(&self.to.structure).any(|wanted| wanted == name)
    }

    /// Whether no table, index or sequence has this name now.
    pub(super) fn is_name_free(&self, name: &str) -> bool {
        let now = &self.from.structure;
        relation_names(now)
            .chain(relation_names(self.working()))
            .all(|taken| taken != name)
    }
}

/// Names of tables, indexes and sequences, which share one space.
fn relation_names(schema: &SchemaDefinition) -> impl Iterator<Item = String> {
    let sequences = schema
        .sequences
        .iter()
        .map(|sequence| sequence.name.clone());
    (schema.tables.iter().flat_map(relation_names_of)).chain(sequences)
}

fn relation_names_of(table: &TableDefinition) -> impl Iterator<Item = String> {
    let keys = table.keys().map(|key| key.name.clone());
    let indexes = table.indexes.iter().map(|index| index.name.clone());
    let sequences = table.columns.iter().filter_map(|column| {
        let sequence = column.identity.as_ref()?.sequence.as_ref()?;
        Some(sequence.name.clone())
    });
    std::iter::once(table.name.clone())
        .chain(keys)
        .chain(indexes)
        .chain(sequences)
}

/// How many foreign keys it takes at most from each table to one that refers to nothing; for keys that go in circles, as far
/// as there are tables.
fn depths(schema: &SchemaDefinition) -> HashMap<&str, usize> {
    let mut depths: HashMap<&str, usize> = HashMap::new();
    for _ in &schema.tables {
        for table in &schema.tables {
            let targets = table.foreign_keys.iter().map(|key| &key.references_table);
            let targets = targets.filter(|target| **target != table.name);
            let deepest = targets
                .filter_map(|target| depths.get(target.as_str()).copied())
                .max();
            depths.insert(
                &table.name,
                deepest
                    .map_or(0, |deepest| deepest + 1)
                    .min(schema.tables.len()),
            );
        }
    }
    depths
}

fn rename_table(rename: &Rename) -> Draft {
    let Rename { from, to, .. } = rename;
    let action = format!("RENAME TO {}", quote_identifier(to));
    let name = format!("rename table {from} to {to}");
    Draft::altering(Phase::Rename, name, from, &action).done_when(done::relation_exists(to))
}

fn rename_column(table: &str, rename: &Rename) -> Draft {
    let Rename { from, to, .. } = rename;
    let action = format!(
        "RENAME COLUMN {} TO {}",
        quote_identifier(from),
        quote_identifier(to)
    );
    let name = format!("rename column {table}.{from} to {to}");
    Draft::altering(Phase::Rename, name, table, &action).done_when(done::column_exists(table, to))
}
