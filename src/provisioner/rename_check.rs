//! Checking the renames that a person states. One that names nothing is a slip of the hand, which the planner would take
//! for a rename made before.

use tenant_schema::definition::SchemaDefinition;

use super::ProvisionError;
use super::planner::rename::Rename;

/// Refuses a rename to what is not wished for, or of what is there under neither name.
pub(super) fn check(
    renames: &[Rename],
    live: &SchemaDefinition,
    desired: &SchemaDefinition,
) -> Result<(), ProvisionError> {
    for rename in renames {
        let fault = match &rename.table {
            None => table_fault(rename, live, desired),
            Some(table) => column_fault(table, rename, live, desired),
        };
        if let Some(fault) = fault {
            let text = format!("the rename `{rename}` cannot be meant: {fault}");
            return Err(ProvisionError::Rename(text));
        }
    }
    Ok(())
}

fn table_fault(
    rename: &Rename,
    live: &SchemaDefinition,
    desired: &SchemaDefinition,
) -> Option<String> {
    let Rename { from, to, .. } = rename;
    if desired.table(to).is_none() {
        return Some(format!("no table is to be called `{to}`"));
    }
    let is_known = live.table(from).is_some() || live.table(to).is_some();
    (!is_known).then(|| format!("there is neither a table `{from}` nor a table `{to}`"))
}

/// A table that is renamed too is looked for under its name to come alone.
fn column_fault(
    table: &str,
    rename: &Rename,
    live: &SchemaDefinition,
    desired: &SchemaDefinition,
) -> Option<String> {
    let Rename { from, to, .. } = rename;
    let has = |schema: &SchemaDefinition, column: &str| {
        let columns = schema.table(table).map(|table| &table.columns);
        columns.map(|columns| columns.iter().any(|other| other.name == *column))
    };
    match has(desired, to) {
        None => return Some(format!("no table is to be called `{table}`")),
        Some(false) => return Some(format!("`{table}` is to have no column `{to}`")),
        Some(true) => {}
    }
    let is_known = has(live, from)? || has(live, to)?;
    (!is_known).then(|| format!("`{table}` has neither a column `{from}` nor a column `{to}`"))
}
