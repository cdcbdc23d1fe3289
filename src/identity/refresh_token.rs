//! Refresh tokens: opaque to clients, and known to the server without a table of tokens.
//!
//! A session keeps a key and a counter. A token names the session and the counter it was minted at, and proves both
//! with the key; which counters are still good is the session's to say.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use uuid::Uuid;

/// The version of the format, and what scanners for leaked secrets look for.
const PREFIX: &str = "rt1.";
const KEY_LENGTH: usize = 32;
const PROOF_LENGTH: usize = 16;
const CHECKSUM_LENGTH: usize = 4;

/// The key of a session, under which its refresh tokens are proven.
pub struct RefreshKey(SecretBox<[u8; KEY_LENGTH]>);

impl RefreshKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, Unspecified> {
        SecretBox::try_init_with(|| {
            let mut key = [0; KEY_LENGTH];
            rand::fill(&mut key).map(|()| key)
        })
        .map(Self)
    }

    /// The key as the session keeps it; none when it has another length than 32 bytes.
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        let key = bytes.try_into().ok()?;
        Some(Self(SecretBox::init_with(|| key)))
    }

    /// The bytes for the session to keep.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    fn prove(&self, payload: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.expose()), payload)
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshKey")
    }
}

/// A refresh token: `rt1.` and base64url(session | counter | HMAC-SHA-256 cut to 128 bits | checksum).
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session_id: Uuid,
    counter: i32,
    proof: [u8; PROOF_LENGTH],
}

/// The text is no refresh token: wrong in form, or cut off, or mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token")]
pub struct RefreshTokenError;

impl RefreshToken {
    /// The token of a session at a counter. The same three always give the same token, so a lost one is given again.
    pub fn mint(session_id: Uuid, counter: i32, key: &RefreshKey) -> Self {
        let tag = key.prove(&payload(session_id, counter));
        let mut proof = [0; PROOF_LENGTH];
        for (byte, tagged) in proof.iter_mut().zip(tag.as_ref()) {
            *byte = *tagged;
        }
        Self {
            session_id,
            counter,
            proof,
        }
    }

    /// Reads a token. The checksum is compared first, so noise costs no query; whether the token is genuine only
    /// [`Self::is_proven_by`] can tell.
    pub fn parse(text: &str) -> Result<Self, RefreshTokenError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(RefreshTokenError)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).or(Err(RefreshTokenError))?;
        Self::from_bytes(&bytes).ok_or(RefreshTokenError)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_last_chunk::<CHECKSUM_LENGTH>()?;
        if checksum(body) != Some(*sum) {
            return None;
        }
        let (session_id, rest) = body.split_first_chunk()?;
        let (counter, proof) = rest.split_first_chunk()?;
        Some(Self {
            session_id: Uuid::from_bytes(*session_id),
            counter: i32::from_be_bytes(*counter),
            proof: proof.try_into().ok()?,
        })
    }

    /// The session that the token claims to be of.
    pub fn session_id(&self) -> Uuid {
        self.session_id
    }

    /// The counter that the token claims to be minted at.
    pub fn counter(&self) -> i32 {
        self.counter
    }

    /// Whether the token was minted with this key. Takes the same time either way.
    pub fn is_proven_by(&self, key: &RefreshKey) -> bool {
        let genuine = Self::mint(self.session_id, self.counter, key);
        verify_slices_are_equal(&genuine.proof, &self.proof).is_ok()
    }

    /// The token as it is handed to the client.
    pub fn expose(&self) -> SecretString {
        let mut bytes = payload(self.session_id, self.counter);
        bytes.extend(self.proof);
        bytes.extend(checksum(&bytes).unwrap_or_default());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken")
    }
}

fn payload(session_id: Uuid, counter: i32) -> Vec<u8> {
    let mut payload = session_id.as_bytes().to_vec();
    payload.extend(counter.to_be_bytes());
    payload
}

/// The first four bytes of the SHA-256: against mistakes, not against forgery.
fn checksum(body: &[u8]) -> Option<[u8; CHECKSUM_LENGTH]> {
    digest(&SHA256, body).as_ref().first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exposed(token: &RefreshToken) -> String {
        token.expose().expose_secret().to_owned()
    }

    #[test]
    fn a_token_is_read_back_and_proven_by_its_key() {
        let (key, session_id) = (RefreshKey::generate().unwrap(), Uuid::now_v7());
        let minted = RefreshToken::mint(session_id, 7, &key);
        let parsed = RefreshToken::parse(&exposed(&minted)).unwrap();
        assert_eq!((parsed.session_id(), parsed.counter()), (session_id, 7));
        assert!(parsed.is_proven_by(&key));
    }

    #[test]
    fn a_lost_token_is_given_again() {
        let (key, session_id) = (RefreshKey::generate().unwrap(), Uuid::now_v7());
        let again = RefreshKey::stored(key.expose()).unwrap();
        let (first, second) = (
            RefreshToken::mint(session_id, 1, &key),
            RefreshToken::mint(session_id, 1, &again),
        );
        assert_eq!(exposed(&first), exposed(&second));
    }

    #[test]
    fn another_key_session_or_counter_does_not_prove_it() {
        let (key, session_id) = (RefreshKey::generate().unwrap(), Uuid::now_v7());
        let token = RefreshToken::mint(session_id, 1, &key);
        assert!(!token.is_proven_by(&RefreshKey::generate().unwrap()));
        let other_counter = RefreshToken {
            counter: 2,
            ..token.clone()
        };
        let other_session = RefreshToken {
            session_id: Uuid::now_v7(),
            ..token
        };
        assert!(!other_counter.is_proven_by(&key) && !other_session.is_proven_by(&key));
    }

    #[test]
    fn every_changed_character_is_noticed_by_the_checksum() {
        let token = RefreshToken::mint(Uuid::now_v7(), 1, &RefreshKey::generate().unwrap());
        let text = exposed(&token);
        for position in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(
                RefreshToken::parse(&changed),
                Err(RefreshTokenError),
                "{position}"
            );
        }
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        assert!(RefreshKey::stored(&[0; 31]).is_none());
        assert!(RefreshKey::stored(&[0; 33]).is_none());
    }

    #[test]
    fn nothing_secret_is_in_the_debug_output() {
        let key = RefreshKey::generate().unwrap();
        let token = RefreshToken::mint(Uuid::now_v7(), 1, &key);
        assert_eq!(format!("{key:?} {token:?}"), "RefreshKey RefreshToken");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_stumble(text in "\\PC{0,80}|rt1\\.[A-Za-z0-9_-]{0,80}") {
            prop_assert_eq!(RefreshToken::parse(&text), Err(RefreshTokenError));
        }

        #[test]
        fn tokens_without_a_key_are_never_proven(session: u128, counter: i32, proof: [u8; PROOF_LENGTH]) {
            let forged = RefreshToken { session_id: Uuid::from_u128(session), counter, proof };
            let parsed = RefreshToken::parse(&exposed(&forged)).unwrap();
            prop_assert_eq!(&parsed, &forged);
            prop_assert!(!parsed.is_proven_by(&RefreshKey::generate().unwrap()));
        }
    }
}
