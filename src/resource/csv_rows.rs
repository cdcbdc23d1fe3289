//! Tables as they are sent to clients: CSV (RFC 4180) that a spreadsheet takes for text, whatever it holds.

use std::borrow::Cow;

use csv::{Terminator, Writer, WriterBuilder};

/// What a spreadsheet takes a cell that begins with it for: a formula, or something to be skipped before one (OWASP, CSV
/// Injection).
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0'];

/// Lines of a table, not sent yet.
pub struct CsvRows(Writer<Vec<u8>>);

impl CsvRows {
    /// No lines yet.
    pub fn new() -> Self {
        let mut builder = WriterBuilder::new();
        builder.terminator(Terminator::CRLF).flexible(false);
        Self(builder.from_writer(Vec::new()))
    }

    /// Adds a line. A cell that a spreadsheet would compute gets an apostrophe before it.
    ///
    /// # Errors
    /// A line that is longer or shorter than the one before it.
    pub fn add<'cell>(
        &mut self,
        cells: impl IntoIterator<Item = Cow<'cell, str>>,
    ) -> csv::Result<()> {
        for cell in cells {
            self.0.write_field(inert(cell).as_bytes())?;
        }
        self.0.write_record(None::<&[u8]>)
    }

    /// The lines as they are sent.
    ///
    /// # Errors
    /// None that could occur: memory takes them all.
    pub fn finish(self) -> csv::Result<Vec<u8>> {
        let written = self.0.into_inner();
        written.map_err(|error| error.into_error().into())
    }
}

impl Default for CsvRows {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for CsvRows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CsvRows")
    }
}

fn inert(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) {
        Cow::Owned(format!("'{cell}"))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: &[[&str; 2]]) -> String {
        let mut rows = CsvRows::new();
        for line in lines {
            rows.add(line.map(Cow::from)).unwrap();
        }
        String::from_utf8(rows.finish().unwrap()).unwrap()
    }

    #[test]
    fn lines_end_and_cells_are_quoted_as_the_standard_says() {
        assert_eq!(
            written(&[["a", "b,c"], ["d\"e", "f\r\ng"], ["", ""]]),
            "a,\"b,c\"\r\n\"d\"\"e\",\"f\r\ng\"\r\n,\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        for start in FORMULA {
            let cell = format!("{start}1+1");
            let line = written(&[[&cell, "x=1"]]);
            let cell = line.trim_start_matches('"');
            assert!(cell.starts_with(&format!("'{start}1+1")), "{line:?}");
            assert!(line.ends_with(",x=1\r\n"), "{line:?}");
        }
    }
}
