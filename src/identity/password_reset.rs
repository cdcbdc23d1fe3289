//! Setting a password by a mailed link: a new one for a forgotten one, or the first one of somebody invited.
//!
//! Who asks for a link learns nothing, neither from the answer nor from the time it takes. A link opens no session: who has set
//! a password logs in with it, and meets whatever a login meets.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tenant_schema::identity::{PasswordResetToken, User};
use tenant_schema::settings::{Audited, Change};
use utoipa::ToSchema;

use diesel::OptionalExtension;

use super::email;
use super::even_time::on_the_beat;
use super::login;
use super::visitor::Visitor;
use crate::error::{ApiError, Code};
use crate::pepper::mailed_token::{LinkKind, MailedToken};
use crate::pepper::password::{GuessableWords, Password};
use crate::resource::Validation;

/// Whose password is to be set anew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenPassword {
    /// E-mail address.
    email: String,
}

/// A password, with the token that it is set by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    /// The token of the mailed link.
    #[schema(value_type = String, format = Password)]
    token: SecretString,
    /// The password as it shall be.
    #[schema(value_type = String, format = Password, min_length = 8)]
    new_password: SecretString,
}

impl Visitor {
    /// Mails a link to the user of an address, if there is one who may log in.
    ///
    /// # Errors
    /// `validation_failed` for what is no address, `rate_limited`, or a failure of the database.
    pub async fn forgot_password(self, forgotten: &ForgottenPassword) -> Result<(), ApiError> {
        let email = email::checked(&forgotten.email)?;
        self.attempt(&email).await?;
        let link = self.platform.mailed_links.make(LinkKind::Reset)?;
        let mailing = self.mutate(&self.actor, "auth.forgot_password", async |conn| {
            let user = User::find_by_email(&email, conn).await?;
            let user = user.filter(|user| user.is_active);
            link.mail_to_whom_it_concerns(user.as_ref(), &email, conn)
                .await?;
            let id = user.map(|user| user.id.to_string());
            let change = Change::about(User::KIND, id, json!({ "link": "reset" }));
            Ok(((), change))
        });
        on_the_beat(Box::pin(mailing)).await
    }

    /// Sets a password by a mailed token, once, and ends all sessions of the user.
    ///
    /// # Errors
    /// `link_invalid` for a token that is unknown, was used or has ended, or whose user is gone or disabled;
    /// `validation_failed` for a password that the rules forbid, and the token can be used again then; `overloaded` when too
    /// many passwords wait, or a failure of the database.
    pub async fn reset_password(self, reset: &PasswordReset) -> Result<(), ApiError> {
        let (token, user) = self.find_resettable(&reset.token).await?;
        let words = GuessableWords::of(&self.tenant, &user.email, &user.username);
        let mut validation = Validation::new();
        let password = Password::choose(reset.new_password.expose_secret().to_owned(), &words);
        let password = validation.take("new_password", password);
        validation.finish()?;
        let password = password.ok_or(Code::ValidationFailed)?;
        let hash = self.platform.hasher.hash(&password).await?;
        let action = if user.password_hash.is_some() {
            "auth.reset_password"
        } else {
            "auth.accept_invitation"
        };
        let user = self
            .mutate(&self.actor.user(user.id, None), action, async |conn| {
                let set = User::set_password_by(&token, hash.expose(), conn).await;
                let (before, after) = set.optional()?.ok_or(Code::LinkInvalid)?;
                let change = Change::updated(&before, &after);
                Ok((after, change))
            })
            .await?;
        let (platform, tenant) = (&self.platform, &self.tenant);
        self.identity
            .forgive_user(platform, &tenant.id, &user)
            .await
    }

    /// The token as the tenant keeps it, and whose it is. Costs nothing but this for noise.
    async fn find_resettable(
        &self,
        token: &SecretString,
    ) -> Result<(PasswordResetToken, User), ApiError> {
        let kinds = [LinkKind::Reset, LinkKind::Invitation];
        let token = MailedToken::parse(token.expose_secret(), &kinds);
        let hash = token.or(Err(Code::LinkInvalid))?.hash();
        let lease = login::lease(&self.platform, &self.tenant).await?;
        let token = PasswordResetToken::find_open(&hash, &lease).await?;
        let token = token.ok_or(Code::LinkInvalid)?;
        let user = User::find(token.user_id, &lease).await.optional()?;
        lease.finish().await?;
        let user = user.filter(|user| user.is_active);
        Ok((token, user.ok_or(Code::LinkInvalid)?))
    }
}
