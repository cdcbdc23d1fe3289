//! The printer: data to stdout as a table or as one JSON document, messages to stderr.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde::Serialize;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For psql: a script. Of plans alone.
    Sql,
}

/// Prints what a command has to say.
#[derive(Debug)]
pub struct Printer {
    format: OutputFormat,
}

/// Something that a table can show, a row each.
pub trait Row {
    /// Names of the columns.
    const COLUMNS: &'static [&'static str];

    /// The cells, in the order of the columns.
    fn cells(&self) -> Vec<String>;
}

impl Printer {
    /// A printer of that format.
    pub fn new(format: OutputFormat) -> Self {
        Self { format }
    }

    /// Prints a list to stdout.
    ///
    /// # Errors
    /// A closed stdout.
    pub fn list<Item: Row + Serialize>(&self, items: &[Item]) -> anyhow::Result<()> {
        match self.format {
            OutputFormat::Json => json(&items),
            OutputFormat::Sql => no_sql(),
            OutputFormat::Table => {
                let mut table = Table::new();
                table
                    .load_style(UTF8_FULL_CONDENSED)
                    .set_header(Item::COLUMNS.to_vec());
                table.add_rows(items.iter().map(Row::cells));
                line(&mut io::stdout(), &table.to_string())
            }
        }
    }

    /// Prints one thing to stdout, a line for each column.
    ///
    /// # Errors
    /// A closed stdout.
    pub fn one<Item: Row + Serialize>(&self, item: &Item) -> anyhow::Result<()> {
        match self.format {
            OutputFormat::Json => json(item),
            OutputFormat::Sql => no_sql(),
            OutputFormat::Table => {
                let width = Item::COLUMNS
                    .iter()
                    .map(|name| name.len())
                    .max()
                    .unwrap_or(0);
                let lines = Item::COLUMNS
                    .iter()
                    .zip(item.cells())
                    .map(|(name, cell)| format!("{name:width$}  {cell}"));
                line(&mut io::stdout(), &lines.collect::<Vec<_>>().join("\n"))
            }
        }
    }

    /// The format that was asked for.
    pub fn format(&self) -> OutputFormat {
        self.format
    }

    /// Prints one thing to stdout as JSON, whatever the format.
    ///
    /// # Errors
    /// A closed stdout.
    pub fn json(&self, item: &impl Serialize) -> anyhow::Result<()> {
        json(item)
    }

    /// Prints a text to stdout, whatever the format, without its colours where stdout is no terminal.
    ///
    /// # Errors
    /// A closed stdout.
    pub fn text(&self, text: &str) -> anyhow::Result<()> {
        line(&mut anstream::stdout(), text)
    }

    /// Says something to the person on stderr.
    ///
    /// # Errors
    /// A closed stderr.
    pub fn message(&self, text: &str) -> anyhow::Result<()> {
        line(&mut io::stderr(), text)
    }
}

fn no_sql() -> anyhow::Result<()> {
    anyhow::bail!("this command has no SQL to print (hint: `--output table` or `--output json`)")
}

fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&mut io::stdout(), &serde_json::to_string_pretty(value)?)
}

fn line(sink: &mut impl Write, text: &str) -> anyhow::Result<()> {
    Ok(writeln!(sink, "{text}")?)
}
