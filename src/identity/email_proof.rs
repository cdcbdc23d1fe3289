//! Proving to own an address, by the token that was mailed to it.

use diesel::OptionalExtension;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tenant_schema::identity::{EmailVerificationToken, User};
use tenant_schema::settings::{Audited, Change};
use utoipa::ToSchema;

use super::email;
use super::even_time::on_the_beat;
use super::login;
use super::visitor::Visitor;
use crate::error::{ApiError, Code, OnConstraint};
use crate::pepper::mailed_token::{LinkKind, MailedToken};

/// The proof of an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailProof {
    /// The token of the mailed link.
    #[schema(value_type = String, format = Password)]
    token: SecretString,
}

/// An address that is not proven yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnprovenEmail {
    /// E-mail address.
    email: String,
}

impl Visitor {
    /// Takes an address as the user's own, by the token that was mailed to it.
    ///
    /// # Errors
    /// `link_invalid` for a token that is unknown, was used or has ended, or whose user is gone or disabled; `conflict` where
    /// another user has taken the address meanwhile; or a failure of the database.
    pub async fn verify_email(self, proof: &EmailProof) -> Result<(), ApiError> {
        let token = MailedToken::parse(proof.token.expose_secret(), &[LinkKind::Verification]);
        let hash = token.or(Err(Code::LinkInvalid))?.hash();
        let lease = login::lease(&self.platform, &self.tenant).await?;
        let token = EmailVerificationToken::find_open(&hash, &lease).await?;
        lease.finish().await?;
        let token = token.ok_or(Code::LinkInvalid)?;
        let actor = self.actor.user(token.user_id, None);
        self.mutate(&actor, "auth.verify_email", async |conn| {
            let proven = User::prove_email_by(&token, conn).await.optional();
            let proven = proven.on_constraint("users_email_key", "email", "is already taken")?;
            let (before, after) = proven.ok_or(Code::LinkInvalid)?;
            Ok(((), Change::updated(&before, &after)))
        })
        .await
    }

    /// Mails another link to an address, if it is that of a user who may log in and has not proven it.
    ///
    /// # Errors
    /// `validation_failed` for what is no address, `rate_limited`, or a failure of the database.
    pub async fn resend_verification(self, unproven: &UnprovenEmail) -> Result<(), ApiError> {
        let email = email::checked(&unproven.email)?;
        self.attempt(&email).await?;
        let link = self.platform.mailed_links.make(LinkKind::Verification)?;
        let mailing = self.mutate(&self.actor, "auth.resend_verification", async |conn| {
            let user = User::find_by_email(&email, conn).await?;
            let user = user.filter(|user| user.is_active && user.email_verified_at.is_none());
            link.mail_to_whom_it_concerns(user.as_ref(), &email, conn)
                .await?;
            let id = user.map(|user| user.id.to_string());
            let change = Change::about(User::KIND, id, json!({ "link": "verification" }));
            Ok(((), change))
        });
        on_the_beat(Box::pin(mailing)).await
    }
}
