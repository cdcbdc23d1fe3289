//! What is wrong with the fields of a body.

use std::fmt::Display;
use std::vec::IntoIter;

use super::Secret;

/// A body whose fields can be checked without the database.
pub trait Input {
    /// Notes every fault of the fields that are given.
    fn check(&self, faults: &mut Faults);

    /// The secrets that are given, each beside its field. They are to be sealed.
    fn secrets(&mut self) -> Vec<(&'static str, &mut Secret)> {
        Vec::new()
    }
}

/// Faults found so far, each a field and a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// Notes that a field has a fault.
    pub fn add(&mut self, field: &'static str, message: String) {
        self.0.push((field, message));
    }

    /// One line of so many characters: no control characters, and no spaces around it.
    pub fn line(&mut self, field: &'static str, line: Option<&String>, least: usize, most: usize) {
        let fits = |line: &String| {
            (least..=most).contains(&line.chars().count())
                && line.trim() == line
                && !line.chars().any(char::is_control)
        };
        if !line.is_none_or(fits) {
            let message = format!(
                "must be {least} to {most} characters without control characters or spaces around them"
            );
            self.add(field, message);
        }
    }

    /// Lines of so many characters in all: no control characters but tabs and ends of lines.
    pub fn text(&mut self, field: &'static str, text: Option<&String>, least: usize, most: usize) {
        let is_foreign = |letter: char| letter.is_control() && !"\t\n\r".contains(letter);
        let fits = |text: &String| {
            (least..=most).contains(&text.chars().count()) && !text.chars().any(is_foreign)
        };
        if !text.is_none_or(fits) {
            let message = format!(
                "must be {least} to {most} characters without control characters but ends of lines and tabs"
            );
            self.add(field, message);
        }
    }

    /// A number between two others, both included.
    pub fn range<T: PartialOrd + Display + Copy>(
        &mut self,
        field: &'static str,
        value: Option<&T>,
        least: T,
        most: T,
    ) {
        if !value.is_none_or(|value| (&least..=&most).contains(&value)) {
            self.add(field, format!("must be from {least} to {most}"));
        }
    }

    /// Whatever `check` says.
    pub fn check<T: ?Sized, E: Display>(
        &mut self,
        field: &'static str,
        value: Option<&T>,
        check: impl Fn(&T) -> Result<(), E>,
    ) {
        if let Some(Err(fault)) = value.map(check) {
            self.add(field, fault.to_string());
        }
    }
}

impl IntoIterator for Faults {
    type Item = (&'static str, String);
    type IntoIter = IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_and_what_is_absent_has_no_fault() {
        let mut faults = Faults::default();
        faults.line("title", Some(&"Tea at four".to_owned()), 1, 11);
        faults.line("title", None, 1, 11);
        faults.text("body", Some(&"one\n\ttwo\r\n".to_owned()), 0, 20);
        faults.range("rating", Some(&5), 1, 5);
        faults.range("rating", Some(&1), 1, 5);
        faults.range::<f64>("factor", None, 0.0, 1.0);
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn every_fault_is_noted_by_its_field() {
        let mut faults = Faults::default();
        for line in ["", " tea", "tea\n", "twelve chars"] {
            faults.line("title", Some(&line.to_owned()), 1, 11);
        }
        faults.text("body", Some(&"bell\u{7}".to_owned()), 0, 20);
        faults.range("rating", Some(&6), 1, 5);
        faults.range("factor", Some(&f64::NAN), 0.0, 1.0);
        faults.check("zone", Some(&1), |_: &i32| Err("is no time zone"));
        let fields: Vec<&str> = faults.into_iter().map(|(field, _)| field).collect();
        let expected = [
            "title", "title", "title", "title", "body", "rating", "factor", "zone",
        ];
        assert_eq!(fields, expected);
    }
}
