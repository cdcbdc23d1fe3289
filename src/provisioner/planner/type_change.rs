//! Type changes: all of a table in one statement, so that the table is written at most once and constraints over several of
//! its columns never see half of the change.

use tenant_schema::definition::{
    ColumnDefinition, EnumDefinition, SchemaDefinition, TableDefinition,
};

use super::super::identifier::{quote_identifier, quote_literal};
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::draft::{Draft, Phase};
use super::probe::{Answer, Probe};
use super::{Planner, done};

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

/// How a column gets to its new type.
pub(super) struct Conversion {
    /// The expression after `USING`, where assignment does not do it.
    pub(super) using: Option<String>,
    /// Whether the table stays as it is on disk.
    pub(super) keeps_bytes: bool,
    /// Whether no value can change or be refused.
    is_lossless: bool,
}

impl Planner<'_> {
    /// Changes the types of a table's columns.
    pub(super) fn draft_type_changes(&mut self, before: &TableDefinition, after: &TableDefinition) {
        let table = &after.name;
        let mut actions = Vec::new();
        let mut names = Vec::new();
        let mut done = Vec::new();
        let mut draft =
            Draft::new(Phase::ChangeColumns, "", "").locks(LockClass::AccessExclusive, table);
        let mut keeps_bytes = true;
        for column in &after.columns {
            let Some(known) = before.column(&column.name) else {
                continue;
            };
            if !self.is_disturbed(table, &column.name) {
                continue;
            }
            self.refuse_if_needed(
                "type",
                Some(table),
                &column.name,
                &format!("column {table}.{}", column.name),
            );
            let conversion = self.conversion(table, known, column);
            keeps_bytes = keeps_bytes && conversion.keeps_bytes;
            actions.extend(actions_of(known, column, &conversion));
            names.push(format!("{} to {}", column.name, column.sql_type));
            done.push(done::column_has_type(table, &column.name, &column.sql_type));
            draft = self.endanger(draft, before, known, column, &conversion);
        }
        if actions.is_empty() {
            return;
        }
        draft.step.name = format!("change type of {table}.{}", names.join(", "));
        draft.step.sql = format!(
            "ALTER TABLE {} {}",
            quote_identifier(table),
            actions.join(", ")
        );
        draft.step.done_when = done.join(" AND ");
        draft = draft.hazard(
            HazardKind::BreaksClients,
            "clients bind and read another type",
        );
        if !keeps_bytes {
            draft = self.rewriting(draft, table);
        }
        self.push(draft);
        self.analyze(table);
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
        let wished = &after.sql_type;
        let is_enum = |part: &str| {
            (self.renamed.uses.iter().chain(&self.to.uses)).any(|used| {
                used.table == table
                    && used.name == part
                    && used.part == "column"
                    && used.kind == "enum"
            })
        };
        let becomes_array = wished.ends_with("[]") && !before.sql_type.ends_with("[]");
        if is_enum(&after.name) && becomes_array {
            return Conversion {
                using: Some(format!(
                    "CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}::text]::{wished} END"
                )),
                keeps_bytes: false,
                is_lossless: false,
            };
        }
        if is_enum(&after.name) {
            let text = if before.sql_type.ends_with("[]") && wished.ends_with("[]") {
                "text[]"
            } else {
                "text"
            };
            return Conversion {
                using: Some(format!("{column}::{text}::{wished}")),
                keeps_bytes: false,
                is_lossless: is_text(wished),
            };
        }
        if is_array_of(wished, &before.sql_type) {
            return Conversion {
                using: Some(format!(
                    "CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}]::{wished} END"
                )),
                keeps_bytes: false,
                is_lossless: true,
            };
        }
        let Some(cast) = self.facts.cast(&before.sql_type, wished) else {
            let is_lossless = is_text(wished);
            let through_text = format!("{column}::text::{wished}");
            let direct = format!("{column}::{wished}");
            let is_from_text = is_text(&before.sql_type) || is_lossless;
            return Conversion {
                using: Some(if is_from_text { direct } else { through_text }),
                keeps_bytes: false,
                is_lossless,
            };
        };
        let is_wider = widens(&before.sql_type, wished);
        Conversion {
            using: (!cast.by_assignment).then(|| format!("{column}::{wished}")),
            keeps_bytes: cast.keeps_bytes && is_wider && before.collation == after.collation
                || before.sql_type == *wished,
            is_lossless: cast.is_implicit && is_wider,
        }
    }

    /// The enum type that a column has in the structure to come.
    fn enum_of(&self, table: &str, column: &str) -> Option<&EnumDefinition> {
        let mut of_columns = self.to.uses.iter();
        let used = of_columns.find(|used| {
            used.table == table
                && used.name == column
                && used.part == "column"
                && used.kind == "enum"
        })?;
        self.to
            .structure
            .enums
            .iter()
            .find(|kind| kind.name == used.uses)
    }

    /// What can happen to the values,, counted where the database can tell.
    pub(super) fn endanger(
        &self,
        draft: Draft,
        table: &TableDefinition,
        before: &ColumnDefinition,
        after: &ColumnDefinition,
        conversion: &Conversion,
    ) -> Draft {
        if conversion.is_lossless {
            return draft;
        }
        let object = format!("column {}.{}", table.name, after.name);
        let column = quote_identifier(&after.name);
        let (old, new) = (&before.sql_type, &after.sql_type);
        let converted = conversion
            .using
            .clone()
            .unwrap_or_else(|| format!("{column}::{new}"));
        let source = self.renamed.source(table);
        let draft = draft.hazard(
            HazardKind::MayFailOnData,
            format!(
                "a value of {} that is no {new} stops the change",
                after.name
            ),
        );
        if let Some(kind) = self.enum_of(&table.name, &after.name) {
            let are_arrays = old.ends_with("[]") && new.ends_with("[]");
            return draft.probe(no_label(&source, &column, are_arrays, kind, object));
        }
        if is_integer(old) && is_integer(new) {
            let answer = Answer::Tries {
                object,
                kind: HazardKind::MayFailOnData,
            };
            return draft.probe(Probe::rows(
                &source,
                &format!("({converted}) IS NULL AND {column} IS NOT NULL"),
                answer,
            ));
        }
        let back = match self.facts.cast(new, old) {
            Some(_) => format!("({converted})::{old}"),
            None => format!("({converted})::text::{old}"),
        };
        let changed = format!(
            "({converted})::text IS DISTINCT FROM {column}::text AND {back}::text IS DISTINCT FROM {column}::text"
        );
        let draft = draft.gated(
            HazardKind::DeletesData,
            format!(
                "values of {} that change on their way from {old} to {new}",
                after.name
            ),
        );
        let draft = draft.probe(Probe::rows(
            &source,
            &changed,
            Answer::Tries {
                object: object.clone(),
                kind: HazardKind::DeletesData,
            },
        ));
        if conversion.using.is_none() && is_text(old) {
            let cut = format!("({converted})::text <> {column}::text");
            return draft.probe(Probe::rows(
                &source,
                &cut,
                Answer::Refuses {
                    object,
                    reason: format!("values are too long for {new} (hint: shorten them first)"),
                },
            ));
        }
        draft
    }
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
    let answer = Answer::Refuses {
        object,
        reason: format!(
            "values are no label of {} as it shall be (hint: change those rows first)",
            kind.name
        ),
    };
    Probe::rows(source, &condition, answer)
}

/// The actions on one column. A default is cast by nobody, so it goes and comes back.
fn actions_of(
    before: &ColumnDefinition,
    after: &ColumnDefinition,
    conversion: &Conversion,
) -> Vec<String> {
    let column = format!("ALTER COLUMN {}", quote_identifier(&after.name));
    let mut actions = Vec::new();
    if before.default.is_some() && after.default.is_some() {
        actions.push(format!("{column} DROP DEFAULT"));
    }
    let collation = after.collation.as_ref();
    let collation = collation.map_or_else(String::new, |name| {
        format!(" COLLATE {}", quote_identifier(name))
    });
    let using = conversion.using.as_ref();
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

fn is_text(sql_type: &str) -> bool {
    sql_type == "text"
        || sql_type == "character varying"
        || sql_type.starts_with("character varying(")
}

fn is_array_of(array: &str, element: &str) -> bool {
    array.strip_suffix("[]") == Some(element)
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
