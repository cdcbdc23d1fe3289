//! Inviting: a link by which a user sets their first password, or a new one where an admin asks for it.
//!
//! Nobody but the user ever sees or chooses that password. The token names no tenant, address or role that could be edited:
//! it is worth what the tenant that issued it keeps for it, and reaches who reads the user's mail.

use serde_json::json;
use tenant_schema::identity::{NewUser, User};
use tenant_schema::settings::{Audited, Change};
use uuid::Uuid;

use super::signed_in::SignedIn;
use crate::error::{ApiError, Code};
use crate::pepper::mailed_token::LinkKind;
use crate::platform::Platform;

/// What a new user is mailed: those with a password prove their address, the others are invited.
pub fn welcome(new: &NewUser) -> LinkKind {
    if new.password_hash.is_some() {
        LinkKind::Verification
    } else {
        LinkKind::Invitation
    }
}

impl SignedIn {
    /// Mails a user a link to set a password: the first one, or a new one. The one they have stays until then.
    ///
    /// # Errors
    /// `not_found`, `conflict` for a user who may not log in, or a failure of the database.
    pub async fn invite(&mut self, id: Uuid, platform: &Platform) -> Result<(), ApiError> {
        let reset = platform.mailed_links.make(LinkKind::Reset)?;
        let invitation = platform.mailed_links.make(LinkKind::Invitation)?;
        self.mutate("users.invite", async |conn| {
            let user = User::find(id, conn).await?;
            if !user.is_active {
                return Err(ApiError::new(Code::Conflict).detail("the user is disabled"));
            }
            let (link, name) = if user.password_hash.is_some() {
                (&reset, "reset")
            } else {
                (&invitation, "invitation")
            };
            link.mail_to(&user, conn).await?;
            let change = Change::about(User::KIND, Some(user.key()), json!({ "link": name }));
            Ok(((), change))
        })
        .await
    }
}
