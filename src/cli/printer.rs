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

    /// Says something to the person on stderr.
    ///
    /// # Errors
    /// A closed stderr.
    pub fn message(&self, text: &str) -> anyhow::Result<()> {
        line(&mut io::stderr(), text)
    }
}

fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&mut io::stdout(), &serde_json::to_string_pretty(value)?)
}

fn line(sink: &mut impl Write, text: &str) -> anyhow::Result<()> {
    Ok(writeln!(sink, "{text}")?)
}
