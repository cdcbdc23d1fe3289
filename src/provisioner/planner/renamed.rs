//! The structure after the renames: names are moved in the definitions, and expressions are read back from a scratch copy in
//! which PostgreSQL has done the renames itself.

use std::collections::{HashMap, HashSet};

use connection::PlatformConn;
use tenant_schema::definition::{ColumnDefinition, SchemaDefinition, TableDefinition};
use uuid::Uuid;

use super::super::identifier::quote_identifier;
use super::super::introspect::{LiveSchema, Use, introspect};
use super::super::namespace::Namespace;
use super::super::{ProvisionError, ddl};
use super::helper_object;
use super::rename::Rename;

/// A structure with its renames done.
#[derive(Debug)]
pub(super) struct Renamed {
    /// The structure under the new names.
    pub(super) structure: SchemaDefinition,
    /// Dependencies under the new names.
    pub(super) uses: Vec<Use>,
    /// The renames that are to be done, tables before columns.
    pub(super) renames: Vec<Rename>,
    /// Names of the tables now, by their names to come.
    tables: HashMap<String, String>,
    /// Names of the columns now, by table and name to come.
    columns: HashMap<(String, String), String>,
}

impl Renamed {
    /// Does the renames that are still to be done.
    ///
    /// # Errors
    /// `Rename` where the old and the new name are both there, or a failure of the database.
    pub(super) async fn new(
        from: &LiveSchema,
        to: &SchemaDefinition,
        renames: &[Rename],
        schema: &Namespace,
        conn: &mut PlatformConn,
    ) -> Result<Self, ProvisionError> {
        let mut done = Self {
            structure: from.structure.clone(),
            uses: from.uses.clone(),
            renames: Vec::new(),
            tables: HashMap::new(),
            columns: HashMap::new(),
        };
        done.rename_tables(renames, to)?;
        done.rename_columns(renames, to)?;
        done.read_expressions_back(from, schema, conn).await?;
        Ok(done)
    }

    /// What the table is called now.
    pub(super) fn table_now<'a>(&'a self, table: &'a str) -> &'a str {
        self.tables.get(table).map_or(table, String::as_str)
    }

    /// What the column is called now.
    pub(super) fn column_now<'a>(&'a self, table: &str, column: &'a str) -> &'a str {
        let key = (table.to_owned(), column.to_owned());
        self.columns.get(&key).map_or(column, String::as_str)
    }

    /// The table as an item of `FROM` that shows it under the names to come.
    pub(super) fn source(&self, table: &TableDefinition) -> String {
        let now = quote_identifier(self.table_now(&table.name));
        let is_renamed = self.columns.keys().any(|(owner, _)| *owner == table.name);
        if !is_renamed {
            return now;
        }
        let columns = table.columns.iter().map(|column| {
            let name = quote_identifier(self.column_now(&table.name, &column.name));
            format!("{name} AS {}", quote_identifier(&column.name))
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        format!("(SELECT {columns} FROM {now})")
    }

    fn rename_tables(
        &mut self,
        renames: &[Rename],
        to: &SchemaDefinition,
    ) -> Result<(), ProvisionError> {
        let wanted: Vec<Rename> = (renames.iter())
            .filter(|rename| rename.table.is_none())
            .cloned()
            .collect();
        let names = |schema: &SchemaDefinition| {
            let tables = schema.tables.iter();
            tables.map(|table| table.name.clone()).collect()
        };
        for rename in in_order(wanted, names(&self.structure), &names(to))? {
            self.rename_table(&rename.from, &rename.to);
            self.renames.push(rename);
        }
        Ok(())
    }

    fn rename_table(&mut self, old: &str, new: &str) {
        let rename = |name: &mut String| {
            if name == old {
                new.clone_into(name);
            }
        };
        for table in &mut self.structure.tables {
            rename(&mut table.name);
            let keys = table.foreign_keys.iter_mut();
            for key in keys.filter(|key| key.references_schema.is_none()) {
                rename(&mut key.references_table);
            }
        }
        let owners = self.structure.sequences.iter_mut();
        for owner in owners.filter_map(|sequence| sequence.owner.as_mut()) {
            rename(&mut owner.table);
        }
        for used in &mut self.uses {
            rename(&mut used.table);
        }
        let now = self.tables.remove(old).unwrap_or_else(|| old.to_owned());
        self.tables.insert(new.to_owned(), now);
    }

    fn rename_columns(
        &mut self,
        renames: &[Rename],
        to: &SchemaDefinition,
    ) -> Result<(), ProvisionError> {
        for table in self.structure.clone().tables {
            let owner = &table.name;
            let now = self.table_now(owner).to_owned();
            let is_of = |named: &String| named == owner || *named == now;
            let wanted: Vec<Rename> = (renames.iter())
                .filter(|rename| rename.table.as_ref().is_some_and(is_of))
                .map(|rename| Rename {
                    table: Some(owner.clone()),
                    ..rename.clone()
                })
                .collect();
            let names = |table: &TableDefinition| {
                let columns = table.columns.iter();
                columns.map(|column| column.name.clone()).collect()
            };
            let Some(wished) = to.table(owner) else {
                continue;
            };
            for rename in in_order(wanted, names(&table), &names(wished))? {
                self.rename_column(owner, &rename.from, &rename.to);
                self.renames.push(rename);
            }
        }
        Ok(())
    }

    fn rename_column(&mut self, owner: &str, old: &str, new: &str) {
        for table in &mut self.structure.tables {
            rename_column_in(table, owner, old, new);
        }
        let owners = self.structure.sequences.iter_mut();
        for sequence_owner in owners.filter_map(|sequence| sequence.owner.as_mut()) {
            if sequence_owner.table == owner && sequence_owner.column == old {
                new.clone_into(&mut sequence_owner.column);
            }
        }
        for used in self.uses.iter_mut().filter(|used| used.table == owner) {
            let is_of_column = matches!(used.part.as_str(), "column" | "default" | "generated");
            if is_of_column && used.name == old {
                new.clone_into(&mut used.name);
            }
            if used.kind == "column" && used.uses == old {
                new.clone_into(&mut used.uses);
            }
        }
        let key = |name: &str| (owner.to_owned(), name.to_owned());
        let now = self.columns.remove(&key(old));
        self.columns
            .insert(key(new), now.unwrap_or_else(|| old.to_owned()));
    }

    /// Expressions of tables with renamed columns, as PostgreSQL spells them under the new names.
    async fn read_expressions_back(
        &mut self,
        from: &LiveSchema,
        schema: &Namespace,
        conn: &mut PlatformConn,
    ) -> Result<(), ProvisionError> {
        let copies = self.renamed_with_expressions(from);
        if copies.is_empty() {
            return Ok(());
        }
        let mut sql: Vec<String> = from.structure.enums.iter().map(ddl::create_enum).collect();
        sql.extend(copies.iter().flat_map(copy_of_expressions));
        sql.extend(self.column_renames_in(&copies));
        let read = read_from_scratch(&sql, schema, conn).await?;
        for copy in &copies {
            let now = &copy.name;
            let name = self.tables.iter().find(|(_, was)| *was == now);
            let name = name.map_or_else(|| now.clone(), |(name, _)| name.clone());
            let mut tables = self.structure.tables.iter_mut();
            let table = tables.find(|table| table.name == name);
            if let (Some(table), Some(read)) = (table, read.structure.table(now)) {
                take_expressions(table, read);
            }
        }
        Ok(())
    }

    /// Tables as they are, which have expressions and renamed columns.
    fn renamed_with_expressions(&self, from: &LiveSchema) -> Vec<TableDefinition> {
        let mut tables: Vec<TableDefinition> = Vec::new();
        for owner in self
            .renames
            .iter()
            .filter_map(|rename| rename.table.as_deref())
        {
            let table = from.structure.table(self.table_now(owner));
            if let Some(table) = table.filter(|table| has_expressions(table))
                && !tables.contains(table)
            {
                tables.push(table.clone());
            }
        }
        tables
    }

    fn column_renames_in(&self, tables: &[TableDefinition]) -> Vec<String> {
        let statement = |rename: &Rename| {
            let now = self.table_now(rename.table.as_deref()?);
            let is_copied = tables.iter().any(|table| table.name == now);
            is_copied.then(|| {
                format!(
                    "ALTER TABLE {} RENAME COLUMN {} TO {}",
                    quote_identifier(now),
                    quote_identifier(&rename.from),
                    quote_identifier(&rename.to)
                )
            })
        };
        self.renames.iter().filter_map(statement).collect()
    }
}

/// Orders the renames that are still to be done so that each new name is free in its turn. Names that go round in a circle
/// get out of each other's way by one more rename.
fn in_order(
    wanted: Vec<Rename>,
    mut present: HashSet<String>,
    to_come: &HashSet<String>,
) -> Result<Vec<Rename>, ProvisionError> {
    let mut pending = wanted;
    pending.retain(|rename| present.contains(&rename.from) && rename.from != rename.to);
    for rename in &pending {
        let is_taken_over = pending.iter().any(|other| other.to == rename.from);
        if to_come.contains(&rename.from) && !is_taken_over {
            return Err(both_there(rename));
        }
        if !to_come.contains(&rename.to) {
            return Err(not_to_come(rename));
        }
    }
    let mut ordered = Vec::new();
    while let Some(first) = pending.first().cloned() {
        let free = pending
            .iter()
            .position(|rename| !present.contains(&rename.to));
        let next = match free {
            Some(position) => pending.remove(position),
            None if pending.iter().any(|other| other.from == first.to) => {
                let aside = helper_object::replaced(&first.from);
                pending.remove(0);
                pending.push(Rename {
                    from: aside.clone(),
                    ..first.clone()
                });
                Rename { to: aside, ..first }
            }
            None => return Err(both_there(&first)),
        };
        present.remove(&next.from);
        present.insert(next.to.clone());
        ordered.push(next);
    }
    Ok(ordered)
}

fn rename_column_in(table: &mut TableDefinition, owner: &str, old: &str, new: &str) {
    let rename_all = |names: &mut Vec<String>| {
        for name in names.iter_mut().filter(|name| *name == old) {
            new.clone_into(name);
        }
    };
    for key in &mut table.foreign_keys {
        if key.references_table == owner && key.references_schema.is_none() {
            rename_all(&mut key.references_columns);
        }
    }
    if table.name != owner {
        return;
    }
    for column in table.columns.iter_mut().filter(|column| column.name == old) {
        new.clone_into(&mut column.name);
    }
    for key in table.primary_key.iter_mut().chain(&mut table.uniques) {
        rename_all(&mut key.columns);
        rename_all(&mut key.include);
    }
    for index in &mut table.indexes {
        rename_all(&mut index.include);
    }
    for key in &mut table.foreign_keys {
        rename_all(&mut key.columns);
        rename_all(&mut key.set_columns);
    }
}

fn has_expressions(table: &TableDefinition) -> bool {
    let is_generated = |column: &ColumnDefinition| column.generated.is_some();
    !table.checks.is_empty() || !table.indexes.is_empty() || table.columns.iter().any(is_generated)
}

/// The statements that copy what holds expressions over columns. Defaults hold none.
fn copy_of_expressions(table: &TableDefinition) -> Vec<String> {
    let mut copy = table.clone();
    for column in &mut copy.columns {
        column.default = None;
        column.identity = None;
    }
    copy.primary_key = None;
    copy.uniques.clear();
    let indexes = copy.indexes.iter();
    let indexes: Vec<String> = indexes
        .map(|index| ddl::create_index(&copy.name, index))
        .collect();
    std::iter::once(ddl::create_table(&copy))
        .chain(indexes)
        .collect()
}

/// Builds a scratch schema, reads it and takes it back. Functions and domains are found in the schema itself.
async fn read_from_scratch(
    sql: &[String],
    schema: &Namespace,
    conn: &mut PlatformConn,
) -> Result<LiveSchema, ProvisionError> {
    let scratch = Namespace::scratch(Uuid::now_v7());
    conn.begin().await?;
    let name = scratch.quoted();
    conn.batch(&format!(
        "CREATE SCHEMA {name}; SET LOCAL search_path = {name}, {}; {}",
        schema.quoted(),
        sql.join(";\n")
    ))
    .await?;
    let read = introspect(&[scratch], conn).await?;
    conn.rollback().await?;
    read.into_iter()
        .next()
        .ok_or_else(|| diesel::result::Error::NotFound.into())
}

/// Takes over the expressions, by the names of their owners; whether they were checked or built is known better before.
fn take_expressions(table: &mut TableDefinition, read: &TableDefinition) {
    for column in &mut table.columns {
        if let Some(known) = read.column(&column.name) {
            column.generated.clone_from(&known.generated);
        }
    }
    for check in &mut table.checks {
        if let Some(known) = read.checks.iter().find(|known| known.name == check.name) {
            check.expression.clone_from(&known.expression);
        }
    }
    for index in &mut table.indexes {
        if let Some(known) = read.indexes.iter().find(|known| known.name == index.name) {
            index.keys.clone_from(&known.keys);
            index.predicate.clone_from(&known.predicate);
        }
    }
}

fn both_there(rename: &Rename) -> ProvisionError {
    ProvisionError::Rename(format!(
        "the rename `{rename}` cannot be done: both names are there (hint: take the rename away, or drop one of the two first)"
    ))
}

fn not_to_come(rename: &Rename) -> ProvisionError {
    ProvisionError::Rename(format!(
        "the rename `{rename}` cannot be done: the desired structure has no such name (hint: check the spelling)"
    ))
}
