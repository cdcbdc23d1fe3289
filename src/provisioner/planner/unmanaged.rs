//! Objects that the engine does not manage: a step that would need one to go, or to be there, is refused by name.

use super::super::introspect::{UnmanagedObject, Use};
use super::Planner;
use super::helper_object::is_helper;

/// Kinds of dependency that are not on unmanaged objects.
const MANAGED: &[&str] = &["enum", "sequence", "key", "column", "volatile function"];

impl Planner<'_> {
    /// Refuses a change when an unmanaged object depends on what it drops (`table`, `column`, `constraint`, `index`,
    /// `enum`, `sequence`) or on a column whose type it changes (`type`).
    pub(super) fn refuse_if_needed(
        &mut self,
        kind: &str,
        table: Option<&str>,
        name: &str,
        object: &str,
    ) {
        let blockers = self.blockers(kind, table, name);
        if !blockers.is_empty() {
            let reason = format!(
                "{} needs it and is not managed (hint: drop it by hand first, and create it again afterwards)",
                blockers.join(", ")
            );
            self.refuse(object, reason);
        }
    }

    /// The unmanaged objects that depend on something, in words.
    pub(super) fn blockers(&self, kind: &str, table: Option<&str>, name: &str) -> Vec<String> {
        let table_now = table.map(|table| self.renamed.table_now(table).to_owned());
        let (kind_needed, name_now) = match (kind, table) {
            ("column" | "type", Some(table)) => {
                ("column", self.renamed.column_now(table, name).to_owned())
            }
            ("table", _) => ("table", self.renamed.table_now(name).to_owned()),
            _ => (kind, name.to_owned()),
        };
        let needs_it = |unmanaged: &&UnmanagedObject| {
            unmanaged.needs.iter().any(|need| match kind_needed {
                "table" => {
                    need.table.as_ref() == Some(&name_now)
                        || need.name == name_now && need.kind == "table"
                }
                "column" | "constraint" => {
                    need.kind == kind_needed && need.table == table_now && need.name == name_now
                }
                _ => need.kind == kind_needed && need.name == name_now,
            })
        };
        let follows = |unmanaged: &&UnmanagedObject| {
            let kinds = ["statistics", "exclusion constraint"];
            kind == "type" && kinds.contains(&unmanaged.kind.as_str())
        };
        (self.from.unmanaged.iter())
            .filter(needs_it)
            .filter(|unmanaged| !follows(unmanaged) && !is_helper(&unmanaged.name))
            .map(|unmanaged| format!("{} `{}`", unmanaged.kind, unmanaged.name))
            .collect()
    }

    /// Refuses what the desired structure builds on unmanaged objects that are not there, and names that one of them has.
    pub(super) fn refuse_what_is_missing(&mut self) {
        let missing = self.to.uses.iter().filter(|used| !self.is_there(used));
        for used in missing.cloned().collect::<Vec<_>>() {
            self.refuse(
                format!("{} {}.{}", used.part, used.table, used.name),
                format!(
                    "it needs the {} `{}`, which is not managed and not there (hint: create it by hand first)",
                    used.kind, used.uses
                ),
            );
        }
        let new = (self.to.structure.tables.iter())
            .filter(|table| self.working().table(&table.name).is_none());
        let taken = new.filter_map(|table| Some((table.name.clone(), self.holder(&table.name)?)));
        for (table, kind) in taken.collect::<Vec<_>>() {
            self.refuse(
                format!("table {table}"),
                format!("a {kind} has its name and is not managed (hint: rename or drop it by hand first)"),
            );
        }
    }

    fn is_there(&self, used: &Use) -> bool {
        let mut objects = self.from.unmanaged.iter();
        MANAGED.contains(&used.kind.as_str())
            || objects.any(|object| object.kind == used.kind && object.name == used.uses)
    }

    /// The kind of the unmanaged object that has the name of a table to come.
    fn holder(&self, name: &str) -> Option<String> {
        let mut objects = self.from.unmanaged.iter();
        let holder = objects.find(|object| object.table.is_none() && object.name == name)?;
        Some(holder.kind.clone())
    }
}
