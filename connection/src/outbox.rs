//! Mail that a tenant's transaction causes: put into the platform's outbox by the one function that tenants' roles may call.
//!
//! What is added is a kind and an address, never a text: the platform writes the mail when it sends it.

use chrono::{DateTime, Utc};

use diesel::sql_types::{Binary, Bool, Nullable, Text, Timestamptz};
use diesel::{IntoSql, QueryDsl, QueryResult};
use diesel_async::RunQueryDsl;

use crate::{Conn, Tenant};

#[diesel::declare_sql_function]
extern "SQL" {
    /// The schema that comes first on the path: the tenant's.
    fn current_schema() -> Text;
    /// See the migration of the outbox. What it gives back is void.
    #[sql_name = "outbox.add_mail"]
    fn add_mail(
        schema: Text,
        kind: Text,
        recipient: Text,
        seed: Nullable<Binary>,
        expires_at: Nullable<Timestamptz>,
    ) -> Text;
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// A link that proves the recipient to own the address.
    Verification,
    /// A link that sets a new password.
    Reset,
    /// A link that sets the first password.
    Invitation,
    /// Somebody registered with an address that has a user.
    AlreadyRegistered,
    /// The password was changed.
    PasswordChanged,
    /// Another address took the place of this one.
    EmailChanged,
}

impl MailKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Verification,
        Self::Reset,
        Self::Invitation,
        Self::AlreadyRegistered,
        Self::PasswordChanged,
        Self::EmailChanged,
    ];

    /// The kind as the outbox has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Reset => "reset",
            Self::Invitation => "invitation",
            Self::AlreadyRegistered => "already_registered",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
        }
    }

    /// The kind of this name; nothing for a name that this build does not know.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.as_str() == name)
    }
}

/// What the link of a mail is made from.
#[derive(Debug, Clone)]
pub struct LinkSeed {
    /// 32 random bytes, from which the platform derives the token.
    pub seed: Vec<u8>,
    /// When the link ends. The mail is not sent after that.
    pub expires_at: DateTime<Utc>,
}

/// A mail to be added.
#[derive(Debug, Clone)]
pub struct NewMail<'a> {
    /// What it is about.
    pub kind: MailKind,
    /// Address in its one form, printable ASCII.
    pub recipient: &'a str,
    /// For the kinds with a link.
    pub link: Option<LinkSeed>,
}

impl Conn<Tenant> {
    /// Adds a mail to the outbox of the platform; it is sent when the transaction commits, in which this belongs. Beyond
    /// five of a kind to an address in an hour it is dropped, and nothing says so.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add_mail(&self, mail: NewMail<'_>) -> QueryResult<()> {
        self.add_mail_if(true, mail).await
    }

    /// As [`Self::add_mail`] where the mail is meant; otherwise a round trip without an effect, for callers who must not tell
    /// the two apart.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add_mail_if(&self, is_meant: bool, mail: NewMail<'_>) -> QueryResult<()> {
        let (seed, expires_at) = mail.link.map(|link| (link.seed, link.expires_at)).unzip();
        let kind = mail.kind.as_str();
        let adding = add_mail(current_schema(), kind, mail.recipient, seed, expires_at);
        diesel::select(adding)
            .filter(is_meant.into_sql::<Bool>())
            .execute(&mut &*self)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for kind in MailKind::ALL {
            assert_eq!(MailKind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(MailKind::parse("advertisement"), None);
    }
}
