//! A doc comment as the comment of a table or column.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The paragraphs of the doc comment, each on one line; nothing when there is none.
pub(crate) fn read(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes.iter().filter_map(line).collect();
    let paragraphs: Vec<String> = lines
        .split(|line| line.trim().is_empty())
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| {
            let lines: Vec<&str> = paragraph.iter().map(|line| line.trim()).collect();
            lines.join(" ")
        })
        .collect();
    (!paragraphs.is_empty()).then(|| paragraphs.join("\n"))
}

fn line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
