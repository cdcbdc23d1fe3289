//! Identity columns: given an identity, changed, and kept in step with the rows.

use tenant_schema::definition::{
    ColumnDefinition, Identity, IdentityDefinition, SequenceDefinition, SequenceOwner,
};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::columns::alter;
use super::draft::{Draft, Phase};
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_identity(
        &mut self,
        table: &str,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
    ) {
        match (&before.identity, &after.identity) {
            (None, Some(wished)) => self.add_identity(table, before, after, wished),
            (Some(known), Some(wished)) => self.change_identity(table, after, known, wished),
            (_, None) => {}
        }
    }

    fn add_identity(
        &mut self,
        table: &str,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
        wished: &IdentityDefinition,
    ) {
        let changes_type = self.is_disturbed(table, &after.name);
        let phase = if before.nullable || changes_type {
            Phase::Identity
        } else {
            Phase::ChangeColumns
        };
        let sql = alter(
            table,
            &after.name,
            &format!("ADD {}", ddl::identity(wished)),
        );
        let draft = Draft::new(
            phase,
            format!("add identity to {table}.{}", after.name),
            sql,
        )
        .locks(LockClass::AccessExclusive, table)
        .done_when(done::column_is(table, &after.name, "a.attidentity <> ''"));
        self.push(refusing_values(draft, wished));
        if let Some(sequence) = &wished.sequence {
            let owner = SequenceOwner {
                table: table.to_owned(),
                column: after.name.clone(),
            };
            self.continue_after_rows(&sequence.name, &owner, phase);
        }
    }

    fn change_identity(
        &mut self,
        table: &str,
        after: &ColumnDefinition,
        known: &IdentityDefinition,
        wished: &IdentityDefinition,
    ) {
        let object = format!("{table}.{}", after.name);
        if let (Some(old), Some(new)) = (&known.sequence, &wished.sequence)
            && old.name != new.name
        {
            let sql = format!(
                "ALTER SEQUENCE {} RENAME TO {}",
                quote_identifier(&old.name),
                quote_identifier(&new.name)
            );
            let name = format!("rename sequence {} to {}", old.name, new.name);
            self.push(
                Draft::new(Phase::ChangeColumns, name, sql)
                    .done_when(done::relation_exists(&new.name)),
            );
        }
        let mut actions = Vec::new();
        if known.kind != wished.kind {
            actions.push(format!("SET GENERATED {}", ddl::identity_kind(wished.kind)));
        }
        let changes_type = self.is_disturbed(table, &after.name);
        let mut phase = Phase::Identity;
        if let (Some(old), Some(new)) = (&known.sequence, &wished.sequence)
            && (changes_type || ddl::sequence_options(old) != ddl::sequence_options(new))
        {
            actions.extend(ddl::identity_options(new));
            let mut sequence = &new.name;
            if hinders_type(old, &new.data_type) {
                (phase, sequence) = (Phase::Loosen, &old.name);
            }
            let restart = self.keep_in_range(sequence, old, new, phase);
            if !restart.is_empty() {
                actions.push(restart.trim_start().to_owned());
            }
        }
        if actions.is_empty() {
            return;
        }
        let sql = alter(table, &after.name, &actions.join(" "));
        let draft = Draft::new(phase, format!("change identity of {object}"), sql)
            .locks(LockClass::AccessExclusive, table)
            .hazard(
                HazardKind::Correctness,
                "the next value may be one that was given already",
            );
        self.push(if known.kind == wished.kind {
            draft
        } else {
            refusing_values(draft, wished)
        });
    }
}

/// Whether bounds of an identity's sequence keep its column from getting a narrower type. Those that are the limits of its
/// own type follow the type (PostgreSQL manual, `ALTER SEQUENCE`, `AS`).
fn hinders_type(sequence: &SequenceDefinition, wished: &str) -> bool {
    let (lowest, highest) = limits(wished);
    let (own_lowest, own_highest) = limits(&sequence.data_type);
    (sequence.maximum > highest && sequence.maximum != own_highest)
        || (sequence.minimum < lowest && sequence.minimum != own_lowest)
}

/// The smallest and the largest value of an integer type.
fn limits(sql_type: &str) -> (i64, i64) {
    match sql_type {
        "smallint" => (i16::MIN.into(), i16::MAX.into()),
        "integer" => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

/// An identity that is always generated refuses values of the client's own.
fn refusing_values(draft: Draft, identity: &IdentityDefinition) -> Draft {
    match identity.kind {
        Identity::Always => draft.hazard(
            HazardKind::BreaksClients,
            "statements that give it a value fail",
        ),
        Identity::ByDefault => draft,
    }
}
