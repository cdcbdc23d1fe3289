//! Enum types: created, extended in place, made anew where a label goes or moves, dropped.

use tenant_schema::definition::EnumDefinition;

use super::super::ddl;
use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::hazard::HazardKind;
use super::draft::{Draft, Phase};
use super::helper_object::replaced;
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
        self.push(
            Draft::new(
                Phase::DropTypes,
                format!("drop type {old}"),
                format!("DROP TYPE {}", quote_identifier(&old)),
            )
            .done_when(done::type_is_gone(&old))
            .hazard(
                HazardKind::BreaksClients,
                "clients that use a label that goes fail",
            )
            .irreversible(),
        );
        self.remade_enums.insert(known.name.clone());
    }

    /// A table to come may have the name of the type, as the name of its rows: then the type steps aside first.
    fn drop_enum(&mut self, known: &EnumDefinition) {
        self.refuse_if_needed("enum", None, &known.name, &format!("type {}", known.name));
        let mut name = known.name.clone();
        if self.is_name_wanted(&name) {
            name = replaced(&name);
            self.push(
                Draft::new(
                    Phase::Types,
                    format!("set type {} aside", known.name),
                    format!(
                        "ALTER TYPE {} RENAME TO {}",
                        quote_identifier(&known.name),
                        quote_identifier(&name)
                    ),
                )
                .why("its name is wanted")
                .done_when(done::type_exists(&name)),
            );
        }
        let sql = format!("DROP TYPE {}", quote_identifier(&name));
        let draft = Draft::new(Phase::DropTypes, format!("drop type {name}"), sql)
            .done_when(done::type_is_gone(&name));
        self.push(draft.missed(&known.name, |draft| {
            draft.hazard(HazardKind::BreaksClients, "clients that cast to it fail")
        }));
    }
}
