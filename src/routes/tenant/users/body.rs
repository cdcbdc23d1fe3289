//! The bodies of the users resource: checked as a whole, so that every fault is named at once.

use connection::TenantConn;
use platform_schema::Tenant;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tenant_schema::identity::{GrantingRole, NewUser, UserChanges};
use utoipa::ToSchema;

use crate::error::{ApiError, Code};
use crate::identity::email;
use crate::identity::permission::{Permission, RolesAssign};
use crate::identity::signed_in::SignedIn;
use crate::identity::working_hours::WorkingHours;
use crate::pepper::password::{GuessableWords, Password, PasswordHasher};
use crate::resource::{Validation, given};
use crate::routes::tenant::user_roles::find_roles;

/// Longest part of a name, in characters.
const LONGEST_NAME: usize = 100;

/// Longest image reference, in characters.
const LONGEST_IMAGE: usize = 2_048;

/// A user to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::routes::tenant) struct CreateUser {
    pub(in crate::routes::tenant) email: String,
    pub(in crate::routes::tenant) username: String,
    /// Without it the user is invited by mail, and cannot log in before they have set one.
    #[schema(value_type = Option<String>, format = Password, min_length = 8)]
    pub(in crate::routes::tenant) password: Option<SecretString>,
    pub(in crate::routes::tenant) first_name: Option<String>,
    pub(in crate::routes::tenant) last_name: Option<String>,
    pub(in crate::routes::tenant) middle_name: Option<String>,
    pub(in crate::routes::tenant) image: Option<String>,
    /// A time zone of the IANA database; without it, UTC.
    pub(in crate::routes::tenant) timezone: Option<String>,
    /// Names of roles.
    #[serde(default)]
    pub(in crate::routes::tenant) roles: Vec<String>,
}

/// The fields of a user that change; an absent one stays, a null one is cleared.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::option_option,
    reason = "an absent field, a null and a value are three things"
)]
pub(super) struct PatchUser {
    #[serde(deserialize_with = "given")]
    email: Option<String>,
    #[serde(deserialize_with = "given")]
    username: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    middle_name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    image: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    timezone: Option<String>,
    /// When the user works; null for as their highest role says.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<WorkingHours>)]
    working_hours: Option<Option<WorkingHours>>,
    #[serde(deserialize_with = "given")]
    is_active: Option<bool>,
}

/// All settable fields of a user; an absent one is cleared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutUser {
    email: String,
    username: String,
    first_name: Option<String>,
    last_name: Option<String>,
    middle_name: Option<String>,
    image: Option<String>,
    /// Without it, UTC.
    timezone: Option<String>,
    /// When the user works; without it, as their highest role says.
    working_hours: Option<WorkingHours>,
    /// Without it, true.
    is_active: Option<bool>,
}

/// What users change of themselves.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::option_option,
    reason = "an absent field, a null and a value are three things"
)]
pub(super) struct PatchMe {
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    middle_name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    image: Option<Option<String>>,
}

impl CreateUser {
    /// Refuses a caller who gives roles without the right to.
    ///
    /// # Errors
    /// `permission_denied`.
    pub(super) fn authorize(&self, caller: &SignedIn) -> Result<(), ApiError> {
        if self.roles.is_empty() {
            Ok(())
        } else {
            caller.require(RolesAssign::NAME)
        }
    }

    /// Checks every field and hashes the password. The roles are known by name only yet.
    ///
    /// # Errors
    /// `validation_failed` with every fault, or `overloaded` when too many passwords wait.
    pub(in crate::routes::tenant) async fn into_new_user(
        mut self,
        tenant: &Tenant,
        hasher: &PasswordHasher,
    ) -> Result<(NewUser, RoleNames), ApiError> {
        let roles = RoleNames(std::mem::take(&mut self.roles));
        let (new, password) = self.check(tenant)?;
        let password_hash = match &password {
            Some(password) => Some(hasher.hash(password).await?.expose().to_owned()),
            None => None,
        };
        let new = NewUser {
            password_hash,
            ..new
        };
        Ok((new, roles))
    }

    fn check(self, tenant: &Tenant) -> Result<(NewUser, Option<Password>), ApiError> {
        let mut validation = Validation::new();
        let words = GuessableWords::of(tenant, &self.email, &self.username);
        let password = self
            .password
            .as_ref()
            .map(|password| Password::choose(password.expose_secret().to_owned(), &words))
            .transpose();
        let password = validation.take("password", password);
        let names = [
            Some(&self.first_name),
            Some(&self.last_name),
            Some(&self.middle_name),
        ];
        check_names(&mut validation, names);
        check_image(&mut validation, self.image.as_ref());
        let (email, username) =
            check_keys(&mut validation, Some(&self.email), Some(&self.username));
        let timezone = check_timezone(&mut validation, self.timezone);
        validation.finish()?;
        let (Some(email), Some(username), Some(password)) = (email, username, password) else {
            return Err(ApiError::new(Code::ValidationFailed));
        };
        let new = NewUser {
            first_name: self.first_name,
            last_name: self.last_name,
            middle_name: self.middle_name,
            image: self.image,
            timezone,
            ..NewUser::new(email, username)
        };
        Ok((new, password))
    }
}

/// The names of the roles that a new user shall have.
pub(in crate::routes::tenant) struct RoleNames(Vec<String>);

impl RoleNames {
    /// The roles of these names, the highest first.
    ///
    /// # Errors
    /// `validation_failed` naming the roles that there are not.
    pub(super) async fn find(&self, conn: &TenantConn) -> Result<Vec<GrantingRole>, ApiError> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        find_roles(&self.0, conn).await
    }
}

impl PatchUser {
    /// Checks the fields that are given.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn into_changes(self) -> Result<UserChanges, ApiError> {
        let mut validation = Validation::new();
        let names = [
            self.first_name.as_ref(),
            self.last_name.as_ref(),
            self.middle_name.as_ref(),
        ];
        check_names(&mut validation, names);
        check_image(&mut validation, self.image.iter().flatten().next());
        let (email, username) = check_keys(
            &mut validation,
            self.email.as_deref(),
            self.username.as_deref(),
        );
        let timezone = check_timezone(&mut validation, self.timezone);
        validation.finish()?;
        Ok(UserChanges {
            email,
            username,
            first_name: self.first_name,
            last_name: self.last_name,
            middle_name: self.middle_name,
            image: self.image,
            timezone,
            working_hours: self
                .working_hours
                .map(|hours| hours.map(|hours| json!(hours))),
            is_active: self.is_active,
            ..UserChanges::default()
        })
    }
}

impl PutUser {
    /// Checks every field.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn into_changes(self) -> Result<UserChanges, ApiError> {
        let patch = PatchUser {
            email: Some(self.email),
            username: Some(self.username),
            first_name: Some(self.first_name),
            last_name: Some(self.last_name),
            middle_name: Some(self.middle_name),
            image: Some(self.image),
            timezone: Some(self.timezone.unwrap_or_else(|| "UTC".to_owned())),
            working_hours: Some(self.working_hours),
            is_active: Some(self.is_active.unwrap_or(true)),
        };
        patch.into_changes()
    }
}

impl PatchMe {
    /// Checks the fields that are given.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn into_changes(self) -> Result<UserChanges, ApiError> {
        let patch = PatchUser {
            first_name: self.first_name,
            last_name: self.last_name,
            middle_name: self.middle_name,
            image: self.image,
            ..PatchUser::default()
        };
        patch.into_changes()
    }
}

fn check_keys(
    validation: &mut Validation,
    email: Option<&str>,
    username: Option<&str>,
) -> (Option<String>, Option<String>) {
    let email = email.and_then(|text| validation.take("email", email::normalize(text)));
    let username =
        username.and_then(|text| validation.take("username", email::check_username(text)));
    (email, username)
}

fn check_names(validation: &mut Validation, names: [Option<&Option<String>>; 3]) {
    let message = format!("must be at most {LONGEST_NAME} characters");
    for (field, name) in ["first_name", "last_name", "middle_name"]
        .into_iter()
        .zip(names)
    {
        let length = name
            .and_then(Option::as_ref)
            .map_or(0, |name| name.chars().count());
        validation.require(length <= LONGEST_NAME, field, &message);
    }
}

fn check_image(validation: &mut Validation, image: Option<&String>) {
    let length = image.map_or(0, |image| image.chars().count());
    validation.require(
        length <= LONGEST_IMAGE,
        "image",
        &format!("must be at most {LONGEST_IMAGE} characters"),
    );
}

fn check_timezone(validation: &mut Validation, timezone: Option<String>) -> Option<String> {
    timezone.and_then(|name| {
        let message = "must be a time zone of the IANA database, like `Europe/Berlin`";
        let zone = name.parse::<chrono_tz::Tz>().or(Err(message));
        validation.take("timezone", zone.map(|zone| zone.name().to_owned()))
    })
}
