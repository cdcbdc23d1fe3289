//! The planner: two readings of PostgreSQL's catalog to the plan that turns the first into the second.
//!
//! It works on a copy of the first structure. What has to go before something else can change is taken out of the copy and
//! dropped; whatever the copy then lacks is built. Thus each kind of object states once how it is built, changed and dropped.

mod checks;
mod columns;
mod comments;
mod constraints;
mod conversion;
mod disturbance;
mod done;
mod draft;
mod enums;
mod facts;
mod fill;
mod foreign_keys;
mod grouping;
mod helper_object;
mod identities;
mod indexes;
mod keys;
mod nulls;
mod part;
mod probe;
pub mod rename;
mod renamed;
mod sequences;
mod shadow;
mod tables;
mod type_change;
mod unmanaged;

use std::collections::HashSet;

use connection::PlatformConn;
use tenant_schema::definition::{SchemaDefinition, TableDefinition};

use super::ProvisionError;
use super::introspect::LiveSchema;
use super::namespace::Namespace;
use super::plan::Plan;
use super::plan::hazard::Refusal;
use super::plan::step::Batches;
use draft::Draft;
use facts::Facts;
use rename::Rename;
use renamed::Renamed;

/// What the two readings do not tell.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// What was renamed. Without it, an object of another name is another object.
    pub renames: Vec<Rename>,
    /// When changes take the form that lets readers and writers go on.
    pub online: Online,
    /// Data changes that have not been made in the schema yet.
    pub backfills: Vec<Batches>,
}

/// When changes take the form that lets readers and writers go on: more steps, and more time in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Online {
    /// On tables of 8 MiB and more.
    #[default]
    Large,
    /// On all tables.
    Always,
    /// On none.
    Never,
}

/// Plans the way from `from`, which is the structure of `schema` now, to `to`; counts rows in `schema` where a hazard
/// depends on them.
///
/// # Errors
/// Renames that contradict the structures, or a failure of the database. What cannot be changed is in the plan's refusals.
pub async fn plan(
    from: &LiveSchema,
    to: &LiveSchema,
    schema: &Namespace,
    options: &PlanOptions,
    conn: &mut PlatformConn,
) -> Result<Plan, ProvisionError> {
    let is_same = from.fingerprint.structure == to.fingerprint.structure;
    if is_same && options.backfills.is_empty() {
        return Ok(grouping::plan(from, to, Vec::new(), Vec::new()));
    }
    let renamed = Renamed::new(from, &to.structure, &options.renames, schema, conn).await?;
    let types = type_change::pairs(&renamed.structure, &to.structure);
    let facts = Facts::gather(schema, &types, conn).await?;
    let mut planner = Planner::new(from, to, renamed, facts, options);
    planner.draft_all();
    let Planner {
        mut drafts,
        mut refusals,
        ..
    } = planner;
    refusals.extend(probe::ask(&mut drafts, schema, conn).await?);
    Ok(grouping::plan(from, to, drafts, refusals))
}

/// The planner at work.
struct Planner<'a> {
    /// The schema as it is.
    from: &'a LiveSchema,
    /// The schema as it shall be.
    to: &'a LiveSchema,
    /// What the renames made of the first, and less of it with each thing that has to go.
    renamed: Renamed,
    facts: Facts,
    options: &'a PlanOptions,
    /// Enum types that are made anew because a label goes or moves.
    remade_enums: HashSet<String>,
    /// Columns that get another type or are made anew, by table and name.
    disturbed: HashSet<(String, String)>,
    /// Columns that get another type by way of a shadow, by table and name.
    shadowed: HashSet<(String, String)>,
    /// Unique indexes that a key takes over.
    adopted_indexes: HashSet<String>,
    drafts: Vec<Draft>,
    refusals: Vec<Refusal>,
}

impl<'a> Planner<'a> {
    fn new(
        from: &'a LiveSchema,
        to: &'a LiveSchema,
        renamed: Renamed,
        facts: Facts,
        options: &'a PlanOptions,
    ) -> Self {
        Self {
            from,
            to,
            renamed,
            facts,
            options,
            remade_enums: HashSet::new(),
            disturbed: HashSet::new(),
            shadowed: HashSet::new(),
            adopted_indexes: HashSet::new(),
            drafts: Vec::new(),
            refusals: Vec::new(),
        }
    }

    fn draft_all(&mut self) {
        self.draft_renames();
        self.draft_enums();
        self.disturb();
        self.draft_sequences();
        self.draft_tables();
        for (mut before, after) in self.tables_that_stay() {
            let mut rest = after.clone();
            self.draft_shadows(&mut before, &mut rest);
            self.draft_columns(&before, &rest);
            self.draft_keys(&mut before, &rest);
            self.draft_indexes(&mut before, &rest);
            self.draft_constraints(&mut before, &rest.checks);
            self.draft_constraints(&mut before, &rest.foreign_keys);
            self.draft_comments(&before, &after);
        }
        self.drop_left_over_followers();
        self.draft_backfills();
        self.refuse_what_is_missing();
    }

    /// The structure as it is, under the names to come, without what has to go.
    fn working(&self) -> &SchemaDefinition {
        &self.renamed.structure
    }

    /// Tables that are there before and after, by their name to come.
    fn tables_that_stay(&self) -> Vec<(TableDefinition, TableDefinition)> {
        let before = |after: &TableDefinition| self.working().table(&after.name);
        let tables = self.to.structure.tables.iter();
        tables
            .filter_map(|after| Some((before(after)?.clone(), after.clone())))
            .collect()
    }

    /// Takes something out of a table of the working copy.
    fn forget(&mut self, table: &str, forget: impl FnOnce(&mut TableDefinition)) {
        let mut tables = self.renamed.structure.tables.iter_mut();
        if let Some(known) = tables.find(|known| known.name == table) {
            forget(known);
        }
    }

    fn push(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    fn refuse(&mut self, object: impl Into<String>, reason: impl Into<String>) {
        self.refusals.push(Refusal {
            object: object.into(),
            reason: reason.into(),
            count: None,
            sample: None,
        });
    }

    /// Whether changes of a table that was there before let readers and writers go on.
    fn is_online(&self, table: &str) -> bool {
        let now = self.renamed.table_now(table);
        let was_there = self.from.structure.table(now).is_some();
        match self.options.online {
            Online::Large => self.is_large(table),
            Online::Always => was_there,
            Online::Never => false,
        }
    }

    /// Whether a table, by its name to come, is large now.
    fn is_large(&self, table: &str) -> bool {
        self.facts.is_large(self.renamed.table_now(table))
    }
}
