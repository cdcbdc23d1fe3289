//! The bodies of the teams resource: checked as a whole, so that every fault is named at once.

use serde::Deserialize;
use tenant_schema::identity::{NewTeam, TeamChanges};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::{Validation, given};

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;

/// A team to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateTeam {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(max_length = 500)]
    description: Option<String>,
}

/// The fields of a team that change; an absent one stays, a null description is cleared.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::option_option,
    reason = "an absent field, a null and a value are three things"
)]
pub(super) struct PatchTeam {
    #[serde(deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Option<Option<String>>,
}

impl CreateTeam {
    /// Checks every field.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<NewTeam, ApiError> {
        check(Some(&self.name), self.description.as_deref())?;
        Ok(NewTeam {
            id: Uuid::now_v7(),
            name: self.name,
            description: self.description,
        })
    }
}

impl PatchTeam {
    /// Checks the fields that are given.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<TeamChanges, ApiError> {
        let description = self.description.as_ref().and_then(Option::as_deref);
        check(self.name.as_deref(), description)?;
        Ok(TeamChanges {
            name: self.name,
            description: self.description,
        })
    }
}

/// All settable fields: a description that is absent is cleared.
impl From<CreateTeam> for PatchTeam {
    fn from(team: CreateTeam) -> Self {
        Self {
            name: Some(team.name),
            description: Some(team.description),
        }
    }
}

fn check(name: Option<&str>, description: Option<&str>) -> Result<(), ApiError> {
    let mut validation = Validation::new();
    let fits = name.is_none_or(|name| {
        (1..=LONGEST_NAME).contains(&name.chars().count())
            && name.trim() == name
            && !name.chars().any(char::is_control)
    });
    let message = "must be 1 to 100 characters without control characters or spaces around them";
    validation.require(fits, "name", message);
    let length = description.map_or(0, |text| text.chars().count());
    let message = format!("must be at most {LONGEST_DESCRIPTION} characters");
    validation.require(length <= LONGEST_DESCRIPTION, "description", &message);
    validation.finish()
}
