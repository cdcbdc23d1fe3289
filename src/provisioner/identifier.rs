//! Quoting: how names and texts enter DDL.

pub use platform_schema::quote_identifier;

/// Quotes identifiers and joins them with commas.
pub fn quote_identifiers<Name: AsRef<str>>(names: &[Name]) -> String {
    names
        .iter()
        .map(|name| quote_identifier(name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Quotes a text as a string literal; with backslashes as an escape string, so that
/// `standard_conforming_strings` does not matter.
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_are_doubled() {
        assert_eq!(quote_identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\b"), "E'a\\\\b'");
        assert_eq!(quote_identifiers(&["a", "b"]), "\"a\", \"b\"");
    }
}
