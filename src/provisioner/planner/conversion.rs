//! Conversions: the expression that brings the values of a column to another type, and what can happen to them on the way.

use tenant_schema::definition::{ColumnDefinition, EnumDefinition, TableDefinition};

use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::hazard::HazardKind;
use super::Planner;
use super::draft::Draft;
use super::facts::Cast;
use super::probe::Probe;
use super::type_change::TypeChange;

/// How a column gets to its new type.
pub(super) struct Conversion {
    /// The expression after `USING`, where assignment does not do it.
    pub(super) using: Option<String>,
    /// Whether the table stays as it is on disk.
    pub(super) keeps_bytes: bool,
    /// Whether no value can change or be refused.
    is_lossless: bool,
}

impl Conversion {
    /// By an expression, which writes the table anew.
    fn using(expression: String, is_lossless: bool) -> Self {
        Self {
            using: Some(expression),
            keeps_bytes: false,
            is_lossless,
        }
    }

    /// From or to an enum type: the labels as text.
    fn of_labels(column: &str, old: &str, new: &str) -> Self {
        match (old.ends_with("[]"), new.ends_with("[]")) {
            (false, true) => Self::using(in_array(column, &format!("{column}::text"), new), false),
            (true, true) => Self::using(format!("{column}::text[]::{new}"), false),
            (_, false) if is_text(new) => Self::to_text(column, new),
            (_, false) => Self::using(format!("{column}::text::{new}"), false),
        }
    }

    /// To text of any length. The length is left to the assignment, which refuses what is too long: an explicit cast cuts it
    /// without a word (PostgreSQL manual, 8.3 "Character Types").
    fn to_text(column: &str, new: &str) -> Self {
        Self::using(format!("{column}::text"), modifier(new).is_none())
    }

    /// By a cast that PostgreSQL has.
    fn by_cast(
        cast: Cast,
        column: &str,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
    ) -> Self {
        let (old, new) = (&before.sql_type, &after.sql_type);
        let is_wider = widens(old, new);
        Self {
            using: (!cast.by_assignment).then(|| format!("{column}::{new}")),
            keeps_bytes: cast.keeps_bytes && is_wider && before.collation == after.collation
                || old == new,
            is_lossless: cast.is_implicit && is_wider,
        }
    }

    /// Through text, where PostgreSQL has no cast.
    fn without_cast(column: &str, old: &str, new: &str) -> Self {
        if is_text(new) {
            Self::to_text(column, new)
        } else if is_text(old) {
            Self::using(format!("{column}::{new}"), false)
        } else {
            Self::using(format!("{column}::text::{new}"), false)
        }
    }
}

impl Planner<'_> {
    pub(super) fn conversion(
        &self,
        table: &str,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
    ) -> Conversion {
        self.conversion_of(&quote_identifier(&after.name), table, before, after)
    }

    /// The same, of a column that is spelled in another way.
    pub(super) fn conversion_of(
        &self,
        column: &str,
        table: &str,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
    ) -> Conversion {
        let (old, new) = (&before.sql_type, &after.sql_type);
        if self.is_enum(table, &after.name) {
            return Conversion::of_labels(column, old, new);
        }
        if new.strip_suffix("[]") == Some(old) {
            return Conversion::using(in_array(column, column, new), true);
        }
        match self.facts.cast(old, new) {
            Some(cast) => Conversion::by_cast(cast, column, before, after),
            None => Conversion::without_cast(column, old, new),
        }
    }

    /// Whether a column has an enum type, or shall have one.
    fn is_enum(&self, table: &str, column: &str) -> bool {
        let mut uses = self.renamed.uses.iter().chain(&self.to.uses);
        uses.any(|used| used.is_of(table, "column", column) && used.kind == "enum")
    }

    /// The enum type that a column has in the structure to come.
    fn enum_of(&self, table: &str, column: &str) -> Option<&EnumDefinition> {
        let mut of_columns = self.to.uses.iter();
        let used =
            of_columns.find(|used| used.is_of(table, "column", column) && used.kind == "enum")?;
        let mut enums = self.to.structure.enums.iter();
        enums.find(|kind| kind.name == used.uses)
    }

    /// What can happen to the values, counted where the database can tell.
    pub(super) fn endanger(
        &self,
        draft: Draft,
        table: &TableDefinition,
        change: &TypeChange<'_>,
    ) -> Draft {
        if change.conversion.is_lossless {
            return draft;
        }
        let name = &change.after.name;
        let (old, new) = (&change.before.sql_type, &change.after.sql_type);
        let (column, converted) = (quote_identifier(name), change.converted());
        let source = self.renamed.source(table);
        let object = format!("column {}.{name}", table.name);
        let detail = format!("a value of {name} that is no {new} stops the change");
        let draft = draft.hazard(HazardKind::MayFailOnData, detail);
        if let Some(kind) = self.enum_of(&table.name, name) {
            let are_arrays = old.ends_with("[]") && new.ends_with("[]");
            return draft.probe(no_label(&source, &column, are_arrays, kind, object));
        }
        if is_integer(old) && is_integer(new) {
            let range = format!("({converted}) IS NULL AND {column} IS NOT NULL");
            let kind = HazardKind::MayFailOnData;
            return draft.probe(Probe::tries(&source, &range, object, kind));
        }
        let draft = if change.refuses_what_is_too_long() {
            draft.probe(too_long(&source, &column, new, object.clone()))
        } else {
            draft
        };
        if is_text(new) && !is_text(old) {
            return draft;
        }
        let kind = HazardKind::DeletesData;
        let detail = format!("values of {name} that change on their way from {old} to {new}");
        draft
            .gated(kind, detail)
            .probe(Probe::tries(&source, &self.lost(change), object, kind))
    }

    /// The condition that a value is not itself any more, neither converted nor on its way back.
    fn lost(&self, change: &TypeChange<'_>) -> String {
        let (old, new) = (&change.before.sql_type, &change.after.sql_type);
        let (column, converted) = (quote_identifier(&change.after.name), change.converted());
        let back = match self.facts.cast(new, old) {
            Some(_) => format!("({converted})::{old}"),
            None => format!("({converted})::text::{old}"),
        };
        format!(
            "({converted})::text IS DISTINCT FROM {column}::text AND {back}::text IS DISTINCT FROM {column}::text"
        )
    }
}

impl TypeChange<'_> {
    /// Whether an assignment has the last word on the length of a text.
    fn refuses_what_is_too_long(&self) -> bool {
        is_text(&self.after.sql_type)
            || self.conversion.using.is_none() && is_text(&self.before.sql_type)
    }

    /// The value as it shall be.
    fn converted(&self) -> String {
        let (name, new) = (&self.after.name, &self.after.sql_type);
        let using = self.conversion.using.clone();
        using.unwrap_or_else(|| format!("{}::{new}", quote_identifier(name)))
    }
}

/// Rows whose value, written as text, the type to come would cut.
fn too_long(source: &str, column: &str, new: &str, object: String) -> Probe {
    let cut = format!("{column}::text::{new}::text <> {column}::text");
    let reason = format!("values are too long for {new} (hint: shorten them first)");
    Probe::refuses(source, &cut, object, reason)
}

/// Rows whose value is no label of the enum type to come.
fn no_label(
    source: &str,
    column: &str,
    are_arrays: bool,
    kind: &EnumDefinition,
    object: String,
) -> Probe {
    let labels: Vec<String> = kind
        .labels
        .iter()
        .map(|label| quote_literal(label))
        .collect();
    let labels = format!("ARRAY[{}]::text[]", labels.join(", "));
    let condition = if are_arrays {
        format!(
            "EXISTS (SELECT FROM unnest({column}::text[]) AS label WHERE label <> ALL ({labels}))"
        )
    } else {
        format!("{column}::text <> ALL ({labels})")
    };
    let reason = format!(
        "values are no label of {} as it shall be (hint: change those rows first)",
        kind.name
    );
    Probe::refuses(source, &condition, object, reason)
}

/// An array of one element, or NULL for NULL.
fn in_array(column: &str, element: &str, array: &str) -> String {
    format!("CASE WHEN {column} IS NOT NULL THEN ARRAY[{element}]::{array} END")
}

fn is_text(sql_type: &str) -> bool {
    sql_type == "text"
        || sql_type == "character varying"
        || sql_type.starts_with("character varying(")
}

fn is_integer(sql_type: &str) -> bool {
    matches!(sql_type, "smallint" | "integer" | "bigint")
}

/// Whether the modifier of the new type admits whatever that of the old one did: `varchar(20)` to `varchar(40)` or `text`,
/// `numeric(8,2)` to `numeric(10,2)`.
fn widens(before: &str, after: &str) -> bool {
    let Some(new) = modifier(after) else {
        return true;
    };
    let Some(old) = modifier(before) else {
        return false;
    };
    match (old.as_slice(), new.as_slice()) {
        ([old, old_scale], [new, new_scale]) => new_scale == old_scale && new >= old,
        ([old], [new] | [new, 0]) | ([old, 0], [new]) => new >= old,
        _ => false,
    }
}

/// The numbers in parentheses.
fn modifier(sql_type: &str) -> Option<Vec<i64>> {
    let (_, rest) = sql_type.split_once('(')?;
    let (numbers, _) = rest.split_once(')')?;
    numbers
        .split(',')
        .map(|number| number.trim().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modifier_widens_when_it_admits_all_that_the_old_one_did() {
        assert!(widens("character varying(20)", "character varying(40)"));
        assert!(widens("character varying(20)", "text"));
        assert!(widens("numeric(8,2)", "numeric(10,2)"));
        assert!(!widens("numeric(8,2)", "numeric(10,3)"));
        assert!(!widens("text", "character varying(40)"));
        assert!(!widens(
            "timestamp(6) with time zone",
            "timestamp(3) with time zone"
        ));
    }
}
