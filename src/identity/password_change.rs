//! Changing one's own password: the old one is asked for, whoever else had it is out, and the user is told by mail.

use diesel::OptionalExtension;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tenant_schema::identity::User;
use tenant_schema::settings::Change;
use utoipa::ToSchema;

use super::attempts::{AttemptKey, Guess};
use super::login;
use super::signed_in::SignedIn;
use super::visit::Visit;
use crate::error::{ApiError, Code};
use crate::pepper::password::{GuessableWords, Password};
use crate::platform::Platform;
use crate::resource::Validation;

/// A new password, with the one that it replaces.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password as it is.
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
    /// The password as it shall be.
    #[schema(value_type = String, format = Password, min_length = 8)]
    new_password: SecretString,
}

impl SignedIn {
    /// Changes the caller's password and ends all their sessions but this one.
    ///
    /// # Errors
    /// `validation_failed` for a new password that the rules forbid, `invalid_credentials` for a wrong one as the current, or
    /// one that was changed in the meantime, `rate_limited` after too many of them, here or at the login, `overloaded` when too
    /// many passwords wait, or a failure of the database.
    pub async fn change_password(
        mut self,
        platform: &Platform,
        visit: &Visit,
        change: &PasswordChange,
    ) -> Result<(), ApiError> {
        let user = &self.access().user;
        let words = GuessableWords::of(self.tenant(), &user.email, &user.username);
        let new = change.check(&words)?;
        let (id, last_changed) = (user.id, user.password_changed_at);
        self.prove_password(platform, visit, &change.current_password)
            .await?;
        let hash = platform.hasher.hash(&new).await?;
        let (session, hash) = (self.own_session()?, hash.expose());
        self.mutate("auth.change_password", async |conn| {
            let changed = User::change_password(id, last_changed, hash, session, conn).await;
            let (before, after) = changed.optional()?.ok_or(Code::InvalidCredentials)?;
            Ok(((), Change::updated(&before, &after)))
        })
        .await
    }
}

impl SignedIn {
    /// Proves the caller to know their password. A wrong one counts as a failed login does.
    ///
    /// # Errors
    /// `invalid_credentials`, `rate_limited`, `overloaded` when too many passwords wait, or a failure of the database.
    pub(super) async fn prove_password(
        &self,
        platform: &Platform,
        visit: &Visit,
        presented: &SecretString,
    ) -> Result<(), ApiError> {
        let user = &self.access().user;
        let account = AttemptKey::account(&self.tenant().id, &user.username);
        let guess = Guess::new(account, &visit.client);
        let attempts = self.identity().attempts();
        attempts.attempt(account, &visit.context).await?;
        attempts.admit(platform, &guess).await?;
        let stored = user.password_hash.clone();
        let checked = login::check(platform, presented, stored).await;
        attempts.settle(platform, &guess, checked).await?;
        Ok(())
    }
}

impl PasswordChange {
    /// The password as it is, as the caller says.
    pub(super) fn current(&self) -> &SecretString {
        &self.current_password
    }

    /// The new password, if the rules allow it.
    ///
    /// # Errors
    /// `validation_failed`.
    pub(super) fn check(&self, words: &GuessableWords) -> Result<Password, ApiError> {
        let mut validation = Validation::new();
        let new = Password::choose(self.new_password.expose_secret().to_owned(), words);
        let new = validation.take("new_password", new);
        validation.finish()?;
        new.ok_or(ApiError::new(Code::ValidationFailed))
    }
}
