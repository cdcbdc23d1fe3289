//! Letting somebody in who is kept waiting by failed logins, their own or somebody else's: a user of a tenant, or a system user.

use platform_schema::{PlatformChange, SystemUser};
use serde_json::json;
use tenant_schema::identity::User;
use tenant_schema::settings::{Audited, Change};
use uuid::Uuid;

use super::attempts::{AttemptKey, Attempts};
use super::signed_in::SignedIn;
use super::system_caller::SystemCaller;
use super::system_sessions::SYSTEM_USER;
use crate::error::ApiError;

impl SignedIn {
    /// Forgets the failed logins of a user, under their name and under their address.
    ///
    /// # Errors
    /// `not_found`, or a failure of the database.
    pub async fn unlock(&mut self, id: Uuid) -> Result<(), ApiError> {
        let user = self
            .mutate("users.unlock", async |conn| {
                let (user, _) = User::find_with_roles(id, conn).await?;
                let what = json!({ "failed_logins": "forgotten" });
                let change = Change::about(User::KIND, Some(id.to_string()), what);
                Ok((user, change))
            })
            .await?;
        let (platform, tenant) = (self.platform(), &self.tenant().id);
        self.identity().forgive_user(platform, tenant, &user).await
    }
}

impl SystemCaller {
    /// Forgets the failed logins of a system user.
    ///
    /// # Errors
    /// `not_found`, or a failure of the database.
    pub async fn unlock(&mut self, attempts: &Attempts, id: Uuid) -> Result<(), ApiError> {
        self.mutate("system_users.unlock", async |conn| {
            let user = SystemUser::require(id, conn).await?;
            let account = AttemptKey::system_user(&user.email);
            attempts.forgive_on(&[account], conn).await?;
            let what = json!({ "failed_logins": "forgotten" });
            Ok(((), PlatformChange::of(SYSTEM_USER, &user.id).after(what)))
        })
        .await
    }
}
