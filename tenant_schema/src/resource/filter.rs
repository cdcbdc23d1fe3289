//! Which rows a list holds, as the query of a request says it.

use std::fmt::Display;
use std::str::FromStr;

use utoipa::IntoParams;

/// Which rows a list holds.
pub trait Filter: IntoParams + Sized {
    /// Takes its own parameters out of a query.
    ///
    /// # Errors
    /// What the query says of a value that cannot be read.
    fn read<P: Parameters>(parameters: &mut P) -> Result<Self, P::Error>;

    /// Whether deleted rows are listed as well.
    fn includes_deleted(&self) -> bool;
}

/// The parameters of a query that nobody has taken yet.
pub trait Parameters {
    /// What is told of a parameter that cannot be read.
    type Error;

    /// Takes a text; an empty one counts as absent.
    ///
    /// # Errors
    /// None so far.
    fn text(&mut self, name: &str) -> Result<Option<String>, Self::Error>;

    /// Takes what can be read from text.
    ///
    /// # Errors
    /// A text that cannot.
    fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, Self::Error>;

    /// Takes a switch; absent is false.
    ///
    /// # Errors
    /// A text that is neither `true` nor `false`.
    fn flag(&mut self, name: &str) -> Result<bool, Self::Error>;
}

/// A `LIKE` pattern for any text that contains `part`, taken literally.
pub fn containing(part: &str) -> String {
    let literal = part
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{literal}%")
}
