//! Enum types: created, extended in place, made anew where a label goes or moves, dropped.

use tenant_schema::definition::EnumDefinition;

use super::super::ddl;
use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::draft::{Draft, Phase};
use super::helper::{is_helper, replaced};
use super::probe::{Answer, Probe};
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_enums(&mut self) {
        let (before, after) = (
            self.working().enums.clone(),
            self.to.structure.enums.clone(),
        );
        for wished in &after {
            match before.iter().find(|known| known.name == wished.name) {
                None => self.create_enum(wished),
                Some(known) if known.labels != wished.labels => self.change_enum(known, wished),
                Some(_) => {}
            }
            let known = before.iter().find(|known| known.name == wished.name);
            let is_new = self.remade_enums.contains(&wished.name);
            let text = known
                .filter(|_| !is_new)
                .and_then(|known| known.comment.as_deref());
            let object = format!("TYPE {}", quote_identifier(&wished.name));
            self.comment(&object, text, wished.comment.as_deref());
        }
        for known in &before {
            if !after.iter().any(|wished| wished.name == known.name) {
                self.drop_enum(known);
            }
        }
    }

    fn create_enum(&mut self, wished: &EnumDefinition) {
        let name = format!("create type {}", wished.name);
        self.push(
            Draft::new(Phase::Types, name, ddl::create_enum(wished))
                .done_when(done::type_exists(&wished.name)),
        );
    }

    fn change_enum(&mut self, known: &EnumDefinition, wished: &EnumDefinition) {
        let mut kept = wished
            .labels
            .iter()
            .filter(|label| known.labels.contains(label));
        if known.labels.iter().all(|label| kept.next() == Some(label)) {
            self.add_labels(known, wished);
        } else {
            self.remake_enum(known, wished);
        }
    }

    /// Adds the missing labels where they belong. A label is of no use before the transaction that adds it has ended
    /// (PostgreSQL manual, `ALTER TYPE`), hence a phase of its own.
    fn add_labels(&mut self, known: &EnumDefinition, wished: &EnumDefinition) {
        let name = quote_identifier(&wished.name);
        let mut previous: Option<&String> = None;
        for label in &wished.labels {
            if !known.labels.contains(label) {
                let place = match (previous, known.labels.first()) {
                    (Some(label), _) => format!(" AFTER {}", quote_literal(label)),
                    (None, Some(label)) => format!(" BEFORE {}", quote_literal(label)),
                    (None, None) => String::new(),
                };
                let sql = format!(
                    "ALTER TYPE {name} ADD VALUE {}{place}",
                    quote_literal(label)
                );
                self.push(
                    Draft::new(
                        Phase::AddLabels,
                        format!("add label {label} to type {}", wished.name),
                        sql,
                    )
                    .why("committed before anything uses the label")
                    .done_when(done::label_exists(&wished.name, label))
                    .irreversible(),
                );
            }
            previous = Some(label);
        }
    }

    /// A new type takes the name; the columns follow in `type_change.rs`, and what hangs on the old one is built anew.
    fn remake_enum(&mut self, known: &EnumDefinition, wished: &EnumDefinition) {
        let old = replaced(&known.name);
        self.refuse_if_needed("enum", None, &known.name, &format!("type {}", known.name));
        let rename = format!(
            "ALTER TYPE {} RENAME TO {}",
            quote_identifier(&known.name),
            quote_identifier(&old)
        );
        let name = format!("set type {} aside", known.name);
        self.push(
            Draft::new(Phase::Types, name, rename)
                .why("PostgreSQL cannot take a label away or move it")
                .done_when(done::type_exists(&old)),
        );
        self.create_enum(wished);
        let gone = known
            .labels
            .iter()
            .filter(|label| !wished.labels.contains(label));
        let gone: Vec<&str> = gone.map(String::as_str).collect();
        let mut draft = Draft::new(
            Phase::DropTypes,
            format!("drop type {old}"),
            format!("DROP TYPE {}", quote_identifier(&old)),
        )
        .done_when(done::type_is_gone(&old))
        .irreversible();
        if !gone.is_empty() {
            let detail = format!("the labels {} of {} are gone", gone.join(", "), known.name);
            draft = draft.gated(HazardKind::DeletesData, detail);
        }
        self.push(self.probe_labels(draft, known, &gone));
        self.remade_enums.insert(known.name.clone());
    }

    /// Rows that hold a label that goes cannot follow.
    fn probe_labels(&self, mut draft: Draft, known: &EnumDefinition, gone: &[&str]) -> Draft {
        if gone.is_empty() {
            return draft;
        }
        let labels: Vec<String> = gone.iter().map(|label| quote_literal(label)).collect();
        let labels = labels.join(", ");
        let columns =
            self.renamed.uses.iter().filter(|used| {
                used.part == "column" && used.kind == "enum" && used.uses == known.name
            });
        for used in columns {
            let Some(table) = self.working().table(&used.table) else {
                continue;
            };
            let Some(after) = self.to.structure.table(&used.table) else {
                continue;
            };
            let is_kept = after.column(&used.name).is_some_and(|column| {
                table
                    .column(&used.name)
                    .is_some_and(|before| before.sql_type == column.sql_type)
            });
            if !is_kept {
                continue;
            }
            let column = quote_identifier(&used.name);
            let condition = format!(
                "string_to_array(trim(both '{{}}' from {column}::text), ',') && ARRAY[{labels}]::text[] OR {column}::text IN ({labels})"
            );
            draft = draft.probe(Probe::rows(
                &self.renamed.source(table),
                &condition,
                Answer::Refuses {
                    object: format!("type {}", known.name),
                    reason: format!(
                        "rows of {}.{} hold a label that goes: {} (hint: change those rows first)",
                        used.table,
                        used.name,
                        gone.join(", ")
                    ),
                },
            ));
        }
        draft
    }

    fn drop_enum(&mut self, known: &EnumDefinition) {
        self.refuse_if_needed("enum", None, &known.name, &format!("type {}", known.name));
        let sql = format!("DROP TYPE {}", quote_identifier(&known.name));
        let draft = Draft::new(Phase::DropTypes, format!("drop type {}", known.name), sql)
            .done_when(done::type_is_gone(&known.name))
            .locks(LockClass::None, &known.name);
        let draft = if is_helper(&known.name) {
            draft.why("left behind by an interrupted run")
        } else {
            draft
        };
        self.push(draft);
    }
}
