//! Passwords that are tried first: the most used ones, and the names around an account.

use platform_schema::Tenant;
use zxcvbn::feedback::{Feedback, Warning};
use zxcvbn::zxcvbn;

/// Longest password that is looked up, in characters. No longer one is among the most used.
const LONGEST_WORD: usize = 40;

/// Whether many people have this password: it stands as it is, in any case, in the list of some 30,000 that the library
/// `zxcvbn` brings along, counted in leaked passwords. The list is part of the program, so it is never missing.
pub(super) fn is_common(password: &str) -> bool {
    if password.chars().count() > LONGEST_WORD {
        return false;
    }
    let entropy = zxcvbn(password, &[]);
    let warning = entropy.feedback().and_then(Feedback::warning);
    matches!(
        warning,
        Some(
            Warning::ThisIsATop10Password
                | Warning::ThisIsATop100Password
                | Warning::ThisIsACommonPassword
        )
    )
}

/// Words that whoever knows a user and their tenant tries first.
#[derive(Debug)]
pub struct GuessableWords(Vec<String>);

impl GuessableWords {
    /// The names of a tenant and of one of its users.
    pub fn of(tenant: &Tenant, email: &str, username: &str) -> Self {
        Self::from(&[&tenant.name, tenant.slug.as_str(), email, username])
    }

    /// Names, of whatever has some here.
    pub fn from(words: &[&str]) -> Self {
        let local_parts = words.iter().filter_map(|word| word.split('@').next());
        let all = words.iter().copied().chain(local_parts);
        let letters = all.map(letters).filter(|word| !word.is_empty());
        Self(letters.collect())
    }

    /// Whether a password is one of them, digits and signs aside.
    pub(super) fn make_up(&self, password: &str) -> bool {
        self.0.contains(&letters(password))
    }
}

fn letters(text: &str) -> String {
    let letters = text.chars().filter(|character| character.is_alphabetic());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule 6.
    #[test]
    fn the_most_used_passwords_are_known_in_any_case() {
        for password in [
            "password",
            "12345678",
            "Password",
            "iloveyou",
            "sunshine",
            "football",
            "trustno1",
            "baseball",
            "superman",
            "qwertyuiop",
        ] {
            assert!(is_common(password), "{password}");
        }
        for password in [
            "correct horse battery staple",
            "passwordpassword of ours",
            "\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}",
        ] {
            assert!(!is_common(password), "{password}");
        }
        assert!(!is_common(&"a".repeat(73)));
    }

    /// Rule 6.
    #[test]
    fn the_names_around_an_account_are_no_passwords() {
        let words = &[
            "Acme Corporation",
            "acme-corp",
            "ada.lovelace@example.com",
            "countess",
        ];
        let words = GuessableWords::from(words);
        for password in [
            "acmecorporation",
            "Acme Corporation 2026!",
            "ACME-CORP-1",
            "ada.lovelace",
            "Ada_Lovelace1815",
            "ada.lovelace@example.com",
            "countess123",
        ] {
            assert!(words.make_up(password), "{password}");
        }
        for password in ["acme corporation is ours", "12345678", "lovelace"] {
            assert!(!words.make_up(password), "{password}");
        }
    }
}
