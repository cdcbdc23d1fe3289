//! Foreign keys: dropped first, added last, checked on old rows beside readers and writers.

use tenant_schema::definition::{ForeignKeyDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::constraints::Constraint;
use super::draft::{Draft, Phase};
use super::probe::Probe;
use super::{Planner, done};

impl Constraint for ForeignKeyDefinition {
    fn list_of(table: &mut TableDefinition) -> &mut Vec<Self> {
        &mut table.foreign_keys
    }

    fn is_not_valid(&self) -> bool {
        self.not_valid
    }

    fn renamed(&self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self.clone()
        }
    }

    fn add(&self, table: &TableDefinition, planner: &mut Planner<'_>) {
        planner.add_foreign_key(table, self);
    }

    fn drop(&self, table: &str, planner: &mut Planner<'_>) {
        planner.drop_foreign_key(table, self);
    }

    fn probe(&self, table: &TableDefinition, planner: &Planner<'_>) -> Probe {
        planner.orphans(table, self)
    }
}

impl Planner<'_> {
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
        let draft = self.adding_foreign_key(name, &added);
        if added.not_valid {
            self.push(draft.why("new rows are checked from now on"));
            if !key.not_valid {
                let probe = self.orphans(table, key);
                self.validate_with(name, &key.name, Phase::Validate, probe);
            }
            return;
        }
        let was_there = self.working().table(name).is_some();
        self.push(if was_there {
            draft
                .hazard(
                    HazardKind::MayFailOnData,
                    "a row that refers to nothing stops the change",
                )
                .probe(self.orphans(table, key))
                .slow()
        } else {
            draft.slow()
        });
    }

    fn adding_foreign_key(&self, table: &str, key: &ForeignKeyDefinition) -> Draft {
        let target = &key.references_table;
        let mut draft = Draft::new(
            Phase::ForeignKeys,
            format!("add foreign key {} to {table}", key.name),
            ddl::add_foreign_key(table, key),
        )
        .done_when(done::constraint_exists(table, &key.name));
        for locked in [table, target] {
            if self.working().table(locked).is_some() {
                draft = draft.locks(LockClass::ShareRowExclusive, locked);
            }
        }
        if self.working().table(table).is_none() {
            return draft;
        }
        let is_slow = self.is_large(table) && !key.not_valid;
        let detail = format!("nobody writes {table} and {target} meanwhile");
        draft
            .hazard_if(HazardKind::ShareRowExclusive, detail, is_slow)
            .hazard(
                HazardKind::BreaksClients,
                "statements that write rows against it fail",
            )
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
        let name = format!("drop foreign key {} of {table}", key.name);
        self.push(
            Draft::dropping_constraint(Phase::DropForeignKeys, name, table, &key.name)
                .locks(LockClass::AccessExclusive, &key.references_table)
                .hazard(HazardKind::ConstraintDropped, detail),
        );
        self.forget(table, |known| {
            known.foreign_keys.retain(|known| known.name != key.name);
        });
    }

    fn is_table_to_come(&self, name: &str) -> bool {
        let is_unmanaged = |object: &super::super::introspect::UnmanagedObject| object.name == name;
        self.to.structure.table(name).is_some() || self.from.unmanaged.iter().any(is_unmanaged)
    }
}
