//! Sequences: created, changed, owned, dropped. Those of identity columns are in `columns.rs`.

use tenant_schema::definition::{SequenceDefinition, SequenceOwner};

use super::super::ddl;
use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::hazard::HazardKind;
use super::draft::{Draft, Phase};
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_sequences(&mut self) {
        let before = self.working().sequences.clone();
        let after = self.to.structure.sequences.clone();
        for wished in &after {
            let known = before.iter().find(|known| known.name == wished.name);
            match known {
                None => self.create_sequence(wished),
                Some(known) => self.change_sequence(known, wished),
            }
            let object = format!("SEQUENCE {}", quote_identifier(&wished.name));
            let text = known.and_then(|known| known.comment.as_deref());
            self.comment(&object, text, wished.comment.as_deref());
        }
        for known in &before {
            if !after.iter().any(|wished| wished.name == known.name) {
                self.drop_sequence(known);
            }
        }
    }

    fn create_sequence(&mut self, wished: &SequenceDefinition) {
        let name = format!("create sequence {}", wished.name);
        self.push(
            Draft::new(Phase::CreateSequences, name, ddl::create_sequence(wished))
                .done_when(done::relation_exists(&wished.name)),
        );
        if let Some(owner) = &wished.owner {
            self.own(wished);
            self.continue_after_rows(&wished.name, owner, Phase::Ownership);
        }
    }

    fn change_sequence(&mut self, known: &SequenceDefinition, wished: &SequenceDefinition) {
        let options = |sequence: &SequenceDefinition| {
            format!(
                "AS {} {}",
                sequence.data_type,
                ddl::sequence_options(sequence)
            )
        };
        if options(known) != options(wished) {
            let sql = format!(
                "ALTER SEQUENCE {} {}",
                quote_identifier(&wished.name),
                options(wished)
            );
            let name = format!("change sequence {}", wished.name);
            self.push(Draft::new(Phase::CreateSequences, name, sql).hazard(
                HazardKind::Correctness,
                "the next value may be one that was given already",
            ));
        }
        if known.owner != wished.owner {
            self.own(wished);
        }
    }

    fn own(&mut self, wished: &SequenceDefinition) {
        let name = format!("set the owner of sequence {}", wished.name);
        self.push(Draft::new(
            Phase::Ownership,
            name,
            ddl::own_sequence(wished),
        ));
    }

    /// A sequence that takes over a filled column goes on after its largest value.
    pub(super) fn continue_after_rows(
        &mut self,
        sequence: &str,
        owner: &SequenceOwner,
        phase: Phase,
    ) {
        let was_there = self.working().table(&owner.table);
        let column = was_there.and_then(|table| table.column(&owner.column));
        let counts = |sql_type: &str| matches!(sql_type, "smallint" | "integer" | "bigint");
        if !column.is_some_and(|column| counts(&column.sql_type)) {
            return;
        }
        let (table, column) = (
            quote_identifier(&owner.table),
            quote_identifier(&owner.column),
        );
        let name = quote_literal(&quote_identifier(sequence));
        let sql = format!(
            "SELECT setval({name}, greatest(max({column}) + 1, (SELECT seqstart FROM pg_sequence WHERE seqrelid = {name}::regclass)), false) FROM {table} HAVING max({column}) IS NOT NULL"
        );
        let draft = Draft::new(
            phase,
            format!("continue sequence {sequence} after the rows"),
            sql,
        )
        .hazard(
            HazardKind::Correctness,
            format!(
                "it goes on after the largest {}.{}",
                owner.table, owner.column
            ),
        )
        .slow();
        self.push(draft);
    }

    /// A sequence goes with its column. It has to go by itself where the column stays.
    fn drop_sequence(&mut self, known: &SequenceDefinition) {
        let owner = known.owner.as_ref();
        let stays = owner.is_none_or(|owner| {
            let table = self.to.structure.table(&owner.table);
            table.is_some_and(|table| table.column(&owner.column).is_some())
        });
        self.refuse_if_needed(
            "sequence",
            None,
            &known.name,
            &format!("sequence {}", known.name),
        );
        if !stays {
            return;
        }
        let phase = if self.is_name_wanted(&known.name) {
            Phase::DropEarly
        } else {
            Phase::DropSequences
        };
        let sql = format!("DROP SEQUENCE {}", quote_identifier(&known.name));
        self.push(
            Draft::new(phase, format!("drop sequence {}", known.name), sql)
                .done_when(done::relation_is_gone(&known.name))
                .gated(
                    HazardKind::DeletesData,
                    format!("how far {} has counted", known.name),
                )
                .hazard(
                    HazardKind::UntrackableDependency,
                    "functions and clients that call nextval by name are not known",
                )
                .irreversible(),
        );
    }

    /// Whether a default of the column takes values from a sequence that goes.
    pub(super) fn default_uses_a_sequence_that_goes(&self, table: &str, column: &str) -> bool {
        let mut uses = self.renamed.uses.iter().filter(|used| {
            used.table == table
                && used.name == column
                && used.part == "default"
                && used.kind == "sequence"
        });
        let stays = |name: &str| {
            self.to
                .structure
                .sequences
                .iter()
                .any(|wished| wished.name == name)
        };
        uses.any(|used| !stays(&used.uses))
    }
}
