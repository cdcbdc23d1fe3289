//! The end of a shadow: it takes its column's place, or is taken back where nobody wants it any more.

use tenant_schema::definition::{CheckDefinition, IndexDefinition};

use super::super::Planner;
use super::super::draft::{Draft, Phase};
use super::super::helper_object::{is_helper, not_null_check, replacement, synchronizer};
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
        let (table, column) = (shadow.table, &shadow.after.name);
        let (quoted, name) = (quote_identifier(table), quote_identifier(column));
        let follower = quote_identifier(&synchronizer(table, column));
        let placed = quote_identifier(&shadow.name);
        let step = |name: String, sql: String| {
            Draft::new(Phase::Swap, name, sql).locks(LockClass::AccessExclusive, table)
        };
        let mut drafts = vec![
            step(
                format!("end the following of {table}.{column}"),
                format!("DROP TRIGGER {follower} ON {quoted}"),
            ),
            step(
                format!("drop what the shadow of {table}.{column} followed by"),
                format!("DROP FUNCTION {follower}()"),
            ),
        ];
        if !shadow.after.nullable {
            let proof = not_null_check(table, &shadow.name);
            let forbid = format!("ALTER TABLE {quoted} ALTER COLUMN {placed} SET NOT NULL");
            drafts.push(step(
                format!("forbid NULL in the shadow of {table}.{column}"),
                forbid,
            ));
            let drop = ddl::drop_constraint(table, &proof);
            drafts.push(step(format!("drop check {proof} of {table}"), drop));
        }
        let drop = format!("ALTER TABLE {quoted} DROP COLUMN {name}");
        drafts.push(
            step(format!("drop the old column {table}.{column}"), drop)
                .hazard(
                    HazardKind::BreaksClients,
                    "clients bind and read another type",
                )
                .irreversible(),
        );
        let rename = format!("ALTER TABLE {quoted} RENAME COLUMN {placed} TO {name}");
        drafts.push(step(
            format!("put the shadow in the place of {table}.{column}"),
            rename,
        ));
        if let Some(default) = &shadow.after.default {
            let sql = format!("ALTER TABLE {quoted} ALTER COLUMN {name} SET DEFAULT {default}");
            drafts.push(step(format!("set default of {table}.{column}"), sql));
        }
        for index in indexes {
            let built = quote_identifier(&replacement(&index.name));
            let sql = format!(
                "ALTER INDEX {built} RENAME TO {}",
                quote_identifier(&index.name)
            );
            drafts.push(step(format!("give index {} its name", index.name), sql));
        }
        for check in checks {
            let helper = quote_identifier(&replacement(&check.name));
            let sql = format!(
                "ALTER TABLE {quoted} RENAME CONSTRAINT {helper} TO {}",
                quote_identifier(&check.name)
            );
            drafts.push(step(format!("give check {} its name", check.name), sql));
        }
        for draft in drafts {
            self.push(draft);
        }
        self.analyze(table);
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
                .why("left behind by an interrupted run")
                .locks(LockClass::AccessExclusive, &table),
            );
        }
        for object in left.iter().filter(|object| object.kind == "function") {
            let name = object.name.trim_end_matches("()");
            let sql = format!("DROP FUNCTION {}()", quote_identifier(name));
            self.push(
                Draft::new(Phase::Heal, format!("drop function {name}"), sql)
                    .why("left behind by an interrupted run"),
            );
        }
    }
}
