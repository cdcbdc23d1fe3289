//! SQL in the attributes, as far as it is looked into: which columns it names, and the parts of an index key.

use syn::LitStr;

use crate::errors::list;

/// Names of the columns among the words of `sql`, each once, in order. Text in quotes is no word.
pub(crate) fn columns_in<'a>(sql: &str, columns: &'a [String]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for outside in sql.split('\'').step_by(2) {
        let words =
            outside.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let named = words.filter_map(|word| columns.iter().find(|column| *column == word));
        for column in named {
            if !found.contains(&column.as_str()) {
                found.push(column);
            }
        }
    }
    found
}

/// An index key written as a string: `created_at desc nulls last`, `lower(email)`, `name gin_trgm_ops`.
pub(crate) struct IndexKey {
    /// As DDL spells it.
    pub(crate) ddl: String,
    /// The columns it names.
    pub(crate) columns: Vec<String>,
    /// Whether it is one column, so that it can serve a foreign key.
    pub(crate) is_column: bool,
}

const ORDERS: &[&str] = &[" nulls first", " nulls last", " asc", " desc"];

impl IndexKey {
    /// A key that is a column as it stands.
    pub(crate) fn column(name: &str) -> Self {
        Self {
            ddl: quoted(name),
            columns: vec![name.to_owned()],
            is_column: true,
        }
    }

    /// Splits the order and the operator class from the column or expression that is indexed.
    pub(crate) fn parse(literal: &LitStr, columns: &[String]) -> syn::Result<Self> {
        let text = literal.value();
        let named = columns_in(&text, columns);
        if named.is_empty() {
            let message = format!(
                "`{text}` names no column of this table, its columns are {}",
                list(columns)
            );
            return Err(syn::Error::new(literal.span(), message));
        }
        let (indexed, order) = split_order(text.trim());
        let (indexed, class) = split_class(indexed, columns);
        let is_column = columns.iter().any(|column| column == indexed);
        let indexed = if is_column {
            quoted(indexed)
        } else if is_parenthesised(indexed) {
            indexed.to_owned()
        } else {
            format!("({indexed})")
        };
        Ok(Self {
            ddl: format!("{indexed}{class}{order}"),
            columns: named.into_iter().map(str::to_owned).collect(),
            is_column,
        })
    }
}

/// `name` as DDL quotes it. Names hold no quotation mark: `names::fault` refuses it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The text before `asc`, `desc` and `nulls …`, and those with the space before them.
fn split_order(text: &str) -> (&str, &str) {
    let lower = text.to_ascii_lowercase();
    let mut end = lower.len();
    while let Some(shorter) = ORDERS
        .iter()
        .find_map(|order| lower.get(..end).and_then(|head| head.strip_suffix(order)))
    {
        end = shorter.trim_end().len();
    }
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The column or parenthesised expression, and the operator class with the space before it.
fn split_class<'a>(text: &'a str, columns: &[String]) -> (&'a str, &'a str) {
    let Some(space) = text.rfind(' ') else {
        return (text, "");
    };
    match text.split_at_checked(space) {
        Some((indexed, class))
            if columns.iter().any(|column| column == indexed) || is_parenthesised(indexed) =>
        {
            (indexed, class)
        }
        _ => (text, ""),
    }
}

/// Whether the first parenthesis closes with the last character.
fn is_parenthesised(text: &str) -> bool {
    let mut depth = 0_usize;
    let closes = text.char_indices().find_map(|(place, character)| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(place + character.len_utf8())
    });
    text.starts_with('(') && closes == Some(text.len())
}
