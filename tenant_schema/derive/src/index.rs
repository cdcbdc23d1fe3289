//! `index(…)` and `unique(…)` of `#[model(…)]`, as they are written.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, LitStr, Token};

use crate::argument::{Grammar, Key, flag, names, put, string};
use crate::errors::{Errors, list};
use crate::expression::IndexKey;

/// Access methods that come with PostgreSQL.
const METHODS: &[&str] = &["brin", "btree", "gin", "gist", "hash", "spgist"];

/// An index or unique constraint. Its columns are looked up once the whole model is read.
#[derive(Default)]
pub(crate) struct Index {
    /// The word `index` or `unique` before the parentheses.
    pub(crate) keyword: Option<Ident>,
    pub(crate) keys: Vec<WrittenKey>,
    pub(crate) include: Vec<Ident>,
    pub(crate) method: Option<Ident>,
    pub(crate) name: Option<LitStr>,
    pub(crate) nulls_not_distinct: Option<Ident>,
    pub(crate) predicate: Option<LitStr>,
    pub(crate) unique: bool,
}

/// What is indexed: a bare word is a column, a string an expression or a column with its order.
pub(crate) enum WrittenKey {
    Column(Ident),
    Sql(LitStr),
}

const INCLUDE: Key<Index> = Key::once("include", |index, key, input| {
    index.include = names(key, input)?;
    Ok(())
});
const NAME: Key<Index> = Key::once("name", |index, key, input| {
    put(&mut index.name, string(key, input))
});
const NULLS_NOT_DISTINCT: Key<Index> = Key::once("nulls_not_distinct", |index, key, input| {
    put(&mut index.nulls_not_distinct, flag(key, input))
});
const WHERE: Key<Index> = Key::once("where", |index, key, input| {
    put(&mut index.predicate, string(key, input))
});
const UNIQUE: Key<Index> = Key::once("unique", |index, key, input| {
    flag(key, input)?;
    index.unique = true;
    Ok(())
});
const USING: Key<Index> = Key::once("using", |index, _key, input| {
    put(&mut index.method, method(input))
});

/// What stands in `index(…)`.
pub(crate) const INDEX: Grammar<Index> = Grammar {
    holder: "index(…)",
    keys: &[INCLUDE, NAME, NULLS_NOT_DISTINCT, UNIQUE, USING, WHERE],
    positional: Some(written_key),
};

/// What stands in `unique(…)`.
pub(crate) const UNIQUE_INDEX: Grammar<Index> = Grammar {
    holder: "unique(…)",
    keys: &[INCLUDE, NAME, NULLS_NOT_DISTINCT, WHERE],
    positional: Some(written_key),
};

fn written_key(index: &mut Index, input: ParseStream<'_>) -> syn::Result<()> {
    let key = if input.peek(LitStr) {
        WrittenKey::Sql(input.parse()?)
    } else {
        let column = input.call(Ident::parse_any).map_err(|error| {
            let message = "expected a column, or an expression as a string: `\"lower(email)\"`";
            syn::Error::new(error.span(), message)
        })?;
        WrittenKey::Column(column)
    };
    index.keys.push(key);
    Ok(())
}

fn method(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse::<Token![=]>()?;
    let method = input.call(Ident::parse_any)?;
    if METHODS.iter().any(|known| method == known) {
        return Ok(method);
    }
    let message = format!(
        "unknown access method `{method}`, expected one of {}",
        list(METHODS)
    );
    Err(syn::Error::new(method.span(), message))
}

impl WrittenKey {
    /// Looks the key up among the columns of the table.
    pub(crate) fn resolve(&self, columns: &[String], errors: &mut Errors) -> Option<IndexKey> {
        match self {
            Self::Column(ident) => {
                known(ident, columns, errors).map(|name| IndexKey::column(&name))
            }
            Self::Sql(literal) => errors.keep(IndexKey::parse(literal, columns)),
        }
    }
}

/// The name of a column that an attribute names, if the table has it.
pub(crate) fn known(ident: &Ident, columns: &[String], errors: &mut Errors) -> Option<String> {
    let name = ident.to_string();
    if columns.contains(&name) {
        return Some(name);
    }
    errors.at(
        ident,
        format!(
            "no column `{name}` in this table, its columns are {}",
            list(columns)
        ),
    );
    None
}

impl Index {
    /// Whether it is a unique constraint over plain columns, and not an index.
    pub(crate) fn is_constraint(&self) -> bool {
        let plain = self
            .keys
            .iter()
            .all(|key| matches!(key, WrittenKey::Column(_)));
        let by_keyword = self
            .keyword
            .as_ref()
            .is_some_and(|keyword| keyword == "unique");
        by_keyword && plain && self.predicate.is_none() && self.include.is_empty()
    }
}
