//! How the arguments of an attribute are read: one list of keys drives both the parsing and what a mistake is told.

use syn::ext::IdentExt;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Attribute, Ident, LitStr, Token, parenthesized, token};

use crate::errors::{Errors, list};

/// A key of an attribute, and how what follows it is read into `T`.
pub(crate) struct Key<T> {
    name: &'static str,
    repeats: bool,
    read: Read<T>,
}

type Read<T> = fn(&mut T, &Ident, ParseStream<'_>) -> syn::Result<()>;

impl<T> Key<T> {
    /// A key that may stand once.
    pub(crate) const fn once(name: &'static str, read: Read<T>) -> Self {
        Self {
            name,
            repeats: false,
            read,
        }
    }

    /// A key that may stand any number of times.
    pub(crate) const fn repeated(name: &'static str, read: Read<T>) -> Self {
        Self {
            name,
            repeats: true,
            read,
        }
    }
}

/// Everything that may stand between the parentheses of an attribute or of one of its keys.
pub(crate) struct Grammar<T: 'static> {
    /// What holds the arguments, as messages name it: `#[column(…)]`.
    pub(crate) holder: &'static str,
    pub(crate) keys: &'static [Key<T>],
    /// How an argument that is no key is read, where there are such: the columns of an index.
    pub(crate) positional: Option<Positional<T>>,
}

type Positional<T> = fn(&mut T, ParseStream<'_>) -> syn::Result<()>;

impl<T: Default> Grammar<T> {
    /// Reads all attributes named `name`.
    pub(crate) fn read_attributes(
        &self,
        name: &str,
        attributes: &[Attribute],
        errors: &mut Errors,
    ) -> T {
        let mut target = T::default();
        let mut seen = Vec::new();
        for attribute in attributes.iter().filter(|a| a.path().is_ident(name)) {
            let read = attribute.parse_args_with(|input: ParseStream<'_>| {
                self.read_into(&mut target, &mut seen, input, errors)
            });
            errors.keep(read);
        }
        target
    }

    /// Reads the parenthesised arguments of one key.
    pub(crate) fn read_parenthesised(&self, key: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
        let content = parentheses(key, self.holder, input)?;
        let mut target = T::default();
        let mut errors = Errors::default();
        self.read_into(&mut target, &mut Vec::new(), &content, &mut errors)?;
        errors.finish(target)
    }

    /// Reads arguments to the end. A mistake in one is noted and the next is read.
    fn read_into(
        &self,
        target: &mut T,
        seen: &mut Vec<&'static str>,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        while !input.is_empty() {
            if let Err(error) = self.read_argument(target, seen, input) {
                errors.add(error);
                skip_argument(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn read_argument(
        &self,
        target: &mut T,
        seen: &mut Vec<&'static str>,
        input: ParseStream<'_>,
    ) -> syn::Result<()> {
        if let Some(positional) = self.positional
            && !self.key_is_next(input)
        {
            return positional(target, input);
        }
        let ident = input.call(Ident::parse_any)?;
        let Some(key) = self.keys.iter().find(|key| ident == key.name) else {
            return Err(self.unknown(&ident));
        };
        if seen.contains(&key.name) && !key.repeats {
            let message = format!("`{ident}` is specified more than once");
            return Err(syn::Error::new(ident.span(), message));
        }
        seen.push(key.name);
        (key.read)(target, &ident, input)
    }

    /// Beside columns, a word is a key when a value follows it or when it is one of ours.
    fn key_is_next(&self, input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        let Ok(ident) = ahead.call(Ident::parse_any) else {
            return false;
        };
        let alone = ahead.is_empty() || ahead.peek(Token![,]);
        !alone || self.flags().any(|flag| ident == flag)
    }

    /// Keys that may stand alone. A column may be called like any other key: `name`.
    fn flags(&self) -> impl Iterator<Item = &'static str> {
        const FLAGS: [&str; 2] = ["unique", "nulls_not_distinct"];
        self.keys
            .iter()
            .map(|key| key.name)
            .filter(|name| FLAGS.contains(name))
    }

    fn unknown(&self, ident: &Ident) -> syn::Error {
        let known = list(self.keys.iter().map(|key| key.name));
        let mut message = format!(
            "unknown key `{ident}` in `{}`, expected one of {known}",
            self.holder
        );
        if self.positional.is_some() {
            message.push_str("\nhint: an expression is written as a string: `\"lower(email)\"`");
        }
        syn::Error::new(ident.span(), message)
    }
}

/// Fills `slot` with what was read.
pub(crate) fn put<T>(slot: &mut Option<T>, read: syn::Result<T>) -> syn::Result<()> {
    *slot = Some(read?);
    Ok(())
}

/// The string after `key =`.
pub(crate) fn string(key: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    let wrong = || {
        syn::Error::new(
            key.span(),
            format!("`{key}` takes a string: `{key} = \"…\"`"),
        )
    };
    if !input.peek(Token![=]) {
        return Err(wrong());
    }
    input.parse::<Token![=]>()?;
    let value: LitStr = input.parse().map_err(|_not_a_string| wrong())?;
    if value.value().trim().is_empty() {
        let message = format!("`{key}` is empty; leave it out instead");
        return Err(syn::Error::new(value.span(), message));
    }
    Ok(value)
}

/// The names between the parentheses after `key`.
pub(crate) fn names(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let content = parentheses(key, &format!("{key}(…)"), input)?;
    let names = content.parse_terminated(Ident::parse_any, Token![,])?;
    Ok(names.into_iter().collect())
}

/// The flag itself; nothing may follow it but the next argument.
pub(crate) fn flag(key: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(key.clone());
    }
    let message = format!("`{key}` takes no value");
    Err(syn::Error::new(key.span(), message))
}

fn parentheses<'a>(
    key: &Ident,
    form: &str,
    input: ParseStream<'a>,
) -> syn::Result<ParseBuffer<'a>> {
    if !input.peek(token::Paren) {
        let message = format!("`{key}` takes arguments in parentheses: `{form}`");
        return Err(syn::Error::new(key.span(), message));
    }
    let content;
    parenthesized!(content in input);
    Ok(content)
}

/// Reads on to the comma after this argument.
pub(crate) fn skip_argument(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
