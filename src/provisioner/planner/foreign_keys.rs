//! Foreign keys: dropped first, added last, checked on old rows beside readers and writers.

use tenant_schema::definition::{ForeignKeyDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;

use super::draft::{Draft, Phase};
use super::part::pair;
use super::probe::Probe;
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_foreign_keys(
        &mut self,
        before: &mut TableDefinition,
        after: &TableDefinition,
    ) {
        let known = before.foreign_keys.clone();
        let table = after.name.clone();
        let taken = self.constraint_names(before);
        let matched = pair(&known, &after.foreign_keys, |name| {
            !taken.iter().any(|taken| taken == name)
        });
        for (old, new) in &matched.renamed {
            self.rename_constraint(&table, &old.name, &new.name);
            for key in before
                .foreign_keys
                .iter_mut()
                .filter(|key| key.name == old.name)
            {
                key.name.clone_from(&new.name);
            }
        }
        for (old, new) in matched.kept.iter().chain(&matched.renamed) {
            if old.not_valid && !new.not_valid {
                let probe = self.orphans(before, new);
                self.validate_with(&table, &new.name, Phase::Validate, probe);
            } else if !old.not_valid && new.not_valid {
                let old = ForeignKeyDefinition {
                    name: new.name.clone(),
                    ..(*old).clone()
                };
                self.drop_foreign_key(&table, &old);
                self.add_foreign_key(before, new);
                before.foreign_keys.retain(|key| key.name != old.name);
            }
        }
        for old in &matched.dropped {
            self.drop_foreign_key(&table, old);
        }
        for (old, new) in &matched.replaced {
            self.drop_foreign_key(&table, old);
            self.add_foreign_key(before, new);
            before.foreign_keys.retain(|key| key.name != old.name);
        }
        for new in &matched.added {
            self.add_foreign_key(before, new);
        }
    }

    /// Adds a foreign key: at once, or first for new rows and then for those that are there.
    pub(super) fn add_foreign_key(&mut self, table: &TableDefinition, key: &ForeignKeyDefinition) {
        let (name, target) = (&table.name, &key.references_table);
        if key.references_schema.is_none() && !self.is_table_to_come(target) {
            let object = format!("foreign key {} of {name}", key.name);
            self.refuse(object, format!("it refers to {target}, which is not managed and not there (hint: create it by hand first)"));
            return;
        }
        let is_online = self.is_online(name);
        let added = ForeignKeyDefinition {
            not_valid: key.not_valid || is_online,
            ..key.clone()
        };
        let mut draft = Draft::new(
            Phase::ForeignKeys,
            format!("add foreign key {} to {name}", key.name),
            ddl::add_foreign_key(name, &added),
        )
        .done_when(done::constraint_exists(name, &key.name));
        let was_there = self.working().table(name).is_some();
        for locked in [name, target] {
            if self.working().table(locked).is_some() {
                draft = draft.locks(LockClass::ShareRowExclusive, locked);
            }
        }
        if was_there {
            let is_slow = self.is_large(name) && !added.not_valid;
            draft = draft
                .hazard_if(
                    HazardKind::ShareRowExclusive,
                    format!("nobody writes {name} and {target} meanwhile"),
                    is_slow,
                )
                .hazard(
                    HazardKind::BreaksClients,
                    "statements that write rows against it fail",
                );
        }
        if added.not_valid {
            self.push(draft.why("new rows are checked from now on"));
            if !key.not_valid {
                let probe = self.orphans(table, key);
                self.validate_with(name, &key.name, Phase::Validate, probe);
            }
            return;
        }
        if was_there {
            draft = draft
                .hazard(
                    HazardKind::MayFailOnData,
                    "a row that refers to nothing stops the change",
                )
                .probe(self.orphans(table, key));
        }
        self.push(draft.slow());
    }

    /// The question how many rows refer to nothing.
    fn orphans(&self, table: &TableDefinition, key: &ForeignKeyDefinition) -> Probe {
        let own = |column: &String| format!("probed.{}", quote_identifier(column));
        let filled: Vec<String> = (key.columns.iter())
            .map(|column| format!("{} IS NOT NULL", own(column)))
            .collect();
        let equal: Vec<String> = (key.columns.iter().zip(&key.references_columns))
            .map(|(column, other)| {
                format!("referred.{} = {}", quote_identifier(other), own(column))
            })
            .collect();
        let condition = format!(
            "{} AND NOT EXISTS (SELECT FROM {} AS referred WHERE {})",
            filled.join(" AND "),
            self.referred(key),
            equal.join(" AND ")
        );
        Probe::refuses(
            &self.renamed.source(table),
            &condition,
            format!("foreign key {} of {}", key.name, table.name),
            format!(
                "rows refer to nothing in {} (hint: remove them or set the reference to NULL first)",
                key.references_table
            ),
        )
    }

    /// The table that a foreign key refers to, as a query names it now.
    fn referred(&self, key: &ForeignKeyDefinition) -> String {
        let name = &key.references_table;
        if let Some(schema) = &key.references_schema {
            return format!("{}.{}", quote_identifier(schema), quote_identifier(name));
        }
        let target = self.working().table(name);
        target.map_or_else(
            || quote_identifier(name),
            |target| self.renamed.source(target),
        )
    }

    /// Drops a foreign key, and forgets it.
    pub(super) fn drop_foreign_key(&mut self, table: &str, key: &ForeignKeyDefinition) {
        let after = self.to.structure.table(table);
        let comes_back = after.is_some_and(|after| {
            after
                .foreign_keys
                .iter()
                .any(|other| other.name == key.name)
        });
        let detail = if comes_back {
            format!("{} is checked no more until it is built again", key.name)
        } else {
            format!("rows of {table} may refer to nothing")
        };
        self.push(
            Draft::new(
                Phase::DropForeignKeys,
                format!("drop foreign key {} of {table}", key.name),
                ddl::drop_constraint(table, &key.name),
            )
            .locks(LockClass::AccessExclusive, table)
            .locks(LockClass::AccessExclusive, &key.references_table)
            .done_when(done::constraint_is_gone(table, &key.name))
            .hazard(HazardKind::ConstraintDropped, detail),
        );
        let tables = self.renamed.structure.tables.iter_mut();
        for known in tables.filter(|known| known.name == table) {
            known.foreign_keys.retain(|known| known.name != key.name);
        }
    }

    fn is_table_to_come(&self, name: &str) -> bool {
        let is_unmanaged = |object: &super::super::introspect::UnmanagedObject| object.name == name;
        self.to.structure.table(name).is_some() || self.from.unmanaged.iter().any(is_unmanaged)
    }
}
