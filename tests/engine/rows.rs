//! Rows as the second judge: what stays by name keeps its values.

use std::collections::BTreeMap;

use rowhouse::provisioner::identifier::quote_identifier;
use rowhouse::provisioner::planner::rename::Rename;
use tokio_postgres::Client;

/// A table that is there before and after, with the columns that are, each by its name before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Survivor {
    before: String,
    after: String,
    columns: Vec<(String, String)>,
}

/// Tables of a schema with their columns.
pub(crate) type Columns = BTreeMap<String, Vec<String>>;

/// The rows of survivors as text, sorted, by the tables' names afterwards.
pub(crate) type Rows = BTreeMap<String, Vec<String>>;

/// Which end of a transition is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    /// Names as they were.
    Before,
    /// Names as they are now.
    After,
}

/// The tables of a schema and their columns, asked of the catalog and not of the engine.
pub(crate) async fn columns(schema: &str, client: &Client) -> Columns {
    let sql = "SELECT relname::text, attname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace \
               LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped \
               WHERE nspname = $1 AND relkind = 'r' ORDER BY relname, attnum";
    let rows = client.query(sql, &[&schema]).await.unwrap();
    let mut tables = Columns::new();
    for row in rows {
        let columns = tables.entry(row.get(0)).or_default();
        columns.extend(row.get::<_, Option<String>>(1));
    }
    tables
}

/// What is on both sides under the same name or a renamed one, without the columns `table.column` of `excepted`, which
/// are named as they are afterwards.
pub(crate) fn survivors(
    before: &Columns,
    after: &Columns,
    renames: &[Rename],
    excepted: &[String],
) -> Vec<Survivor> {
    let old_name = |table: Option<&str>, name: &str| {
        let mut renames = renames.iter();
        let found = renames.find(|rename| rename.table.as_deref() == table && rename.to == name);
        found.map_or_else(|| name.to_owned(), |rename| rename.from.clone())
    };
    let survivor = |(table, columns): (&String, &Vec<String>)| {
        let old_table = old_name(None, table);
        let old_columns = before.get(&old_table)?;
        let pair = |column: &String| {
            let old = old_name(Some(table), column);
            let is_excepted = excepted.contains(&format!("{table}.{column}"));
            (old_columns.contains(&old) && !is_excepted).then(|| (old, column.clone()))
        };
        Some(Survivor {
            before: old_table,
            after: table.clone(),
            columns: columns.iter().filter_map(pair).collect(),
        })
    };
    after.iter().filter_map(survivor).collect()
}

/// The values of the survivors' columns, row by row.
pub(crate) async fn read(
    schema: &str,
    survivors: &[Survivor],
    moment: Moment,
    client: &Client,
) -> Result<Rows, String> {
    let mut rows: Rows = survivors
        .iter()
        .map(|survivor| (survivor.after.clone(), Vec::new()))
        .collect();
    if survivors.is_empty() {
        return Ok(rows);
    }
    let select = |(number, survivor): (usize, &Survivor)| survivor.select(schema, number, moment);
    let selects: Vec<String> = survivors.iter().enumerate().map(select).collect();
    let found = client.query(&selects.join(" UNION ALL "), &[]).await;
    let found = found.map_err(|error| format!("rows cannot be read: {error:?}"))?;
    for row in found {
        let survivor = usize::try_from(row.get::<_, i32>(0)).unwrap();
        let table = rows.get_mut(&survivors[survivor].after).unwrap();
        table.push(row.get(1));
    }
    for rows in rows.values_mut() {
        rows.sort();
    }
    Ok(rows)
}

/// What differs between the rows before and after; none when nothing does.
pub(crate) fn difference(before: &Rows, after: &Rows) -> Option<String> {
    let changed = before
        .iter()
        .filter(|(table, rows)| after.get(*table) != Some(rows));
    let told: Vec<String> = changed
        .map(|(table, rows)| {
            let now = after.get(table);
            format!("rows of {table}\n  were: {rows:?}\n  are:  {now:?}")
        })
        .collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

impl Survivor {
    fn select(&self, schema: &str, number: usize, moment: Moment) -> String {
        let (table, columns): (_, Vec<&String>) = match moment {
            Moment::Before => (
                &self.before,
                self.columns.iter().map(|pair| &pair.0).collect(),
            ),
            Moment::After => (
                &self.after,
                self.columns.iter().map(|pair| &pair.1).collect(),
            ),
        };
        let text = |column: &&String| format!("{}::text", quote_identifier(column));
        let texts: Vec<String> = columns.iter().map(text).collect();
        format!(
            "SELECT {number}, ARRAY[{}]::text[]::text FROM {}.{}",
            texts.join(", "),
            quote_identifier(schema),
            quote_identifier(table)
        )
    }
}
