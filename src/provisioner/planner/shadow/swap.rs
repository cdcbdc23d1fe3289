//! The end of a shadow: it takes its column's place, or is taken back where nobody wants it any more.

use tenant_schema::definition::{CheckDefinition, IndexDefinition};

use super::super::Planner;
use super::super::draft::{Draft, Phase};
use super::super::helper_object::{
    LEFT_BEHIND, is_helper, not_null_check, replacement, synchronizer,
};
use super::Shadow;
use crate::provisioner::ddl;
use crate::provisioner::identifier::quote_identifier;
use crate::provisioner::plan::hazard::HazardKind;
use crate::provisioner::plan::step::LockClass;

impl Planner<'_> {
    /// The shadow takes the column's place: nothing is read or written for it, so that nobody waits for long.
    pub(super) fn swap(
        &mut self,
        shadow: &Shadow<'_>,
        indexes: &[&IndexDefinition],
        checks: &[&CheckDefinition],
    ) {
        let drafts = (shadow.end_following().into_iter())
            .chain(shadow.forbid_nulls())
            .chain(shadow.take_place())
            .chain(indexes.iter().map(|index| shadow.name_index(index)))
            .chain(checks.iter().map(|check| shadow.name_check(check)));
        self.drafts.extend(drafts);
        self.analyze(shadow.table);
    }

    /// What a change that is not wanted any more has left: triggers and functions go before the columns do.
    pub(in super::super) fn drop_left_over_followers(&mut self) {
        let wanted: Vec<String> = (self.shadowed.iter())
            .map(|(table, column)| synchronizer(table, column))
            .collect();
        let left: Vec<_> = (self.from.unmanaged.iter())
            .filter(|object| is_helper(&object.name))
            .filter(|object| {
                !wanted
                    .iter()
                    .any(|name| object.name.trim_end_matches("()") == name)
            })
            .cloned()
            .collect();
        for object in left.iter().filter(|object| object.kind == "trigger") {
            let table = object.table.clone().unwrap_or_default();
            let sql = format!(
                "DROP TRIGGER {} ON {}",
                quote_identifier(&object.name),
                quote_identifier(&table)
            );
            self.push(
                Draft::new(
                    Phase::Heal,
                    format!("drop trigger {} of {table}", object.name),
                    sql,
                )
                .why(LEFT_BEHIND)
                .locks(LockClass::AccessExclusive, &table),
            );
        }
        for object in left.iter().filter(|object| object.kind == "function") {
            let name = object.name.trim_end_matches("()");
            let sql = format!("DROP FUNCTION {}()", quote_identifier(name));
            self.push(
                Draft::new(Phase::Heal, format!("drop function {name}"), sql).why(LEFT_BEHIND),
            );
        }
    }
}

impl Shadow<'_> {
    fn object(&self) -> String {
        format!("{}.{}", self.table, self.after.name)
    }

    fn swapping(&self, name: String, sql: String) -> Draft {
        Draft::new(Phase::Swap, name, sql).locks(LockClass::AccessExclusive, self.table)
    }

    fn altering(&self, name: String, action: &str) -> Draft {
        Draft::altering(Phase::Swap, name, self.table, action)
    }

    fn end_following(&self) -> [Draft; 2] {
        let (object, table) = (self.object(), quote_identifier(self.table));
        let follower = quote_identifier(&synchronizer(self.table, &self.after.name));
        [
            self.swapping(
                format!("end the following of {object}"),
                format!("DROP TRIGGER {follower} ON {table}"),
            ),
            self.swapping(
                format!("drop what the shadow of {object} followed by"),
                format!("DROP FUNCTION {follower}()"),
            ),
        ]
    }

    /// The check that was validated beside readers and writers proves that there are none.
    fn forbid_nulls(&self) -> Vec<Draft> {
        if self.after.nullable {
            return Vec::new();
        }
        let (object, placed) = (self.object(), quote_identifier(&self.name));
        let proof = not_null_check(self.table, &self.name);
        vec![
            self.altering(
                format!("forbid NULL in the shadow of {object}"),
                &format!("ALTER COLUMN {placed} SET NOT NULL"),
            ),
            self.swapping(
                format!("drop check {proof} of {}", self.table),
                ddl::drop_constraint(self.table, &proof),
            ),
        ]
    }

    fn take_place(&self) -> Vec<Draft> {
        let object = self.object();
        let (placed, name) = (
            quote_identifier(&self.name),
            quote_identifier(&self.after.name),
        );
        let dropping = self
            .altering(
                format!("drop the old column {object}"),
                &format!("DROP COLUMN {name}"),
            )
            .hazard(
                HazardKind::BreaksClients,
                "clients bind and read another type",
            )
            .irreversible();
        let renaming = self.altering(
            format!("put the shadow in the place of {object}"),
            &format!("RENAME COLUMN {placed} TO {name}"),
        );
        let default = self.after.default.as_ref().map(|default| {
            self.altering(
                format!("set default of {object}"),
                &format!("ALTER COLUMN {name} SET DEFAULT {default}"),
            )
        });
        [dropping, renaming].into_iter().chain(default).collect()
    }

    fn name_index(&self, index: &IndexDefinition) -> Draft {
        let built = quote_identifier(&replacement(&index.name));
        let name = quote_identifier(&index.name);
        self.swapping(
            format!("give index {} its name", index.name),
            format!("ALTER INDEX {built} RENAME TO {name}"),
        )
    }

    fn name_check(&self, check: &CheckDefinition) -> Draft {
        let helper = quote_identifier(&replacement(&check.name));
        let name = quote_identifier(&check.name);
        self.altering(
            format!("give check {} its name", check.name),
            &format!("RENAME CONSTRAINT {helper} TO {name}"),
        )
    }
}
