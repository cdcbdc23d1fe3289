//! Quoting: the one way in which a name enters SQL as text.

/// Quotes an identifier as PostgreSQL reads it (manual, "Identifiers and Key Words"): always, with `"` doubled.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
