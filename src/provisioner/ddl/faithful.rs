//! Expressions that PostgreSQL would not read back as it wrote them.
//!
//! `x IN ('a', 'b')` on a `varchar` is kept as a cast of one array and printed as `(ARRAY['a'::character varying, …])::text[]`.
//! Read again, the parser applies that cast to each element instead (`transformArrayExpr` in `parse_expr.c`), and the two
//! are printed differently for ever after. With the array's own type in between, the expression stays what it was.

use std::borrow::Cow;

const OPENING: &str = "(ARRAY[";

/// The expression in a form that means to the parser what it meant to the one who printed it.
pub(super) fn faithful(expression: &str) -> Cow<'_, str> {
    if !expression.contains(OPENING) {
        return Cow::Borrowed(expression);
    }
    let mut written = String::with_capacity(expression.len() + 32);
    let mut rest = expression;
    while let Some(start) = position_outside_literals(rest, OPENING) {
        let (before, array) = rest.split_at(start + OPENING.len());
        written.push_str(before);
        let Some((elements, after)) = split_at_closing(array) else {
            rest = array;
            break;
        };
        written.push_str(elements);
        written.push(']');
        if let Some(own) = own_type(elements)
            && after.starts_with(")::")
        {
            written.push_str("::");
            written.push_str(own);
            written.push_str("[]");
        }
        rest = after;
    }
    written.push_str(rest);
    Cow::Owned(written)
}

/// The type that all elements are cast to.
fn own_type(elements: &str) -> Option<&str> {
    let mut types = split_at_commas(elements).into_iter().map(|element| {
        let (_, sql_type) = element.rsplit_once("::")?;
        let is_plain =
            |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '(' | ')');
        sql_type.chars().all(is_plain).then_some(sql_type)
    });
    let first = types.next()??;
    types.all(|other| other == Some(first)).then_some(first)
}

/// Walks over a text and tells of each character whether it is inside a literal or quoted name, and how deep in brackets.
fn walk(text: &str) -> impl Iterator<Item = (usize, char, bool, i32)> {
    let mut quote = None;
    let mut depth = 0;
    text.char_indices().map(move |(at, letter)| {
        let was_quoted = quote.is_some();
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            _ => {}
        }
        (at, letter, was_quoted, depth)
    })
}

fn position_outside_literals(text: &str, wanted: &str) -> Option<usize> {
    walk(text)
        .filter(|(_, _, is_quoted, _)| !is_quoted)
        .map(|(at, ..)| at)
        .find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(wanted)))
}

/// What is before the bracket that closes, and what is after it.
fn split_at_closing(text: &str) -> Option<(&str, &str)> {
    let (at, ..) = walk(text)
        .find(|(_, letter, is_quoted, depth)| !is_quoted && *letter == ']' && *depth < 0)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn split_at_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, letter, is_quoted, depth) in walk(text) {
        if letter == ',' && !is_quoted && depth == 0 {
            parts.extend(text.get(start..at));
            start = at + 1;
        }
    }
    parts.extend(text.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_that_is_cast_as_a_whole_keeps_its_own_type() {
        let printed = "((mood)::text = ANY ((ARRAY['sad'::character varying, 'it''s, (x]'::character varying])::text[]))";
        let written = "((mood)::text = ANY ((ARRAY['sad'::character varying, 'it''s, (x]'::character varying]::character varying[])::text[]))";
        assert_eq!(faithful(printed), written);
    }

    #[test]
    fn other_arrays_stay_as_they_are() {
        for printed in [
            "(a = ANY (ARRAY[1, 2]))",
            "(note = '(ARRAY[')",
            "(a = ANY (ARRAY['x'::text, 'y'::text]))",
            "(ARRAY[a, b])::text[]",
        ] {
            assert_eq!(faithful(printed), printed);
        }
    }
}
