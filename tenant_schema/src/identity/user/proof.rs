//! What a user proves by a mailed token: to own an address, or to be the one who may set a password.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use connection::{MailKind, NewMail, TenantConn};

use super::super::email_verification_token::EmailVerificationToken;
use super::super::password_reset_token::PasswordResetToken;
use super::super::user_session::{EndReason, UserSession};
use super::{User, users};
use crate::clock::clock_timestamp;
use crate::resource::lower;

impl User {
    /// The user, not deleted, with this address in any case.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find_by_email(email: &str, mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        users::table
            .filter(users::deleted_at.is_null())
            .filter(lower(users::email).eq(lower(email)))
            .select(Self::as_select())
            .first(&mut conn)
            .await
            .optional()
    }

    /// Whether a user, not deleted, has this name in any case.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_username_taken(name: &str, mut conn: &TenantConn) -> QueryResult<bool> {
        let named = users::table
            .filter(users::deleted_at.is_null())
            .filter(lower(users::username).eq(lower(name)));
        diesel::select(diesel::dsl::exists(named))
            .get_result(&mut conn)
            .await
    }

    /// Sets the password that a mailed token is good for, ends all sessions of the user, voids their other tokens, and tells
    /// them by mail. The token has come to the user's address, which is proven so. Gives the user before and after. Belongs
    /// into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the token was used or has ended meanwhile, or the user is gone or disabled.
    pub async fn set_password_by(
        token: &PasswordResetToken,
        password_hash: &str,
        conn: &mut TenantConn,
    ) -> QueryResult<(Self, Self)> {
        let before = Self::lock_active(token.user_id, conn).await?;
        PasswordResetToken::redeem(token.id, conn).await?;
        let mut shared: &TenantConn = conn;
        let after = diesel::update(users::table.find(before.id))
            .set((
                users::password_hash.eq(password_hash),
                users::password_changed_at.eq(clock_timestamp().nullable()),
                before
                    .email_verified_at
                    .is_none()
                    .then(|| users::email_verified_at.eq(clock_timestamp().nullable())),
                users::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        UserSession::end_all_of(after.id, None, EndReason::PasswordReset, conn).await?;
        after.void_tokens(conn).await?;
        after.tell(MailKind::PasswordChanged, conn).await?;
        Ok((before, after))
    }

    /// Takes the address that a mailed token proves as the user's own, proven. Where it was another before, that one is told
    /// by mail, and what was mailed to it is void. Gives the user before and after. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the token was used or has ended meanwhile, or the user is gone or disabled; a violation of
    /// `users_email_key` where another user has the address.
    pub async fn prove_email_by(
        token: &EmailVerificationToken,
        conn: &mut TenantConn,
    ) -> QueryResult<(Self, Self)> {
        let before = Self::lock_active(token.user_id, conn).await?;
        EmailVerificationToken::redeem(token.id, conn).await?;
        let another = token
            .email
            .as_deref()
            .filter(|email| *email != before.email);
        let mut shared: &TenantConn = conn;
        let after: Self = diesel::update(users::table.find(before.id))
            .set((
                another.map(|email| users::email.eq(email)),
                users::email_verified_at.eq(clock_timestamp().nullable()),
                users::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        if another.is_some() {
            after.void_tokens(conn).await?;
            before.tell(MailKind::EmailChanged, conn).await?;
        }
        Ok((before, after))
    }

    /// Voids every mailed token of the user: it was sent to an address, or for a password, that is not theirs any more.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn void_tokens(&self, conn: &TenantConn) -> QueryResult<()> {
        PasswordResetToken::void_all_of(self.id, conn).await?;
        EmailVerificationToken::void_all_of(self.id, conn).await
    }

    /// Mails the user a notice, which has no link.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tell(&self, kind: MailKind, conn: &TenantConn) -> QueryResult<()> {
        let notice = NewMail {
            kind,
            recipient: &self.email,
            link: None,
        };
        conn.add_mail(notice).await
    }

    async fn lock_active(id: uuid::Uuid, conn: &TenantConn) -> QueryResult<Self> {
        let user = Self::lock(id, conn).await?;
        if user.is_active {
            Ok(user)
        } else {
            Err(diesel::NotFound)
        }
    }
}
