//! `length(1, 200)` and `range(1, 5)`: the least and the greatest that a column holds.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, Lit, Token, parenthesized, token};

/// Two numbers, both included.
pub(crate) struct Bounds {
    place: Span,
    least: Number,
    most: Number,
}

/// A number as it is written, with its sign.
struct Number {
    is_negative: bool,
    literal: Lit,
}

impl Bounds {
    /// Reads what stands in parentheses after the key.
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        let wrong = |span| {
            let message = format!("`{key}` takes two numbers: `{key}(1, 200)`");
            syn::Error::new(span, message)
        };
        if !input.peek(token::Paren) {
            return Err(wrong(key.span()));
        }
        let content;
        parenthesized!(content in input);
        let numbers = content.parse_terminated(Number::parse, Token![,])?;
        let mut numbers = numbers.into_iter();
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(least), Some(most), None) => Ok(Self {
                place: key.span(),
                least,
                most,
            }),
            _ => Err(wrong(key.span())),
        }
    }

    /// Where the key stands.
    pub(crate) fn place(&self) -> Span {
        self.place
    }

    /// The condition that an expression of SQL is within them.
    pub(crate) fn sql(&self, expression: &str) -> String {
        format!(
            "{expression} between {} and {}",
            self.least.sql(),
            self.most.sql()
        )
    }

    /// Both as arguments of a function in Rust.
    pub(crate) fn arguments(&self) -> TokenStream {
        let (least, most) = (self.least.rust(), self.most.rust());
        quote!(#least, #most)
    }

    /// Both as the arguments of these names of `#[schema(…)]`.
    pub(crate) fn schema(&self, least_name: &str, most_name: &str) -> TokenStream {
        let name = |name: &str| Ident::new(name, Span::call_site());
        let (least_name, most_name) = (name(least_name), name(most_name));
        let (least, most) = (self.least.rust(), self.most.rust());
        quote!(#least_name = #least, #most_name = #most)
    }
}

impl Number {
    fn sql(&self) -> String {
        let digits = match &self.literal {
            Lit::Int(integer) => integer.base10_digits().to_owned(),
            Lit::Float(float) => float.base10_digits().to_owned(),
            _ => String::new(),
        };
        format!("{}{digits}", if self.is_negative { "-" } else { "" })
    }

    fn rust(&self) -> TokenStream {
        let literal = &self.literal;
        if self.is_negative {
            quote!(-#literal)
        } else {
            quote!(#literal)
        }
    }
}

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let is_negative = input.parse::<Option<Token![-]>>()?.is_some();
        let literal = input.parse()?;
        match literal {
            Lit::Int(_) | Lit::Float(_) => Ok(Self {
                is_negative,
                literal,
            }),
            _ => Err(syn::Error::new_spanned(literal, "expected a number")),
        }
    }
}
