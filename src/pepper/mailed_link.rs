//! Links in mails: made, and mailed in the transaction that wants them. What they lead to is in `mailed_token.rs`'s tokens.

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, TimeDelta, Utc};
use connection::{LinkSeed, NewMail, TenantConn};
use diesel::QueryResult;
use tenant_schema::identity::{EmailVerificationToken, PasswordResetToken, User};
use uuid::Uuid;

use super::mailed_token::{LinkKey, LinkKind, seed};

/// How long a link proves an address: a day, for people read their mail once a day.
const VERIFICATION: TimeDelta = TimeDelta::days(1);

/// How long somebody has to follow an invitation. It opens an account with nothing in it.
const INVITATION: TimeDelta = TimeDelta::days(7);

/// Makes links.
#[derive(Debug, Clone)]
pub struct MailedLinks {
    key: LinkKey,
    reset_lifetime: TimeDelta,
}

/// A link to be mailed: the hash of its token, and what the token will be derived from again.
#[derive(Debug, Clone)]
pub struct MailedLink {
    kind: LinkKind,
    token_hash: Vec<u8>,
    seed: Vec<u8>,
    expires_at: DateTime<Utc>,
}

/// There is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no random bytes to be had")]
pub struct MailedLinkError(#[from] Unspecified);

impl MailedLinks {
    /// Makes links whose tokens `key` makes, and which set a new password for `reset_lifetime`.
    pub fn new(key: LinkKey, reset_lifetime: TimeDelta) -> Self {
        Self {
            key,
            reset_lifetime,
        }
    }

    /// What makes the tokens.
    pub fn key(&self) -> &LinkKey {
        &self.key
    }

    /// A new link, which lives from now on.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn make(&self, kind: LinkKind) -> Result<MailedLink, MailedLinkError> {
        let seed = seed()?;
        let lifetime = match kind {
            LinkKind::Verification => VERIFICATION,
            LinkKind::Reset => self.reset_lifetime,
            LinkKind::Invitation => INVITATION,
        };
        Ok(MailedLink {
            kind,
            token_hash: self.key.token(kind, &seed).hash(),
            seed: seed.to_vec(),
            expires_at: Utc::now() + lifetime,
        })
    }
}

impl MailedLink {
    /// Mails the link to the user's address, and voids those before it. Belongs into a transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn mail_to(&self, user: &User, conn: &mut TenantConn) -> QueryResult<()> {
        self.mail(user.id, &user.email, true, conn).await
    }

    /// Mails the link, which proves an address, to one that shall be the user's.
    ///
    /// # Errors
    /// What the database says.
    pub async fn mail_to_next(
        &self,
        user: &User,
        email: &str,
        conn: &mut TenantConn,
    ) -> QueryResult<()> {
        self.mail(user.id, email, true, conn).await
    }

    /// Mails the link to the user of an address, or does the same work for nothing where nobody is meant: who asks learns
    /// nothing from the time it takes.
    ///
    /// # Errors
    /// What the database says.
    pub async fn mail_to_whom_it_concerns(
        &self,
        user: Option<&User>,
        email: &str,
        conn: &mut TenantConn,
    ) -> QueryResult<()> {
        let id = user.map_or(Uuid::nil(), |user| user.id);
        self.mail(id, email, user.is_some(), conn).await
    }

    async fn mail(
        &self,
        user: Uuid,
        email: &str,
        is_meant: bool,
        conn: &mut TenantConn,
    ) -> QueryResult<()> {
        let (hash, end) = (&self.token_hash, self.expires_at);
        match self.kind {
            LinkKind::Verification => {
                EmailVerificationToken::issue(user, email, hash, end, conn).await?;
            }
            LinkKind::Reset | LinkKind::Invitation => {
                PasswordResetToken::issue(user, hash, end, conn).await?;
            }
        }
        let mail = NewMail {
            kind: self.kind.mail(),
            recipient: email,
            link: Some(LinkSeed {
                seed: self.seed.clone(),
                expires_at: end,
            }),
        };
        conn.add_mail_if(is_meant, mail).await
    }
}
