//! The body of `POST /api/v1/tenants`: checked as a whole, so that every fault is named at once.

use aws_lc_rs::digest;
use platform_schema::TenantSlug;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::{ApiError, Code};
use crate::identity::email;
use crate::identity::system_caller::{PlatformAuthorized, TenantsCreate};
use crate::pepper::mailed_token::LinkKind;
use crate::pepper::password::{GuessableWords, Password};
use crate::platform::Platform;
use crate::provisioner::order::{FirstAdmin, TenantOrder};
use crate::resource::{IdempotencyHeader, Validation};

/// Longest name of a tenant, in characters.
const LONGEST_NAME: usize = 200;

/// A tenant to be provisioned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateTenant {
    /// The human key in URLs.
    #[schema(pattern = "^[a-z][a-z0-9-]{1,38}[a-z0-9]$")]
    slug: String,
    /// Name for people.
    name: String,
    /// The first user.
    admin: Admin,
    /// Name of the plan.
    plan: Option<String>,
    /// Labels of the operators.
    #[serde(default)]
    #[schema(value_type = Object)]
    labels: Map<String, Value>,
}

/// The first user of the tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Admin {
    /// E-mail address.
    email: String,
    /// User name.
    username: String,
    /// Without it the admin is invited and cannot log in yet.
    #[schema(value_type = Option<String>, format = Password, min_length = 8)]
    password: Option<SecretString>,
}

/// What is known to be right.
struct Checked {
    slug: TenantSlug,
    email: String,
    username: String,
    password: Option<Password>,
}

impl CreateTenant {
    /// SHA-256 of all that was asked for, the password too: to be kept by nobody as it is.
    fn fingerprint(&self) -> Vec<u8> {
        let password = self
            .admin
            .password
            .as_ref()
            .map(ExposeSecret::expose_secret);
        let parts = (
            &self.slug,
            &self.name,
            &self.admin.email,
            &self.admin.username,
            password,
            &self.plan,
            &self.labels,
        );
        let text = serde_json::to_vec(&parts).unwrap_or_default();
        digest::digest(&digest::SHA256, &text).as_ref().to_vec()
    }

    /// Checks every field, hashes the password, and makes the order.
    ///
    /// # Errors
    /// `validation_failed` with every fault, or `overloaded` when too many passwords wait.
    pub(super) async fn order(
        self,
        caller: PlatformAuthorized<TenantsCreate>,
        key: IdempotencyHeader,
        platform: &Platform,
    ) -> Result<TenantOrder, ApiError> {
        let scope = format!("system_user {} POST /api/v1/tenants", caller.user().id);
        let request_hash = platform.receipts.request_hash(&self.fingerprint());
        let receipt = key.receipt(&scope, &request_hash);
        // The connection goes back before the password is hashed.
        let requester = caller.into_requester();
        let checked = self.check()?;
        let password_hash = match &checked.password {
            Some(password) => Some(platform.hasher.hash(password).await?.expose().to_owned()),
            None => None,
        };
        let admin = FirstAdmin {
            email: checked.email,
            username: checked.username,
            invitation: match &password_hash {
                Some(_) => None,
                None => Some(platform.mailed_links.make(LinkKind::Invitation)?),
            },
            password_hash,
        };
        let (name, labels) = (self.name.trim().to_owned(), Value::Object(self.labels));
        Ok(TenantOrder {
            slug: checked.slug,
            name,
            plan: self.plan,
            labels,
            admin,
            requester,
            receipt,
        })
    }

    fn check(&self) -> Result<Checked, ApiError> {
        let mut validation = Validation::new();
        let slug = validation.take("slug", self.slug.parse());
        let email = validation.take("admin.email", email::normalize(&self.admin.email));
        let username = validation.take(
            "admin.username",
            email::check_username(&self.admin.username),
        );
        let (address, username_given) = (&self.admin.email, &self.admin.username);
        let words = GuessableWords::from(&[&self.name, &self.slug, address, username_given]);
        let password = self
            .admin
            .password
            .as_ref()
            .map(|password| Password::choose(password.expose_secret().to_owned(), &words))
            .transpose();
        let password = validation.take("admin.password", password);
        if !(1..=LONGEST_NAME).contains(&self.name.trim().chars().count()) {
            validation.field("name", format!("must be 1 to {LONGEST_NAME} characters"));
        }
        validation.finish()?;
        match (slug, email, username, password) {
            (Some(slug), Some(email), Some(username), Some(password)) => Ok(Checked {
                slug,
                email,
                username,
                password,
            }),
            _ => Err(ApiError::new(Code::ValidationFailed)),
        }
    }
}
