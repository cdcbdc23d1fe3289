//! Type changes: all of a table in one statement, so that the table is written at most once and constraints over several of
//! its columns never see half of the change. What becomes of the values is in `conversion.rs`.

use tenant_schema::definition::{ColumnDefinition, SchemaDefinition, TableDefinition};

use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::conversion::Conversion;
use super::draft::{Draft, Phase};
use super::{Planner, done};

/// A column on its way to another type.
pub(super) struct TypeChange<'a> {
    pub(super) before: &'a ColumnDefinition,
    pub(super) after: &'a ColumnDefinition,
    pub(super) conversion: Conversion,
}

/// Whether a column of the second definition needs another type than it has in the first.
pub(super) fn differs(before: &ColumnDefinition, after: &ColumnDefinition) -> bool {
    before.sql_type != after.sql_type || before.collation != after.collation
}

/// The pairs of types that columns change between, each as PostgreSQL spells it.
pub(super) fn pairs(before: &SchemaDefinition, after: &SchemaDefinition) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for table in &after.tables {
        let Some(known) = before.table(&table.name) else {
            continue;
        };
        for column in &table.columns {
            if let Some(old) = known.column(&column.name)
                && differs(old, column)
            {
                pairs.push((old.sql_type.clone(), column.sql_type.clone()));
                pairs.push((column.sql_type.clone(), old.sql_type.clone()));
            }
        }
    }
    pairs.sort();
    pairs.dedup();
    pairs
}

impl Planner<'_> {
    /// Changes the types of a table's columns.
    pub(super) fn draft_type_changes(&mut self, before: &TableDefinition, after: &TableDefinition) {
        let table = &after.name;
        let changes = self.type_changes(before, after);
        if changes.is_empty() {
            return;
        }
        let (mut names, mut actions, mut done) = (Vec::new(), Vec::new(), Vec::new());
        for TypeChange { after, .. } in &changes {
            let object = format!("column {table}.{}", after.name);
            self.refuse_if_needed("type", Some(table), &after.name, &object);
            names.push(format!("{} to {}", after.name, after.sql_type));
            done.push(done::column_has_type(table, &after.name, &after.sql_type));
        }
        for change in &changes {
            actions.extend(change.actions());
        }
        let mut draft = Draft::altering(
            Phase::ChangeColumns,
            format!("change type of {table}.{}", names.join(", ")),
            table,
            &actions.join(", "),
        )
        .done_when(done.join(" AND "));
        for change in &changes {
            draft = self.endanger(draft, before, change);
        }
        draft = draft.hazard(
            HazardKind::BreaksClients,
            "clients bind and read another type",
        );
        if !changes.iter().all(|change| change.conversion.keeps_bytes) {
            draft = self.rewriting(draft, table);
        }
        self.push(draft);
        self.analyze(table);
    }

    /// The columns of a table that change their type in place.
    fn type_changes<'a>(
        &self,
        before: &'a TableDefinition,
        after: &'a TableDefinition,
    ) -> Vec<TypeChange<'a>> {
        let table = &after.name;
        let change = |column: &'a ColumnDefinition| {
            let known = before.column(&column.name)?;
            let is_disturbed = self.is_disturbed(table, &column.name);
            is_disturbed.then(|| self.type_change(table, known, column))
        };
        after.columns.iter().filter_map(change).collect()
    }

    pub(super) fn type_change<'a>(
        &self,
        table: &str,
        before: &'a ColumnDefinition,
        after: &'a ColumnDefinition,
    ) -> TypeChange<'a> {
        TypeChange {
            before,
            after,
            conversion: self.conversion(table, before, after),
        }
    }

    /// `ALTER TYPE` throws the column's statistics away.
    pub(super) fn analyze(&mut self, table: &str) {
        let sql = format!("ANALYZE {}", quote_identifier(table));
        let draft = Draft::new(Phase::Analyze, format!("analyze {table}"), sql)
            .locks(LockClass::ShareUpdateExclusive, table)
            .why("the statistics of a column go with its type")
            .hazard(
                HazardKind::ImpactsPerformance,
                "reads a sample of the table",
            )
            .slow();
        self.push(if self.is_online(table) {
            draft.alone()
        } else {
            draft
        });
    }
}

impl TypeChange<'_> {
    /// The actions on the column. A default is cast by nobody, so it goes and comes back.
    fn actions(&self) -> Vec<String> {
        let (before, after) = (self.before, self.after);
        let column = format!("ALTER COLUMN {}", quote_identifier(&after.name));
        let mut actions = Vec::new();
        if before.default.is_some() && after.default.is_some() {
            actions.push(format!("{column} DROP DEFAULT"));
        }
        let collation = after.collation.as_ref();
        let collation = collation.map_or_else(String::new, |name| {
            format!(" COLLATE {}", quote_identifier(name))
        });
        let using = self.conversion.using.as_ref();
        let using = using.map_or_else(String::new, |expression| format!(" USING {expression}"));
        actions.push(format!(
            "{column} TYPE {}{collation}{using}",
            after.sql_type
        ));
        if let Some(default) = &after.default {
            actions.push(format!("{column} SET DEFAULT {default}"));
        }
        actions
    }
}
