//! The key of a tenant: twelve characters of Crockford base32, made by the server and never reused.

use std::str::FromStr;

use uuid::Uuid;

use crate::text_column::text_newtype;

/// Crockford's base32 in lower case: no `i`, `l`, `o` or `u`, which people misread.
pub(crate) const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 12;

text_newtype! {
    /// The key of a tenant: 12 characters of lower-case Crockford base32, the first of them a digit.
    ///
    /// A slug begins with a letter, so whatever is sent as "the tenant" is either an id or a slug and never both.
    #[schema(value_type = String, pattern = "^[0-9][0-9a-hjkmnp-tv-z]{11}$")]
    pub struct TenantId(String), refused with TenantIdError, read by str::parse;
}

/// The text is not a tenant id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tenant id is 12 characters of `{ALPHABET}` and begins with a digit; hint: copy it from the list of tenants"
)]
pub struct TenantIdError;

impl TenantId {
    /// A new id with 58 random bits; the primary key of the registry refuses the second of a pair.
    pub fn generate() -> Self {
        // Byte 6 of a UUID v4 holds its version. The low five bits of every other byte are random.
        let mut random = Uuid::new_v4()
            .into_bytes()
            .into_iter()
            .rev()
            .take(9)
            .chain(Uuid::new_v4().into_bytes().into_iter().take(3));
        let first = random.next().map(|byte| byte % 10);
        let rest = random.map(|byte| byte % 32);
        Self(first.into_iter().chain(rest).filter_map(digit).collect())
    }

    /// A number from 0 to 32767 by which tenants are dealt evenly: the last three digits, which are random.
    pub(crate) fn lot(&self) -> u16 {
        let digits = self.0.chars().skip(LENGTH - 3);
        let values = digits.filter_map(|digit| ALPHABET.find(digit));
        values.fold(0, |lot, value| {
            lot * 32 + u16::try_from(value).unwrap_or_default()
        })
    }
}

fn digit(value: u8) -> Option<char> {
    ALPHABET.chars().nth(usize::from(value))
}

impl FromStr for TenantId {
    type Err = TenantIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let begins_with_digit = text.starts_with(|first: char| first.is_ascii_digit());
        let in_alphabet = text.chars().all(|digit| ALPHABET.contains(digit));
        if begins_with_digit && in_alphabet && text.len() == LENGTH {
            Ok(Self(text.to_owned()))
        } else {
            Err(TenantIdError)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn generated_ids_are_accepted_and_differ() {
        let ids: HashSet<TenantId> = (0..1_000).map(|_| TenantId::generate()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.as_str().parse().as_ref() == Ok(id)));
    }

    #[test]
    fn generated_ids_use_the_whole_alphabet() {
        let used: HashSet<char> = (0..1_000)
            .flat_map(|_| {
                String::from(TenantId::generate())
                    .chars()
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(used, ALPHABET.chars().collect());
    }

    #[test]
    fn what_people_misread_is_refused() {
        for text in [
            "",
            "0",
            "0123456789aU",
            "0123456789al",
            "a12345678901",
            "0123456789abc",
            "0123456789a\0",
        ] {
            assert_eq!(text.parse::<TenantId>(), Err(TenantIdError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_outside_the_alphabet_is_accepted(text in "\\PC{0,16}|[0-9a-zA-Z\"'\\x00\u{202e}-]{12}") {
            let allowed = text.len() == 12
                && text.starts_with(|first: char| first.is_ascii_digit())
                && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='h' | 'j' | 'k' | 'm' | 'n' | 'p'..='t' | 'v'..='z'));
            prop_assert_eq!(text.parse::<TenantId>().is_ok(), allowed);
        }
    }
}
