//! E-mail addresses and user names: brought into one form, then checked.

use crate::error::{ApiError, Code};

/// Longest address in bytes (RFC 5321 §4.5.3.1.3, less the angle brackets).
const LONGEST_EMAIL: usize = 254;

/// Longest user name in characters.
const LONGEST_USERNAME: usize = 64;

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an e-mail address of at most {LONGEST_EMAIL} ASCII characters, like `ada@example.com`"
)]
pub struct EmailError;

/// The text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {LONGEST_USERNAME} characters without spaces, control characters and `@`")]
pub struct UsernameError;

/// The one form of an address: without the blanks around it, in lower case.
///
/// An address is checked after that, so that no two spellings of one account exist. Only ASCII is taken: a look-alike of
/// another account's letter never is.
///
/// # Errors
/// Anything that is no address then.
pub fn normalize(text: &str) -> Result<String, EmailError> {
    let address = text.trim().to_lowercase();
    let is_sound = address.is_ascii()
        && address.len() <= LONGEST_EMAIL
        && !address.ends_with('.')
        && email_address::EmailAddress::is_valid(&address)
        && !address.contains(['"', '<', '>', '[']);
    if is_sound {
        Ok(address)
    } else {
        Err(EmailError)
    }
}

/// The address in the field `email` of a body, in its one form.
///
/// # Errors
/// `validation_failed`.
pub fn checked(text: &str) -> Result<String, ApiError> {
    normalize(text)
        .map_err(|error| ApiError::new(Code::ValidationFailed).field("email", error.to_string()))
}

/// A user name without the blanks around it. An `@` is refused, since one may log in with either name or address.
///
/// # Errors
/// Anything that is no user name then.
pub fn check_username(text: &str) -> Result<String, UsernameError> {
    let name = text.trim();
    let is_sound = (1..=LONGEST_USERNAME).contains(&name.chars().count())
        && !name.chars().any(|character| {
            character.is_whitespace() || character.is_control() || character == '@'
        });
    if is_sound {
        Ok(name.to_owned())
    } else {
        Err(UsernameError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_become_one() {
        assert_eq!(
            normalize(" Ada@Example.COM "),
            Ok("ada@example.com".to_owned())
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada\u{ff20}example.com",
            "ada@example.com.",
            "\u{430}da@example.com",
            "a b@example.com",
            "Ada <ada@example.com>",
            &long,
        ] {
            assert_eq!(normalize(text), Err(EmailError), "{text:?}");
        }
    }

    #[test]
    fn a_user_name_cannot_look_like_an_address() {
        assert_eq!(check_username(" ada "), Ok("ada".to_owned()));
        for text in ["", "  ", "a b", "ada@example.com", "a\0b", &"a".repeat(65)] {
            assert_eq!(check_username(text), Err(UsernameError), "{text:?}");
        }
    }
}
