//! Primary keys and unique constraints: their index can be built beside readers and writers before the constraint takes it.

use tenant_schema::definition::{IndexDefinition, KeyDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::draft::{Draft, Phase};
use super::helper_object::replacement;
use super::indexes::renaming;
use super::part::{Matched, pair};
use super::{Planner, done};

/// What a key is to its table.
#[derive(Debug, Clone, Copy)]
pub(super) enum KeyKind {
    Primary,
    Unique,
}

impl KeyKind {
    fn noun(self) -> &'static str {
        match self {
            Self::Primary => "primary key",
            Self::Unique => "unique constraint",
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY KEY",
            Self::Unique => "UNIQUE",
        }
    }

    /// The constraint with an index of its own.
    fn constraint(self, key: &KeyDefinition) -> String {
        match self {
            Self::Primary => ddl::primary_key(key),
            Self::Unique => ddl::unique(key),
        }
    }
}

impl Planner<'_> {
    pub(super) fn draft_keys(&mut self, before: &mut TableDefinition, after: &TableDefinition) {
        let primary =
            |table: &TableDefinition| table.primary_key.iter().cloned().collect::<Vec<_>>();
        let (old, new) = (primary(before), primary(after));
        let matched = pair(&old, &new, |name| self.is_name_free(name));
        self.draft_matched_keys(before, &matched, KeyKind::Primary);
        let old = before.uniques.clone();
        let matched = pair(&old, &after.uniques, |name| self.is_name_free(name));
        self.draft_matched_keys(before, &matched, KeyKind::Unique);
    }

    fn draft_matched_keys(
        &mut self,
        before: &mut TableDefinition,
        matched: &Matched<'_, KeyDefinition>,
        kind: KeyKind,
    ) {
        let table = before.name.clone();
        for (old, new) in &matched.renamed {
            self.push(
                renaming(Phase::Rename, &table, &old.name, &new.name)
                    .why("it does the same under another name")
                    .hazard(
                        HazardKind::BreaksClients,
                        "clients that know the constraint by its name do not find it",
                    ),
            );
            for key in before.primary_key.iter_mut().chain(&mut before.uniques) {
                if key.name == old.name {
                    key.name.clone_from(&new.name);
                }
            }
        }
        for old in &matched.dropped {
            self.drop_key(&table, old, kind);
        }
        for new in &matched.added {
            self.add_key(before, new, kind, None);
        }
        for (old, new) in &matched.replaced {
            if self.is_online(&table) {
                self.add_key(before, new, kind, Some(old));
            } else {
                self.drop_key(&table, old, kind);
                self.add_key(before, new, kind, None);
            }
            forget_key(before, &old.name);
        }
    }

    /// Drops a primary key or unique constraint, and forgets it.
    pub(super) fn drop_key(&mut self, table: &str, key: &KeyDefinition, kind: KeyKind) {
        let draft = self.dropping_key(table, key, kind, Phase::DropConstraints);
        self.push(draft);
        self.forget(table, |known| forget_key(known, &key.name));
    }

    fn dropping_key(
        &mut self,
        table: &str,
        key: &KeyDefinition,
        kind: KeyKind,
        phase: Phase,
    ) -> Draft {
        let object = format!("{} {} of {table}", kind.noun(), key.name);
        self.refuse_if_needed("constraint", Some(table), &key.name, &object);
        let name = format!("drop {object}");
        Draft::dropping_constraint(phase, name, table, &key.name)
            .hazard(
                HazardKind::ConstraintDropped,
                format!("{} may repeat", key.columns.join(", ")),
            )
            .hazard(HazardKind::IndexDropped, "queries may have used its index")
    }

    /// Adds a key: at once, or over an index that is there or is built beside readers and writers.
    fn add_key(
        &mut self,
        table: &TableDefinition,
        key: &KeyDefinition,
        kind: KeyKind,
        replaces: Option<&KeyDefinition>,
    ) {
        let ready = self.index_for(table, key);
        self.adopted_indexes.extend(ready.clone());
        if ready.is_none() && !self.is_online(&table.name) {
            self.add_key_at_once(table, key, kind);
            return;
        }
        let index = ready.unwrap_or_else(|| self.build_index_for(table, key, replaces.is_some()));
        if let Some(old) = replaces {
            let draft = self.dropping_key(&table.name, old, kind, Phase::Keys);
            self.push(draft.why("the new one takes its place in the same transaction"));
        }
        let constraint = format!(
            "CONSTRAINT {} {} USING INDEX {}{}",
            quote_identifier(&key.name),
            kind.sql(),
            quote_identifier(&index),
            ddl::deferrable(key.deferrable)
        );
        let draft = self.adding_key(table, key, kind, &constraint);
        self.push(draft);
    }

    fn add_key_at_once(&mut self, table: &TableDefinition, key: &KeyDefinition, kind: KeyKind) {
        let name = &table.name;
        let detail = format!("nobody reads or writes {name} while the index is built");
        let draft = self
            .adding_key(table, key, kind, &kind.constraint(key))
            .hazard_if(HazardKind::AccessExclusive, detail, self.is_large(name))
            .hazard(
                HazardKind::IndexBuild,
                format!("the rows of {name} are read and sorted"),
            )
            .slow();
        self.push(draft);
    }

    fn adding_key(
        &self,
        table: &TableDefinition,
        key: &KeyDefinition,
        kind: KeyKind,
        constraint: &str,
    ) -> Draft {
        let what = format!("{} {}", kind.noun(), key.name);
        let keys = index_of(key).keys;
        let object = format!("{what} of {}", table.name);
        let probe = self.duplicates(table, &keys, "true", key.nulls_not_distinct, object);
        Draft::new(
            Phase::Keys,
            format!("add {what} to {}", table.name),
            ddl::add_constraint(&table.name, constraint),
        )
        .locks(LockClass::AccessExclusive, &table.name)
        .done_when(done::constraint_exists(&table.name, &key.name))
        .hazard(HazardKind::MayFailOnData, "two equal rows stop the change")
        .probe(probe)
    }

    /// The index of a key, built beside readers and writers; its name.
    fn build_index_for(
        &mut self,
        table: &TableDefinition,
        key: &KeyDefinition,
        is_replacement: bool,
    ) -> String {
        let name = if is_replacement {
            replacement(&key.name)
        } else {
            key.name.clone()
        };
        let index = IndexDefinition {
            name: name.clone(),
            ..index_of(key)
        };
        let sql = ddl::create_index_concurrently(&table.name, &index);
        self.push(
            Draft::new(Phase::Keys, format!("create index {name}"), sql)
                .why("the constraint takes it over without building one under its lock")
                .locks(LockClass::ShareUpdateExclusive, &table.name)
                .not_transactional()
                .left_over(ddl::drop_index_concurrently_if_exists(&name))
                .done_when(done::index_is_valid(&name))
                .hazard(
                    HazardKind::IndexBuild,
                    format!("the rows of {} are read and sorted", table.name),
                ),
        );
        name
    }

    /// A unique index that is there, does what the key needs, and is not wished for as an index.
    fn index_for(&self, table: &TableDefinition, key: &KeyDefinition) -> Option<String> {
        let wished = index_of(key);
        let after = self.to.structure.table(&table.name)?;
        let is_wished =
            |index: &IndexDefinition| after.indexes.iter().any(|other| other.name == index.name);
        let fits = |index: &&IndexDefinition| {
            let unnamed = IndexDefinition {
                name: String::new(),
                comment: None,
                ..(*index).clone()
            };
            unnamed == wished && !is_wished(index)
        };
        table
            .indexes
            .iter()
            .find(fits)
            .map(|index| index.name.clone())
    }
}

/// The index behind a key, without a name.
fn index_of(key: &KeyDefinition) -> IndexDefinition {
    IndexDefinition {
        method: "btree".to_owned(),
        unique: true,
        keys: key
            .columns
            .iter()
            .map(|column| quote_identifier(column))
            .collect(),
        include: key.include.clone(),
        nulls_not_distinct: key.nulls_not_distinct,
        options: key.options.clone(),
        ..IndexDefinition::default()
    }
}

fn forget_key(table: &mut TableDefinition, name: &str) {
    table.primary_key.take_if(|key| key.name == name);
    table.uniques.retain(|key| key.name != name);
}
