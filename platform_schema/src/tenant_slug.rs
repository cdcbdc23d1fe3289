//! The human key of a tenant, as it stands in URLs.

use std::str::FromStr;

use crate::text_column::text_newtype;

const MIN_LENGTH: usize = 3;
const MAX_LENGTH: usize = 40;

/// Words that read like a part of the platform and are nobody's slug.
const RESERVED: [&str; 8] = [
    "admin",
    "api",
    "information-schema",
    "platform",
    "public",
    "shared",
    "template",
    "www",
];

text_newtype! {
    /// The human key of a tenant: `^[a-z][a-z0-9-]{1,38}[a-z0-9]$`, none of the reserved words.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9-]{1,38}[a-z0-9]$", example = "acme")]
    pub struct TenantSlug(String), refused with TenantSlugError, read by TenantSlug::stored;
}

/// Why a text is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TenantSlugError {
    /// Too short, too long, or with characters that a slug cannot have.
    #[error(
        "a slug has {MIN_LENGTH} to {MAX_LENGTH} characters of `a-z`, `0-9` and `-`, begins with a letter and ends with a letter or digit"
    )]
    Malformed,
    /// One of the words that belong to the platform.
    #[error("the slug is reserved for the platform; hint: choose another one")]
    Reserved,
}

impl TenantSlug {
    /// Reads a stored slug: a word reserved in a later release does not make the tenants that bear it unreadable.
    fn stored(text: &str) -> Result<Self, TenantSlugError> {
        if has_shape(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TenantSlugError::Malformed)
        }
    }
}

fn has_shape(text: &str) -> bool {
    let letter_or_digit = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (MIN_LENGTH..=MAX_LENGTH).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| letter_or_digit(byte) || *byte == b'-')
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last().is_some_and(letter_or_digit)
}

impl FromStr for TenantSlug {
    type Err = TenantSlugError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let slug = Self::stored(text)?;
        if RESERVED.contains(&text) {
            return Err(TenantSlugError::Reserved);
        }
        Ok(slug)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_are_slugs() {
        for text in [
            "acme",
            "a-b",
            "abc",
            "globex-2",
            &format!("a{}", "9".repeat(39)),
        ] {
            assert!(text.parse::<TenantSlug>().is_ok(), "{text}");
        }
    }

    #[test]
    fn hostile_names_are_not() {
        let long = format!("a{}", "b".repeat(63));
        for text in [
            "",
            "ab",
            "a\"b",
            "a;b",
            "a--",
            "-ab",
            "1ab",
            "abc\0",
            "abc\n",
            "a\u{202e}bc",
            "pg_x",
            "information_schema",
            "Acme",
            "äcme",
            "a_b",
            &long,
        ] {
            assert_eq!(
                text.parse::<TenantSlug>(),
                Err(TenantSlugError::Malformed),
                "{text:?}"
            );
        }
    }

    #[test]
    fn words_of_the_platform_are_reserved() {
        for word in RESERVED {
            assert_eq!(word.parse::<TenantSlug>(), Err(TenantSlugError::Reserved));
            assert!(TenantSlug::stored(word).is_ok());
        }
    }

    proptest! {
        #[test]
        fn nothing_outside_the_allow_list_is_accepted(text in "\\PC{0,70}|[a-zA-Z0-9\"'\\x00\u{202e}_;-]{0,45}") {
            let body = text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
            let allowed = body
                && (3..=40).contains(&text.len())
                && text.starts_with(|c: char| c.is_ascii_lowercase())
                && !text.ends_with('-')
                && !RESERVED.contains(&text.as_str());
            prop_assert_eq!(text.parse::<TenantSlug>().is_ok(), allowed);
        }

        #[test]
        fn everything_in_the_allow_list_is_accepted(text in "[a-z][a-z0-9-]{1,38}[a-z0-9]") {
            prop_assume!(!RESERVED.contains(&text.as_str()));
            prop_assert_eq!(text.parse::<TenantSlug>().map(String::from), Ok(text));
        }
    }
}
