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

    /// At once, or first for new rows and then for those that are there.
    fn add(&self, table: &TableDefinition, planner: &mut Planner<'_>) {
        let (name, target) = (&table.name, &self.references_table);
        if self.references_schema.is_none() && !planner.is_table_to_come(target) {
            let object = format!("foreign key {} of {name}", self.name);
            planner.refuse(object, format!("it refers to {target}, which is not managed and not there (hint: create it by hand first)"));
            return;
        }
        let is_online = planner.is_online(name);
        let added = ForeignKeyDefinition {
            not_valid: self.not_valid || is_online,
            ..self.clone()
        };
        let draft = planner.adding_foreign_key(name, &added);
        if added.not_valid {
            planner.push(draft.why("new rows are checked from now on"));
            if !self.not_valid {
                let probe = self.probe(table, planner);
                planner.validate_with(name, &self.name, Phase::Validate, probe);
            }
            return;
        }
        let was_there = planner.working().table(name).is_some();
        planner.push(if was_there {
            draft
                .hazard(
                    HazardKind::MayFailOnData,
                    "a row that refers to nothing stops the change",
                )
                .probe(self.probe(table, planner))
                .slow()
        } else {
            draft.slow()
        });
    }

    fn drop(&self, table: &str, planner: &mut Planner<'_>) {
        let after = planner.to.structure.table(table);
        let comes_back = after.is_some_and(|after| {
            after
                .foreign_keys
                .iter()
                .any(|other| other.name == self.name)
        });
        let detail = if comes_back {
            format!("{} is checked no more until it is built again", self.name)
        } else {
            format!("rows of {table} may refer to nothing")
        };
        let name = format!("drop foreign key {} of {table}", self.name);
        planner.push(
            Draft::dropping_constraint(Phase::DropForeignKeys, name, table, &self.name)
                .locks(LockClass::AccessExclusive, &self.references_table)
                .hazard(HazardKind::ConstraintDropped, detail),
        );
        planner.forget(table, |known| {
            known.foreign_keys.retain(|known| known.name != self.name);
        });
    }

    /// How many rows refer to nothing.
    fn probe(&self, table: &TableDefinition, planner: &Planner<'_>) -> Probe {
        let own = |column: &String| format!("probed.{}", quote_identifier(column));
        let filled: Vec<String> = (self.columns.iter())
            .map(|column| format!("{} IS NOT NULL", own(column)))
            .collect();
        let equal: Vec<String> = (self.columns.iter().zip(&self.references_columns))
            .map(|(column, other)| {
                format!("referred.{} = {}", quote_identifier(other), own(column))
            })
            .collect();
        let condition = format!(
            "{} AND NOT EXISTS (SELECT FROM {} AS referred WHERE {})",
            filled.join(" AND "),
            planner.referred(self),
            equal.join(" AND ")
        );
        Probe::refuses(
            &planner.renamed.source(table),
            &condition,
            format!("foreign key {} of {}", self.name, table.name),
            format!(
                "rows refer to nothing in {} (hint: remove them or set the reference to NULL first)",
                self.references_table
            ),
        )
    }
}

impl Planner<'_> {
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

    fn is_table_to_come(&self, name: &str) -> bool {
        let is_unmanaged = |object: &super::super::introspect::UnmanagedObject| object.name == name;
        self.to.structure.table(name).is_some() || self.from.unmanaged.iter().any(is_unmanaged)
    }
}
