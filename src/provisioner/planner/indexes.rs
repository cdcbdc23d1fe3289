//! Indexes that no constraint owns: built beside what they replace, renamed, dropped.

use tenant_schema::definition::{IndexDefinition, TableDefinition};

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::super::plan::hazard::HazardKind;
use super::super::plan::step::LockClass;
use super::draft::{Draft, Phase};
use super::helper_object::{LEFT_BEHIND, is_helper, replaced, replacement};
use super::part::pair;
use super::probe::{Answer, Probe};
use super::{Planner, done};

impl Planner<'_> {
    pub(super) fn draft_indexes(&mut self, before: &mut TableDefinition, after: &TableDefinition) {
        let known = before.indexes.clone();
        let matched = pair(&known, &after.indexes, |name| self.is_name_free(name));
        for (old, new) in &matched.renamed {
            if is_helper(&old.name) {
                self.adopt_index(before, old, new);
            } else {
                self.rename_index(&after.name, &old.name, &new.name);
                rename_in(before, &old.name, &new.name);
            }
        }
        for new in &matched.added {
            self.add_index(before, new);
        }
        for (old, new) in &matched.replaced {
            let ready = known.iter().find(|index| {
                is_helper(&index.name)
                    && index.name == replacement(&new.name)
                    && is_same(index, new)
            });
            self.replace_index(before, old, new, ready.is_some());
        }
        for old in &matched.dropped {
            let is_taken_up = matched
                .replaced
                .iter()
                .any(|(_, new)| old.name == replacement(&new.name) && is_same(old, new));
            if !is_taken_up && !self.adopted_indexes.contains(&old.name) {
                self.drop_index(&after.name, old);
            }
        }
    }

    pub(super) fn add_index(&mut self, table: &TableDefinition, index: &IndexDefinition) {
        let name = format!("create index {}", index.name);
        let draft = if self.is_online(&table.name) {
            Draft::new(
                Phase::Indexes,
                name,
                ddl::create_index_concurrently(&table.name, index),
            )
            .locks(LockClass::ShareUpdateExclusive, &table.name)
            .not_transactional()
            .left_over(ddl::drop_index_concurrently_if_exists(&index.name))
        } else {
            let detail = format!("nobody writes {} while the index is built", table.name);
            Draft::new(Phase::Indexes, name, ddl::create_index(&table.name, index))
                .locks(LockClass::Share, &table.name)
                .hazard_if(HazardKind::Share, detail, self.is_large(&table.name))
                .slow()
        };
        let draft = draft.done_when(done::index_is_valid(&index.name)).hazard(
            HazardKind::IndexBuild,
            format!("the rows of {} are read and sorted", table.name),
        );
        let draft = self.unique_rows(draft, table, index);
        self.push(draft);
    }

    /// Rows that a unique index would refuse, counted.
    fn unique_rows(&self, draft: Draft, table: &TableDefinition, index: &IndexDefinition) -> Draft {
        if !index.unique {
            return draft;
        }
        let keys: Vec<String> = index.keys.iter().map(|key| bare_key(key)).collect();
        let condition = index.predicate.clone().unwrap_or_else(|| "true".to_owned());
        let object = format!("index {}", index.name);
        draft
            .hazard(HazardKind::MayFailOnData, "two equal rows stop the change")
            .probe(self.duplicates(table, &keys, &condition, index.nulls_not_distinct, object))
    }

    /// The question how many rows share their key with another one.
    pub(super) fn duplicates(
        &self,
        table: &TableDefinition,
        keys: &[String],
        condition: &str,
        nulls_are_equal: bool,
        object: String,
    ) -> Probe {
        let source = self.renamed.source(table);
        let list = keys.join(", ");
        let filled: Vec<String> = keys
            .iter()
            .map(|key| format!("({key}) IS NOT NULL"))
            .collect();
        let filled = if nulls_are_equal {
            "true".to_owned()
        } else {
            filled.join(" AND ")
        };
        let sample = keys
            .iter()
            .map(|key| format!("({key})::text"))
            .collect::<Vec<_>>();
        let sample = format!("concat_ws(', ', {})", sample.join(", "));
        Probe {
            sql: format!(
                "SELECT coalesce(sum(n), 0)::bigint AS count, left(min(sample), 200) AS sample FROM (SELECT count(*) AS n, min({sample}) AS sample FROM {source} AS probed WHERE ({condition}) AND {filled} GROUP BY {list} HAVING count(*) > 1) AS shared"
            ),
            answer: Answer::Refuses {
                object,
                reason: "rows share the same values (hint: make them differ or remove all but one first)".to_owned(),
            },
        }
    }

    /// Without readers waiting the new index is built first and takes the old one's name, so that no query is without an index.
    fn replace_index(
        &mut self,
        before: &mut TableDefinition,
        old: &IndexDefinition,
        new: &IndexDefinition,
        is_ready: bool,
    ) {
        let table = before.name.clone();
        if !self.is_online(&table) || old.invalid {
            self.drop_index_before_new(&table, old);
            self.add_index(before, new);
        } else {
            let built = IndexDefinition {
                name: replacement(&new.name),
                ..new.clone()
            };
            if !is_ready {
                self.add_index(before, &built);
            }
            let aside = replaced(&old.name);
            self.rename_index_in(
                Phase::Indexes,
                &table,
                &old.name,
                &aside,
                "gives its name to the new one",
            );
            self.rename_index_in(
                Phase::Indexes,
                &table,
                &built.name,
                &new.name,
                "takes the place",
            );
            self.drop_index_named(&table, &aside, Phase::Indexes, "replaced");
        }
        before.indexes.retain(|index| index.name != old.name);
    }

    /// An index that an interrupted run built for this place.
    fn adopt_index(
        &mut self,
        before: &mut TableDefinition,
        old: &IndexDefinition,
        new: &IndexDefinition,
    ) {
        let table = before.name.clone();
        self.rename_index_in(
            Phase::Indexes,
            &table,
            &old.name,
            &new.name,
            "built by an interrupted run",
        );
        rename_in(before, &old.name, &new.name);
    }

    fn rename_index(&mut self, table: &str, from: &str, to: &str) {
        let why = "it does the same under another name";
        self.rename_index_in(Phase::Rename, table, from, to, why);
    }

    fn rename_index_in(&mut self, phase: Phase, table: &str, from: &str, to: &str, why: &str) {
        self.push(renaming(phase, table, from, to).why(why));
    }

    /// Drops an index that is in the way of another change, and forgets it.
    pub(super) fn drop_index_early(&mut self, table: &str, index: &IndexDefinition) {
        self.drop_index_named(
            table,
            &index.name,
            Phase::DropDisturbedIndexes,
            "in the way of another change",
        );
        self.forget(table, |known| {
            known.indexes.retain(|known| known.name != index.name);
        });
    }

    /// Drops an index that an interrupted run left behind.
    pub(super) fn drop_left_over(&mut self, table: &str, name: &str) {
        self.drop_index_named(table, name, Phase::Heal, LEFT_BEHIND);
    }

    fn drop_index_before_new(&mut self, table: &str, index: &IndexDefinition) {
        let why = if index.invalid {
            "its build was interrupted"
        } else {
            "another one takes its name"
        };
        self.drop_index_named(table, &index.name, Phase::DropDisturbedIndexes, why);
    }

    fn drop_index(&mut self, table: &str, index: &IndexDefinition) {
        let (phase, why) = if is_helper(&index.name) {
            (Phase::Heal, LEFT_BEHIND)
        } else if self.is_name_wanted(&index.name) {
            (Phase::DropDisturbedIndexes, "its name is wanted")
        } else if index.unique {
            // A foreign key that is built anew must not come to rely on it.
            (Phase::DropDisturbedIndexes, "not wished for any more")
        } else {
            (Phase::DropIndexes, "not wished for any more")
        };
        self.drop_index_named(table, &index.name, phase, why);
    }

    fn drop_index_named(&mut self, table: &str, name: &str, phase: Phase, why: &str) {
        self.refuse_if_needed("index", None, name, &format!("index {name}"));
        let quoted = quote_identifier(name);
        let draft = Draft::new(
            phase,
            format!("drop index {name}"),
            format!("DROP INDEX {quoted}"),
        )
        .why(why);
        let mut draft = if self.is_online(table) {
            draft
                .locks(LockClass::ShareUpdateExclusive, table)
                .not_transactional()
        } else {
            draft.locks(LockClass::AccessExclusive, table).hazard(
                HazardKind::AccessExclusive,
                format!("nobody reads or writes {table} for a moment"),
            )
        };
        if !draft.step.transactional {
            draft.step.sql = format!("DROP INDEX CONCURRENTLY {quoted}");
        }
        if !is_helper(name) {
            draft = draft.hazard(HazardKind::IndexDropped, "queries may have used it");
        }
        self.push(draft.done_when(done::relation_is_gone(name)));
    }
}

/// The step that renames an index, be it a constraint's.
pub(super) fn renaming(phase: Phase, table: &str, from: &str, to: &str) -> Draft {
    let sql = format!(
        "ALTER INDEX {} RENAME TO {}",
        quote_identifier(from),
        quote_identifier(to)
    );
    Draft::new(phase, format!("rename index {from} to {to}"), sql)
        .locks(LockClass::ShareUpdateExclusive, table)
        .done_when(done::relation_exists(to))
}

fn is_same(one: &IndexDefinition, other: &IndexDefinition) -> bool {
    use super::part::Part as _;
    one.essence() == other.essence()
}

fn rename_in(table: &mut TableDefinition, from: &str, to: &str) {
    for index in table.indexes.iter_mut().filter(|index| index.name == from) {
        to.clone_into(&mut index.name);
    }
}

/// A key of an index without its order, operator class and collation, as `GROUP BY` takes it.
fn bare_key(key: &str) -> String {
    let end = match key.chars().next() {
        Some('(') => closing(key),
        Some('"') => key
            .char_indices()
            .skip(1)
            .find(|(_, letter)| *letter == '"')
            .map(|(at, _)| at + 1),
        _ => key.find(' '),
    };
    key.get(..end.unwrap_or(key.len()))
        .unwrap_or(key)
        .to_owned()
}

/// Where the parenthesis that opens the text closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let mut in_literal = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => in_literal = !in_literal,
            '(' if !in_literal => depth += 1,
            ')' if !in_literal => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_bare_without_its_order_and_operator_class() {
        assert_eq!(bare_key("\"email\" DESC"), "\"email\"");
        assert_eq!(
            bare_key("((a || ')') || b) text_pattern_ops"),
            "((a || ')') || b)"
        );
        assert_eq!(bare_key("lower(email)"), "lower(email)");
        assert_eq!(bare_key("email DESC"), "email");
    }
}
