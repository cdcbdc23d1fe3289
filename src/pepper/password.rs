//! Passwords, and the hashing of them on a bounded number of threads.

mod guessable;

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bcrypt::{BASE_64, BcryptError, HashParts};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, spawn_blocking};
use tracing::Span;

pub use guessable::GuessableWords;

const MIN_CHARACTERS: usize = 8;
const MAX_BYTES: usize = 1024;

/// The costs that bcrypt has: the binary logarithm of its rounds.
const COSTS: RangeInclusive<u32> = 4..=31;

/// What stands before the bcrypt string of a password that was hashed the way this file does it.
const VERSION: &str = "v1$";

/// A password, exactly as received: any Unicode, not normalised, never trimmed, NUL included.
///
/// The same text in another normalisation form (NFC, NFD) is another password, as ASVS 6.2.8 has it.
#[derive(Clone)]
pub struct Password(SecretString);

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRuleError {
    /// Too few characters for a new password.
    #[error("a password has at least {MIN_CHARACTERS} characters; hint: use a sentence")]
    TooShort,
    /// Too long, new or not.
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
    /// One that many people have, which is tried first.
    #[error("this is one of the most used passwords; hint: use a sentence")]
    TooCommon,
    /// What whoever knows the user or the tenant tries first.
    #[error("a password is not the name of the tenant or of the user; hint: use a sentence")]
    Guessable,
}

impl Password {
    /// A password that somebody chooses: at least 8 characters and at most 1024 bytes, of whatever kind, and none of the most
    /// used.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse_new(text: String) -> Result<Self, PasswordRuleError> {
        if text.chars().count() < MIN_CHARACTERS {
            return Err(PasswordRuleError::TooShort);
        }
        if guessable::is_common(&text) {
            return Err(PasswordRuleError::TooCommon);
        }
        Self::presented(text)
    }

    /// As [`Self::parse_new`], by somebody of whom these words are known.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn choose(text: String, words: &GuessableWords) -> Result<Self, PasswordRuleError> {
        if words.make_up(&text) {
            return Err(PasswordRuleError::Guessable);
        }
        Self::parse_new(text)
    }

    /// A password that somebody presents to log in: at most 1024 bytes.
    pub fn presented(text: String) -> Result<Self, PasswordRuleError> {
        if text.len() > MAX_BYTES {
            return Err(PasswordRuleError::TooLong);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password")
    }
}

/// The stored form of a password: `v1$` and a bcrypt string.
#[derive(Clone)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    /// The hash as it was stored. Whether it can be read is found out by [`PasswordHasher::verify`].
    pub fn stored(text: String) -> Self {
        Self(text.into())
    }

    /// The text to be stored.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn parse(&self) -> Result<(&str, HashParts), PasswordError> {
        let bcrypt = self
            .expose()
            .strip_prefix(VERSION)
            .ok_or(PasswordError::UnknownVersion)?;
        Ok((bcrypt, bcrypt.parse()?))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash")
    }
}

/// How a presented password compares with the stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It is the password.
    Match,
    /// It is the password, and the hash has another cost than is now wanted: hash it anew and store that.
    MatchNeedsRehash,
    /// It is not the password, or there is no such user.
    Mismatch,
}

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// As many passwords as may wait are waiting. The caller should come back later.
    #[error("too many passwords are being checked; hint: try again in a moment")]
    Overloaded,
    /// The stored hash was made by something else.
    #[error("the stored password hash does not begin with `{VERSION}`")]
    UnknownVersion,
    /// The cost is out of range, or the stored hash cannot be read.
    #[error("bcrypt refused the password hash")]
    Bcrypt(#[from] BcryptError),
    /// The operating system gave no random bytes.
    #[error("no random bytes to be had")]
    Random(#[from] Unspecified),
    /// The thread that hashed was stopped.
    #[error("the hashing of a password was interrupted")]
    Interrupted(#[from] JoinError),
    /// The hasher was shut down.
    #[error("the password hasher is closed")]
    Closed(#[from] AcquireError),
}

/// Hashes passwords as bcrypt over base64(HMAC-SHA-256(pepper, password)), which is 44 bytes long for any password:
/// bcrypt ignores all that comes after 72.
pub struct PasswordHasher {
    recipe: Arc<Recipe>,
    dummy: PasswordHash,
    admitted: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

struct Recipe {
    pepper: hmac::Key,
    cost: u32,
}

impl PasswordHasher {
    /// A hasher of bcrypt cost `cost` (4 to 31) that works on `at_once` passwords at a time while at most `queue` more
    /// wait.
    ///
    /// # Errors
    /// `Bcrypt` when the cost is out of range; `Random` when the operating system gives no random bytes.
    pub fn new(
        pepper: &SecretString,
        cost: u32,
        at_once: NonZeroUsize,
        queue: usize,
    ) -> Result<Self, PasswordError> {
        let recipe = Recipe {
            pepper: hmac::Key::new(hmac::HMAC_SHA256, pepper.expose_secret().as_bytes()),
            cost,
        };
        let at_once = at_once.get().min(Semaphore::MAX_PERMITS);
        let admitted = at_once.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            dummy: nobodys_hash(cost)?,
            recipe: Arc::new(recipe),
            admitted: Arc::new(Semaphore::new(admitted)),
            at_once: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// The hash of a password, to be stored.
    ///
    /// # Errors
    /// `Overloaded` when the queue is full.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let password = password.clone();
        self.run(move |recipe| recipe.hash(password.0.expose_secret().as_bytes()))
            .await
    }

    /// Compares a password with the hash of the user, in the same time when there is no such user.
    ///
    /// # Errors
    /// `Overloaded` when the queue is full; `UnknownVersion` and `Bcrypt` when the stored hash cannot be read.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verification, PasswordError> {
        let password = password.clone();
        let known = stored.is_some();
        let hash = stored.unwrap_or(&self.dummy).clone();
        let verification = self
            .run(move |recipe| recipe.verify(password.0.expose_secret().as_bytes(), &hash))
            .await?;
        Ok(if known {
            verification
        } else {
            Verification::Mismatch
        })
    }

    /// Runs `work` on a thread that may block. The permits go with it: a caller that hangs up does not free the thread.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Recipe) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permits = self.admit().await?;
        let recipe = Arc::clone(&self.recipe);
        let span = Span::current();
        spawn_blocking(move || {
            let _held = permits;
            span.in_scope(|| work(&recipe))
        })
        .await?
    }

    async fn admit(&self) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), PasswordError> {
        let place = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .or(Err(PasswordError::Overloaded))?;
        let turn = Arc::clone(&self.at_once).acquire_owned().await?;
        Ok((place, turn))
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PasswordHasher")
            .field("cost", &self.recipe.cost)
            .finish_non_exhaustive()
    }
}

impl Recipe {
    fn hash(&self, password: &[u8]) -> Result<PasswordHash, PasswordError> {
        let peppered = self.pepper(password);
        let bcrypt = bcrypt::non_truncating_hash(peppered.expose_secret(), self.cost)?;
        Ok(PasswordHash::stored(format!("{VERSION}{bcrypt}")))
    }

    fn verify(&self, password: &[u8], hash: &PasswordHash) -> Result<Verification, PasswordError> {
        let (bcrypt, parts) = hash.parse()?;
        let peppered = self.pepper(password);
        Ok(
            match bcrypt::non_truncating_verify(peppered.expose_secret(), bcrypt)? {
                true if parts.get_cost() == self.cost => Verification::Match,
                true => Verification::MatchNeedsRehash,
                false => Verification::Mismatch,
            },
        )
    }

    fn pepper(&self, password: &[u8]) -> SecretString {
        STANDARD.encode(hmac::sign(&self.pepper, password)).into()
    }
}

/// What the passwords of unknown users are compared with: of the cost that others have, and made from no password. Nothing is
/// hashed for it, since bcrypt takes as long whatever its result is compared with; every start of a program is spared a hash.
fn nobodys_hash(cost: u32) -> Result<PasswordHash, PasswordError> {
    if !COSTS.contains(&cost) {
        return Err(BcryptError::CostNotAllowed(cost).into());
    }
    let (mut salt, mut digest) = ([0; 16], [0; 23]);
    rand::fill(&mut salt)?;
    rand::fill(&mut digest)?;
    let (salt, digest) = (BASE_64.encode(salt), BASE_64.encode(digest));
    let text = format!("{VERSION}$2b${cost:02}${salt}{digest}");
    Ok(PasswordHash::stored(text))
}

#[cfg(test)]
mod tests;
