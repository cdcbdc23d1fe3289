//! Identity columns: given an identity, changed, and kept in step with the rows.

use tenant_schema::definition::{
    ColumnDefinition, Identity, IdentityDefinition, SequenceDefinition, SequenceOwner,
};

use super::super::ddl;
use super::super::plan::hazard::HazardKind;
use super::draft::{Draft, Phase};
use super::sequences::renaming;
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
        let column = &after.name;
        let name = format!("add identity to {table}.{column}");
        let action = format!("ADD {}", ddl::identity(wished));
        let draft = Draft::altering_column(phase, name, table, column, &action)
            .done_when(done::column_is(table, column, "a.attidentity <> ''"));
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
        let mut actions = Vec::new();
        if known.kind != wished.kind {
            actions.push(format!("SET GENERATED {}", ddl::identity_kind(wished.kind)));
        }
        let mut phase = Phase::Identity;
        if let (Some(old), Some(new)) = (&known.sequence, &wished.sequence) {
            self.rename_identity_sequence(old, new);
            let changes_type = self.is_disturbed(table, &after.name);
            if changes_type || ddl::sequence_options(old) != ddl::sequence_options(new) {
                phase = phase_of(old, new);
                actions.extend(self.sequence_actions(old, new, phase));
            }
        }
        if actions.is_empty() {
            return;
        }
        let column = &after.name;
        let name = format!("change identity of {table}.{column}");
        let draft = Draft::altering_column(phase, name, table, column, &actions.join(" ")).hazard(
            HazardKind::Correctness,
            "the next value may be one that was given already",
        );
        self.push(if known.kind == wished.kind {
            draft
        } else {
            refusing_values(draft, wished)
        });
    }

    fn rename_identity_sequence(&mut self, old: &SequenceDefinition, new: &SequenceDefinition) {
        if old.name != new.name {
            self.push(renaming(Phase::ChangeColumns, &old.name, &new.name));
        }
    }

    /// What makes the sequence of an identity another one. It still has its old name where that comes before the renaming.
    fn sequence_actions(
        &mut self,
        old: &SequenceDefinition,
        new: &SequenceDefinition,
        phase: Phase,
    ) -> Vec<String> {
        let name = if phase == Phase::Loosen {
            &old.name
        } else {
            &new.name
        };
        let restart = self.keep_in_range(name, old, new, phase).trim_start();
        let mut actions = ddl::identity_options(new).to_vec();
        if !restart.is_empty() {
            actions.push(restart.to_owned());
        }
        actions
    }
}

/// A sequence that would hinder its column from changing its type is changed before that.
fn phase_of(old: &SequenceDefinition, new: &SequenceDefinition) -> Phase {
    if hinders_type(old, &new.data_type) {
        Phase::Loosen
    } else {
        Phase::Identity
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
