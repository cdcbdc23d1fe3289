//! The bodies of the roles resource: checked as a whole, so that every fault is named at once.

use connection::TenantConn;
use serde::Deserialize;
use serde_json::json;
use tenant_schema::identity::{NewRole, Permission, RoleChanges};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;
use crate::identity::working_hours::WorkingHours;
use crate::resource::{Validation, given};

/// Longest name, in characters.
const LONGEST_NAME: usize = 64;

/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;

/// The highest priority.
const HIGHEST: i32 = 1_000;

/// A role to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateRole {
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Rank among roles; a higher one stands above.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    priority: i32,
    /// Names of permissions, wildcards among them.
    permissions: Vec<String>,
    /// When those who have the role work; without it, at any time.
    working_hours: Option<WorkingHours>,
}

/// The fields of a role that change; an absent one stays, a null is cleared.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::option_option,
    reason = "an absent field, a null and a value are three things"
)]
pub(super) struct PatchRole {
    #[serde(deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(minimum = 0, maximum = 1000)]
    priority: Option<i32>,
    /// Names of permissions, wildcards among them.
    #[serde(deserialize_with = "given")]
    permissions: Option<Vec<String>>,
    /// When those who have the role work; null for at any time.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<WorkingHours>)]
    working_hours: Option<Option<WorkingHours>>,
}

/// What a role becomes: the changed fields, and all that it grants from now on, if that changes.
#[derive(Debug)]
pub(super) struct RolePatch {
    pub(super) changes: RoleChanges,
    pub(super) permissions: Option<Vec<String>>,
}

impl CreateRole {
    /// Checks every field. The permissions are known by name only yet.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<(NewRole, Vec<String>), ApiError> {
        let mut validation = Validation::new();
        check_name(&mut validation, Some(&self.name));
        check_description(&mut validation, self.description.as_deref());
        check_priority(&mut validation, Some(self.priority));
        validation.finish()?;
        let new = NewRole {
            id: Uuid::now_v7(),
            name: self.name,
            description: self.description,
            priority: self.priority,
            is_system: false,
            working_hours: self.working_hours.map(|hours| json!(hours)),
        };
        Ok((new, sorted(self.permissions)))
    }
}

impl PatchRole {
    /// Checks the fields that are given.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<RolePatch, ApiError> {
        let mut validation = Validation::new();
        let description = self.description.as_ref().and_then(Option::as_deref);
        check_name(&mut validation, self.name.as_deref());
        check_description(&mut validation, description);
        check_priority(&mut validation, self.priority);
        validation.finish()?;
        Ok(RolePatch {
            changes: RoleChanges {
                name: self.name,
                description: self.description,
                priority: self.priority,
                working_hours: self
                    .working_hours
                    .map(|hours| hours.map(|hours| json!(hours))),
            },
            permissions: self.permissions.map(sorted),
        })
    }
}

/// All settable fields: what is absent is cleared, the priority is 0.
impl From<CreateRole> for PatchRole {
    fn from(role: CreateRole) -> Self {
        Self {
            name: Some(role.name),
            description: Some(role.description),
            priority: Some(role.priority),
            permissions: Some(role.permissions),
            working_hours: Some(role.working_hours),
        }
    }
}

/// The ids of permissions by their names.
///
/// # Errors
/// `validation_failed` naming those that there are not, or a failure of the database.
pub(super) async fn permission_ids(
    names: &[String],
    conn: &TenantConn,
) -> Result<Vec<Uuid>, ApiError> {
    let known = Permission::ids_by_name(names, conn).await?;
    let mut validation = Validation::new();
    for name in names {
        let message = format!("there is no permission `{name}`");
        validation.require(known.contains_key(name), "permissions", &message);
    }
    validation.finish()?;
    Ok(known.into_values().collect())
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

fn check_name(validation: &mut Validation, name: Option<&str>) {
    let fits = name.is_none_or(|name| {
        (1..=LONGEST_NAME).contains(&name.chars().count())
            && name.trim() == name
            && !name.chars().any(char::is_control)
    });
    let message = "must be 1 to 64 characters without control characters or spaces around them";
    validation.require(fits, "name", message);
}

fn check_description(validation: &mut Validation, description: Option<&str>) {
    let length = description.map_or(0, |text| text.chars().count());
    let message = format!("must be at most {LONGEST_DESCRIPTION} characters");
    validation.require(length <= LONGEST_DESCRIPTION, "description", &message);
}

fn check_priority(validation: &mut Validation, priority: Option<i32>) {
    let fits = priority.is_none_or(|priority| (0..=HIGHEST).contains(&priority));
    let message = format!("must be from 0 to {HIGHEST}");
    validation.require(fits, "priority", &message);
}
