//! Renames: what somebody says was renamed. The engine never guesses, for a wrong guess loses data.

use std::fmt;
use std::str::FromStr;

use tenant_schema::catalog::Catalog;

/// A table or column that has another name in the structure to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The table of a renamed column, by its name in the structure to come; none when the table itself is renamed.
    pub table: Option<String>,
    /// The name now.
    pub from: String,
    /// The name to come.
    pub to: String,
}

/// The text is no rename.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rename (hint: `old_table=new_table`, or `table.old_column=new_column`)")]
pub struct RenameError(String);

impl Rename {
    /// The renames that the models state with `was`.
    pub fn of_models(catalog: &Catalog) -> Vec<Self> {
        let of_table = |table: &tenant_schema::definition::TableDefinition| {
            let own = table.was.as_ref().map(|was| Self {
                table: None,
                from: was.clone(),
                to: table.name.clone(),
            });
            let columns = table.columns.iter().filter_map(|column| {
                Some(Self {
                    table: Some(table.name.clone()),
                    from: column.was.clone()?,
                    to: column.name.clone(),
                })
            });
            own.into_iter().chain(columns).collect::<Vec<_>>()
        };
        catalog.tables.iter().flat_map(of_table).collect()
    }
}

impl FromStr for Rename {
    type Err = RenameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || RenameError(text.to_owned());
        let (from, to) = text.split_once('=').ok_or_else(wrong)?;
        let (table, from) = match from.split_once('.') {
            Some((table, column)) => (Some(table.to_owned()), column),
            None => (None, from),
        };
        if from.is_empty() || to.is_empty() || table.as_ref().is_some_and(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self {
            table,
            from: from.to_owned(),
            to: to.to_owned(),
        })
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(formatter, "{table}.{}={}", self.from, self.to),
            None => write!(formatter, "{}={}", self.from, self.to),
        }
    }
}
