//! Filling a column that was added without values: marked as long as it goes on, so that a run that is cut off in between
//! leaves more than a column that looks complete.

use tenant_schema::definition::{CheckDefinition, ColumnDefinition, TableDefinition};

use super::super::identifier::quote_identifier;
use super::super::plan::step::Batches;
use super::Planner;
use super::draft::{Draft, Phase};
use super::helper_object::unfilled;

/// Whether an interrupted run has begun to fill the column.
pub(super) fn is_unfilled(table: &TableDefinition, column: &str) -> bool {
    let mark = unfilled(column);
    table.checks.iter().any(|check| check.name == mark)
}

impl Planner<'_> {
    /// Marks a column in the transaction that adds it. The mark is a check that every row passes: a comment could be
    /// somebody else's, and the record of the batches begins later.
    pub(super) fn mark_as_unfilled(&mut self, table: &str, column: &str) {
        let mark = CheckDefinition {
            name: unfilled(column),
            expression: "true".to_owned(),
            not_valid: true,
            ..CheckDefinition::default()
        };
        let name = format!("mark {table}.{column} as not filled yet");
        self.push(
            Draft::adding_check(Phase::AddColumns, name, table, &mark)
                .why("a run that is cut off is known by it, and gone on with"),
        );
    }

    /// Fills a column with its default in batches, and takes the mark away.
    pub(super) fn fill(&mut self, table: &str, column: &str, value: &str) {
        let name = quote_identifier(column);
        self.backfill(Batches {
            name: format!("{table}.{column}"),
            table: table.to_owned(),
            set: format!("{name} = {value}"),
            condition: format!("{name} IS NULL"),
        });
        let mark = unfilled(column);
        let name = format!("mark {table}.{column} as filled");
        self.push(Draft::dropping_constraint(
            Phase::Backfill,
            name,
            table,
            &mark,
        ));
    }

    /// Fills what an interrupted run has not filled to the end.
    pub(super) fn go_on_filling(&mut self, table: &TableDefinition, column: &ColumnDefinition) {
        if let Some(default) = &column.default
            && is_unfilled(table, &column.name)
        {
            self.fill(&table.name, &column.name, default);
        }
    }
}
