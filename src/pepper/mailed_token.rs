//! Tokens in the links of mails: what proves to own an address, or sets a password.
//!
//! A token is made twice from the same random seed: when it is issued, for its hash, which the tenant keeps; and when the
//! mail is sent, for the link. The seed waits in the outbox in between, and the key that makes it a token is not in the
//! database: who reads the database finds no token, neither in the one place nor in the other.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connection::MailKind;
use secrecy::{ExposeSecret, SecretString};

use super::sealing;

/// Length of a seed and of what a token encodes: 256 bits, twice what OWASP ASVS 5.0.0 (6.5.2) asks for.
const LENGTH: usize = 32;

/// What sets this key apart from whatever else is derived from the pepper.
const PURPOSE: &[u8] = b"rowhouse: tokens in the links of mails, version 1";

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Proves to own an address.
    Verification,
    /// Sets a new password.
    Reset,
    /// Sets the first password.
    Invitation,
}

impl LinkKind {
    /// The link that mail of a kind has.
    pub const fn of(kind: MailKind) -> Option<Self> {
        match kind {
            MailKind::Verification => Some(Self::Verification),
            MailKind::Reset => Some(Self::Reset),
            MailKind::Invitation => Some(Self::Invitation),
            MailKind::AlreadyRegistered | MailKind::PasswordChanged | MailKind::EmailChanged => {
                None
            }
        }
    }

    /// The mail that carries the link.
    pub const fn mail(self) -> MailKind {
        match self {
            Self::Verification => MailKind::Verification,
            Self::Reset => MailKind::Reset,
            Self::Invitation => MailKind::Invitation,
        }
    }

    /// Last part of the link's path.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Verification => "verify-email",
            Self::Reset => "reset-password",
            Self::Invitation => "accept-invitation",
        }
    }

    /// What its tokens begin with, and what scanners for leaked secrets look for.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Verification => "ev1.",
            Self::Reset => "pr1.",
            Self::Invitation => "iv1.",
        }
    }
}

/// The key that makes tokens of seeds.
#[derive(Clone)]
pub struct LinkKey(Arc<hmac::Key>);

impl LinkKey {
    /// Derives the key from the pepper (RFC 5869). It is another for another pepper, and mailed tokens are void then.
    ///
    /// # Errors
    /// None that could occur: the length is that of the hash.
    pub fn derive(pepper: &SecretString) -> Result<Self, Unspecified> {
        let key = sealing::derived(pepper, PURPOSE)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        Ok(Self(Arc::new(key)))
    }

    /// The token of a seed, always the same.
    pub fn token(&self, kind: LinkKind, seed: &[u8]) -> MailedToken {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(kind.prefix().as_bytes());
        context.update(seed);
        let encoded = URL_SAFE_NO_PAD.encode(context.sign());
        MailedToken(format!("{}{encoded}", kind.prefix()).into())
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LinkKey")
    }
}

/// A new random seed.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn seed() -> Result<[u8; LENGTH], Unspecified> {
    let mut seed = [0; LENGTH];
    rand::fill(&mut seed)?;
    Ok(seed)
}

/// The token of a link: a prefix for its kind, and 256 bits in base64url.
#[derive(Clone)]
pub struct MailedToken(SecretString);

/// The text is no token of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token of a mail")]
pub struct MailedTokenError;

impl MailedToken {
    /// Reads a token of one of `kinds`. Whether it is genuine, only the tenant's hashes can tell.
    ///
    /// # Errors
    /// Another form, or another kind.
    pub fn parse(text: &str, kinds: &[LinkKind]) -> Result<Self, MailedTokenError> {
        let mut encodings = kinds.iter().map(|kind| text.strip_prefix(kind.prefix()));
        let encoded = encodings
            .find_map(|encoded| encoded)
            .ok_or(MailedTokenError)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).or(Err(MailedTokenError))?;
        if bytes.len() == LENGTH {
            Ok(Self(text.into()))
        } else {
            Err(MailedTokenError)
        }
    }

    /// The token as it stands in the link.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// SHA-256 of the token, as the tenant keeps it.
    pub fn hash(&self) -> Vec<u8> {
        digest(&SHA256, self.expose().as_bytes()).as_ref().to_vec()
    }
}

impl fmt::Debug for MailedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailedToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [LinkKind; 3] = [
        LinkKind::Verification,
        LinkKind::Reset,
        LinkKind::Invitation,
    ];

    fn key(pepper: &str) -> LinkKey {
        LinkKey::derive(&pepper.into()).unwrap()
    }

    #[test]
    fn a_token_is_read_back_as_its_own_kind_alone() {
        let (key, seed) = (key("pepper"), seed().unwrap());
        for kind in KINDS {
            let token = key.token(kind, &seed);
            for other in KINDS {
                let read = MailedToken::parse(token.expose(), &[other]);
                assert_eq!(read.is_ok(), kind == other, "{kind:?} {other:?}");
            }
            let read = MailedToken::parse(token.expose(), &KINDS).unwrap();
            assert_eq!(read.hash(), token.hash());
        }
    }

    #[test]
    fn a_seed_gives_one_token_and_everything_else_another() {
        let seed = seed().unwrap();
        let token = key("pepper").token(LinkKind::Reset, &seed);
        let again = key("pepper").token(LinkKind::Reset, &seed);
        assert_eq!(token.expose(), again.expose());
        for other in [
            key("salt").token(LinkKind::Reset, &seed),
            key("pepper").token(LinkKind::Invitation, &seed),
            key("pepper").token(LinkKind::Reset, &super::seed().unwrap()),
        ] {
            assert_ne!(token.hash(), other.hash());
            let (_, secret) = token.expose().split_once('.').unwrap();
            assert!(!other.expose().contains(secret));
        }
    }

    #[test]
    fn what_has_another_form_is_no_token() {
        let token = key("pepper").token(LinkKind::Reset, &[7; 32]);
        let text = token.expose();
        for wrong in [
            String::new(),
            "pr1.".to_owned(),
            format!("{text}AAAA"),
            format!(" {text}"),
            text.replace("pr1.", "rt1."),
            text.get(..20).unwrap().to_owned(),
            format!("{text}\0"),
        ] {
            assert!(MailedToken::parse(&wrong, &KINDS).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn nothing_secret_is_in_the_debug_output() {
        let key = key("pepper");
        let token = key.token(LinkKind::Reset, &[7; 32]);
        assert_eq!(format!("{key:?} {token:?}"), "LinkKey MailedToken");
    }
}
