//! Changing one's own address: the password is asked for, and the new address takes the old one's place when it is proven.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tenant_schema::identity::User;
use tenant_schema::settings::{Audited, Change};
use utoipa::ToSchema;

use super::email;
use super::signed_in::SignedIn;
use super::visit::Visit;
use crate::error::{ApiError, Code};
use crate::pepper::mailed_token::LinkKind;
use crate::platform::Platform;
use crate::resource::Validation;

/// A new address, with the password of the user whose it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChange {
    /// The user's password.
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
    /// The address as it shall be.
    new_email: String,
}

impl SignedIn {
    /// Mails a link to the new address. Nothing changes before it is followed; then the old address is told.
    ///
    /// # Errors
    /// `validation_failed` for what is no address, `permission_denied` for a caller with an API key, `invalid_credentials` for
    /// a wrong password, `rate_limited`, `overloaded` when too many passwords wait, or a failure of the database.
    pub async fn change_email(
        mut self,
        platform: &Platform,
        visit: &Visit,
        change: &EmailChange,
    ) -> Result<(), ApiError> {
        self.own_session()?;
        let mut validation = Validation::new();
        let email = validation.take("new_email", email::normalize(&change.new_email));
        validation.finish()?;
        let email = email.ok_or(Code::ValidationFailed)?;
        self.prove_password(platform, visit, &change.current_password)
            .await?;
        let user = self.access().user.clone();
        let link = platform.mailed_links.make(LinkKind::Verification)?;
        self.mutate("auth.change_email", async |conn| {
            link.mail_to_next(&user, &email, conn).await?;
            let what = json!({ "next_email": email });
            let change = Change::about(User::KIND, Some(user.key()), what);
            Ok(((), change))
        })
        .await
    }
}
