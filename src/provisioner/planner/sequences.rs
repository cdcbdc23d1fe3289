//! Sequences: created, changed, owned, dropped. Those of identity columns are in `columns.rs`.

use tenant_schema::definition::{SequenceDefinition, SequenceOwner};

use super::super::ddl;
use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::hazard::HazardKind;
use super::draft::{Draft, Phase};
use super::helper_object::replaced;
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_sequences(&mut self) {
        self.draft_sequence_renames();
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

    /// A sequence of the same column under another name is the same sequence: it goes on where it is.
    fn draft_sequence_renames(&mut self) {
        let before = self.working().sequences.clone();
        let after = self.to.structure.sequences.clone();
        let is_in =
            |list: &[SequenceDefinition], name: &str| list.iter().any(|known| known.name == name);
        for wished in after.iter().filter(|wished| !is_in(&before, &wished.name)) {
            let same = before.iter().find(|known| {
                known.owner.is_some() && known.owner == wished.owner && !is_in(&after, &known.name)
            });
            if let Some(known) = same.filter(|_| self.is_name_free(&wished.name)) {
                self.push(
                    renaming(Phase::Rename, &known.name, &wished.name)
                        .why("it belongs to the same column"),
                );
                self.rename_in_working(&known.name, &wished.name);
            }
        }
    }

    fn rename_in_working(&mut self, from: &str, to: &str) {
        let structure = &mut self.renamed.structure;
        for sequence in structure
            .sequences
            .iter_mut()
            .filter(|sequence| sequence.name == from)
        {
            to.clone_into(&mut sequence.name);
        }
        let columns = structure
            .tables
            .iter_mut()
            .flat_map(|table| &mut table.columns);
        for default in columns.filter_map(|column| column.default.as_mut()) {
            *default = default.replace(&as_regclass(from), &as_regclass(to));
        }
        for used in self
            .renamed
            .uses
            .iter_mut()
            .filter(|used| used.kind == "sequence" && used.uses == from)
        {
            to.clone_into(&mut used.uses);
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
            let name = quote_identifier(&wished.name);
            let restart = self.keep_in_range(&wished.name, known, wished, Phase::CreateSequences);
            let sql = format!("ALTER SEQUENCE {name} {}{restart}", options(wished));
            let name = format!("change sequence {}", wished.name);
            self.push(Draft::new(Phase::CreateSequences, name, sql).hazard(
                HazardKind::Correctness,
                "the next value may be one that was given already",
            ));
        }
        let is_orphaned = known.owner.is_some() && !self.has_its_owner(known);
        if is_orphaned {
            let free = SequenceDefinition {
                owner: None,
                ..known.clone()
            };
            let name = format!("free sequence {} from its column", known.name);
            self.push(
                Draft::new(Phase::Loosen, name, ddl::own_sequence(&free))
                    .why("the column is made anew, and would take it along"),
            );
        }
        if known.owner != wished.owner || is_orphaned {
            self.own(wished);
        }
    }

    /// Whether the column that owns the sequence is neither gone already nor about to be made anew.
    fn has_its_owner(&self, sequence: &SequenceDefinition) -> bool {
        sequence.owner.as_ref().is_some_and(|owner| {
            let table = self.working().table(&owner.table);
            table.is_some_and(|table| table.column(&owner.column).is_some())
        })
    }

    /// A sequence has to stand within its range, before and after a change of it. Gives what the change has to say itself.
    pub(super) fn keep_in_range(
        &mut self,
        name: &str,
        known: &SequenceDefinition,
        wished: &SequenceDefinition,
        phase: Phase,
    ) -> &'static str {
        let lowest = known.minimum.max(wished.minimum);
        let highest = known.maximum.min(wished.maximum);
        if lowest > highest {
            return " RESTART";
        }
        if lowest > known.minimum || highest < known.maximum {
            let quoted = quote_identifier(name);
            let sql = format!(
                "SELECT setval({}, least(greatest(last_value, {lowest}), {highest}), is_called) FROM {quoted}",
                quote_literal(&quoted)
            );
            let name = format!("bring sequence {name} into its range");
            self.push(Draft::new(phase, name, sql));
        }
        ""
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
            self.has_its_owner(known)
                && table.is_some_and(|table| table.column(&owner.column).is_some())
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
        let name = self.set_sequence_aside(&known.name);
        let sql = format!("DROP SEQUENCE {}", quote_identifier(&name));
        let draft = Draft::new(Phase::DropSequences, format!("drop sequence {name}"), sql)
            .done_when(done::relation_is_gone(&name))
            .irreversible();
        let detail = format!("how far {} has counted", known.name);
        self.push(draft.missed(&known.name, |draft| {
            draft.gated(HazardKind::DeletesData, detail).hazard(
                HazardKind::UntrackableDependency,
                "functions and clients that call nextval by name are not known",
            )
        }));
    }

    /// Renames a sequence whose name is wanted; gives the name that it has then.
    fn set_sequence_aside(&mut self, name: &str) -> String {
        if !self.is_name_wanted(name) {
            return name.to_owned();
        }
        let aside = replaced(name);
        let step = format!("set sequence {name} aside");
        self.push(
            Draft::new(Phase::DropEarly, step, rename(name, &aside))
                .why("its name is wanted")
                .done_when(done::relation_exists(&aside)),
        );
        aside
    }

    /// Whether a default of the column takes values from a sequence that goes.
    pub(super) fn default_uses_a_sequence_that_goes(&self, table: &str, column: &str) -> bool {
        let mut uses = (self.renamed.uses.iter())
            .filter(|used| used.is_of(table, "default", column) && used.kind == "sequence");
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

/// The step that renames a sequence, be it an identity's.
pub(super) fn renaming(phase: Phase, from: &str, to: &str) -> Draft {
    let name = format!("rename sequence {from} to {to}");
    Draft::new(phase, name, rename(from, to)).done_when(done::relation_exists(to))
}

fn rename(from: &str, to: &str) -> String {
    format!(
        "ALTER SEQUENCE {} RENAME TO {}",
        quote_identifier(from),
        quote_identifier(to)
    )
}

/// A sequence as PostgreSQL spells it in a default.
fn as_regclass(name: &str) -> String {
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let text = if name.chars().all(is_plain) {
        name.to_owned()
    } else {
        quote_identifier(name)
    };
    format!("{}::regclass", quote_literal(&text))
}
