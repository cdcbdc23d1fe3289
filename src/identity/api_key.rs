//! The text of API keys: `rh_live_<random>_<checksum>`. What belongs to a key is its row's; the key itself is kept nowhere.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use secrecy::{ExposeSecret, SecretString};

/// What tells keys from other secrets, for servers and for scanners.
pub const PREFIX: &str = "rh_live_";

/// Random characters of a key: 142 bits.
const RANDOM_LENGTH: usize = 24;

/// Characters of a checksum: 62⁶ is more than 2³².
const CHECKSUM_LENGTH: usize = 6;

/// Characters of a key that are shown, to tell it from others.
const SHOWN_LENGTH: usize = 12;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An API key as its owner has it.
pub struct ApiKeySecret(SecretString);

/// The text looks like an API key and is none: it was cut off or mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct ApiKeyError;

impl ApiKeySecret {
    /// A new random key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, Unspecified> {
        let mut random = String::with_capacity(RANDOM_LENGTH);
        while random.len() < RANDOM_LENGTH {
            let mut bytes = [0; RANDOM_LENGTH];
            rand::fill(&mut bytes)?;
            // Four times the alphabet: the rest would favour its beginning.
            let fair = bytes.into_iter().filter(|byte| *byte < 248);
            let left = RANDOM_LENGTH - random.len();
            random.extend(fair.map(|byte| letter(byte.into())).take(left));
        }
        let checksum = checksum(&random);
        Ok(Self(format!("{PREFIX}{random}_{checksum}").into()))
    }

    /// Reads a key; nothing for what does not even begin like one. The checksum is compared, so that noise costs no query.
    ///
    /// # Errors
    /// What begins like a key and is none.
    pub fn parse(text: &str) -> Option<Result<Self, ApiKeyError>> {
        let rest = text.strip_prefix(PREFIX)?;
        let genuine = rest.split_once('_').is_some_and(|(random, sum)| {
            random.len() == RANDOM_LENGTH
                && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && checksum(random) == sum
        });
        Some(if genuine {
            Ok(Self(text.to_owned().into()))
        } else {
            Err(ApiKeyError)
        })
    }

    /// The key, for its owner to see once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the row keeps of the key: its SHA-256. The key has 142 random bits, so nothing slower is needed.
    pub fn hash(&self) -> [u8; 32] {
        let hash = digest(&SHA256, self.expose().as_bytes());
        hash.as_ref().try_into().unwrap_or_default()
    }

    /// The first characters, to tell it from others.
    pub fn shown(&self) -> String {
        self.expose().chars().take(SHOWN_LENGTH).collect()
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKeySecret")
    }
}

/// The CRC-32 (ISO-HDLC) of the random part in base 62, most significant first.
fn checksum(random: &str) -> String {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut letters: Vec<char> = Vec::with_capacity(CHECKSUM_LENGTH);
    for _ in 0..CHECKSUM_LENGTH {
        letters.push(letter(rest % 62));
        rest /= 62;
    }
    letters.into_iter().rev().collect()
}

fn letter(number: u32) -> char {
    let place = usize::try_from(number % 62).unwrap_or_default();
    ALPHABET.get(place).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_read_back() {
        let key = ApiKeySecret::generate().unwrap();
        let read = ApiKeySecret::parse(key.expose()).unwrap().unwrap();
        assert_eq!(read.hash(), key.hash());
        assert_eq!(key.expose().len(), 39);
        assert!(key.expose().starts_with(&key.shown()));
        let another = ApiKeySecret::generate().unwrap();
        assert_ne!(another.expose(), key.expose());
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let key = ApiKeySecret::generate().unwrap();
        for position in PREFIX.len()..key.expose().len() {
            let mut bytes = key.expose().as_bytes().to_vec();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(bytes).unwrap();
            let read = ApiKeySecret::parse(&text).unwrap();
            assert_eq!(read.err(), Some(ApiKeyError), "{position}");
        }
    }

    #[test]
    fn the_key_is_not_in_the_debug_output() {
        let key = ApiKeySecret::generate().unwrap();
        assert_eq!(format!("{key:?}"), "ApiKeySecret");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_stumble(text in "\\PC{0,60}|rh_live_[0-9A-Za-z]{0,30}_[0-9A-Za-z]{0,8}") {
            prop_assert!(!matches!(ApiKeySecret::parse(&text), Some(Ok(_))));
        }
    }
}
