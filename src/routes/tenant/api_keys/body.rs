//! The bodies of the API keys: checked as a whole, so that every fault is named at once.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::identity::api_key_changes::ApiKeyOrder;
use crate::identity::permission;
use crate::resource::Validation;

/// Longest name of a key, in characters.
const LONGEST_NAME: usize = 100;

/// Most scopes of a key.
const MOST_SCOPES: usize = 100;

/// Most networks of a key.
const MOST_NETWORKS: usize = 50;

/// Longest time for which a rotated key lives on, in seconds: a day.
const LONGEST_OVERLAP: u32 = 86_400;

/// An API key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateApiKey {
    /// What the key is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Permissions, or patterns like `users.*` and `*`, that the key is confined to. It never may what its owner may not.
    #[schema(min_items = 1, max_items = 100)]
    scopes: Vec<String>,
    /// When the key ends; without it, when it is revoked.
    expires_at: Option<DateTime<Utc>>,
    /// Networks like `192.0.2.0/24` or single addresses that the key is used from; without them, any.
    #[serde(default)]
    networks: Vec<String>,
}

/// How an API key is to be replaced.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateApiKey {
    /// Seconds for which the old key lives on; without it, it ends at once.
    #[serde(default)]
    #[schema(maximum = 86400)]
    overlap_seconds: u32,
}

impl CreateApiKey {
    /// Checks every field.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<ApiKeyOrder, ApiError> {
        let mut validation = Validation::new();
        let length = self.name.trim().chars().count();
        let message = format!("must be 1 to {LONGEST_NAME} characters");
        validation.require((1..=LONGEST_NAME).contains(&length), "name", &message);
        check_scopes(&self.scopes, &mut validation);
        let is_ahead = self.expires_at.is_none_or(|end| end > Utc::now());
        validation.require(is_ahead, "expires_at", "must be in the future");
        let networks = check_networks(&self.networks, &mut validation);
        validation.finish()?;
        Ok(ApiKeyOrder {
            name: self.name.trim().to_owned(),
            scopes: self.scopes,
            networks,
            expires_at: self.expires_at,
        })
    }
}

impl RotateApiKey {
    /// For how long the old key lives on.
    ///
    /// # Errors
    /// `validation_failed` beyond a day.
    pub(super) fn check(self) -> Result<TimeDelta, ApiError> {
        let mut validation = Validation::new();
        let message = format!("must be at most {LONGEST_OVERLAP}");
        let is_short = self.overlap_seconds <= LONGEST_OVERLAP;
        validation.require(is_short, "overlap_seconds", &message);
        validation.finish()?;
        Ok(TimeDelta::seconds(self.overlap_seconds.into()))
    }
}

fn check_scopes(scopes: &[String], validation: &mut Validation) {
    let message = format!("must be 1 to {MOST_SCOPES} permissions");
    let is_some = (1..=MOST_SCOPES).contains(&scopes.len());
    validation.require(is_some, "scopes", &message);
    for scope in scopes.iter().take(MOST_SCOPES) {
        let message = format!("there is no permission `{scope}`");
        validation.require(permission::is_known(scope), "scopes", &message);
    }
}

fn check_networks(texts: &[String], validation: &mut Validation) -> Vec<IpNet> {
    let message = format!("must be at most {MOST_NETWORKS}");
    validation.require(texts.len() <= MOST_NETWORKS, "networks", &message);
    let networks = texts.iter().take(MOST_NETWORKS).filter_map(|text| {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse().or_else(|_| address());
        let message = format!("`{text}` is no network like `192.0.2.0/24`");
        let network = network.or(Err(message));
        validation.take("networks", network)
    });
    networks.collect()
}
