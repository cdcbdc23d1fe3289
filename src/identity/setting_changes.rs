//! Changing a tenant's settings: the one way to a new value, whichever route asks for it.

use connection::TenantConn;
use diesel::OptionalExtension;
use platform_schema::Tenant;
use serde_json::{Value, json};
use tenant_schema::identity::{GrantingRole, UserSession};
use tenant_schema::settings::known::{self, Guard};
use tenant_schema::settings::{
    Change, Constraints, KnownSetting, NewSetting, Setting, SettingChanges, ValueType,
};
use uuid::Uuid;

use super::authority::Authority;
use super::permission::{Permission, SettingsUpdate};
use super::signed_in::SignedIn;
use crate::error::{ApiError, Code, OnConstraint};
use crate::pepper::sealing::{Place, SealError, Sealer};
use crate::resource::{IfMatch, KeptAnswer, Repeatable, Success};
use crate::settings::{CUSTOM, EffectiveSetting};

/// Most settings of its own that a tenant has.
const MOST_CUSTOM: i64 = 200;

/// How a setting is asked for.
#[derive(Debug, Clone)]
pub enum SettingName {
    /// By its name.
    Key(String),
    /// By the id of its row.
    Id(Uuid),
}

/// A setting of the tenant's own, to be made.
#[derive(Debug, Clone)]
pub struct SettingOrder {
    /// Its name.
    pub key: String,
    /// What kind of value it takes.
    pub value_type: ValueType,
    /// What the value must keep to.
    pub constraints: Constraints,
    /// The value.
    pub value: Value,
    /// Whether it is never shown.
    pub is_secret: bool,
    /// What it does, for people.
    pub description: Option<String>,
}

/// What a setting is to be.
#[derive(Debug, Clone)]
pub struct NewValue {
    /// The value.
    pub value: Value,
    /// What a setting of the tenant's own says of itself; nothing leaves it as it is.
    pub description: Option<Option<String>>,
    /// What the value of a setting of the tenant's own must keep to; nothing leaves it as it is.
    pub constraints: Option<Constraints>,
}

impl NewValue {
    /// A value, and nothing else.
    pub fn of(value: Value) -> Self {
        Self {
            value,
            description: None,
            constraints: None,
        }
    }

    /// Refuses what the setting does not take.
    fn check(&self, setting: &EffectiveSetting) -> Result<(), ApiError> {
        let refused = |field: &str, message: String| {
            Err(ApiError::new(Code::ValidationFailed).field(field, message))
        };
        let fixed = "is the server's to say for this setting";
        if setting.known().is_some() && self.description.is_some() {
            return refused("description", fixed.to_owned());
        }
        if setting.known().is_some() && self.constraints.is_some() {
            return refused("constraints", fixed.to_owned());
        }
        if let Some(constraints) = &self.constraints
            && let Some((field, message)) = constraints.faults(setting.value_type()).pop()
        {
            return refused(&format!("constraints.{field}"), message);
        }
        let checked = match &self.constraints {
            Some(constraints) => constraints.check(setting.value_type(), &self.value),
            None => setting.check(&self.value),
        };
        checked.or_else(|message| refused("value", message))
    }
}

impl SignedIn {
    /// The setting of this name as it is in force.
    ///
    /// # Errors
    /// `not_found`, or a failure of the database.
    pub async fn setting(&self, name: &SettingName) -> Result<EffectiveSetting, ApiError> {
        let conn = self.conn().await?;
        let key = self.key(name).await?;
        let row = Setting::find(&key, conn).await?;
        EffectiveSetting::of(&key, row).ok_or_else(|| unknown(&key))
    }

    /// Makes a setting of the tenant's own, and answers what `show` makes of it.
    ///
    /// # Errors
    /// `conflict` where there is one of this name, or too many; as [`Self::create`].
    pub async fn create_setting<V: serde::Serialize>(
        &mut self,
        order: &SettingOrder,
        request: Option<&Repeatable>,
        show: impl Fn(&Tenant, Setting) -> Success<V>,
    ) -> Result<KeptAnswer, ApiError> {
        let value = self.kept(&order.key, &order.value, order.is_secret)?;
        let new = NewSetting {
            id: Uuid::now_v7(),
            key: order.key.clone(),
            value,
            value_type: order.value_type,
            constraints: Some(json!(order.constraints)),
            description: order.description.clone(),
            is_secret: order.is_secret,
            updated_by: Some(self.access().user.id),
        };
        let work = async |conn: &mut TenantConn| {
            if Setting::count_below(CUSTOM, conn).await? >= MOST_CUSTOM {
                let detail = format!("a tenant has at most {MOST_CUSTOM} settings of its own");
                return Err(ApiError::new(Code::Conflict).detail(detail));
            }
            let made = new.insert(conn).await;
            let made = made.on_constraint("settings_key_key", "key", "is already taken")?;
            let change = Change::created(&made);
            Ok((made, change))
        };
        self.create("settings.create", request, show, work).await
    }

    /// Gives a setting a value, where it is of a version that the client is willing to change.
    ///
    /// # Errors
    /// `not_found`; `validation_failed` for a value that it does not take; `permission_denied` where it takes more than the
    /// permission; `precondition_failed`; or a failure of the database.
    pub async fn update_setting(
        &mut self,
        name: &SettingName,
        if_match: Option<&IfMatch>,
        new: &NewValue,
    ) -> Result<EffectiveSetting, ApiError> {
        let key = self.key(name).await?;
        self.guard(&key)?;
        let (authority, sealing) = (Authority::of(self), self.sealing());
        let user = self.access().user.id;
        self.mutate(action(&key, "settings.update"), async |conn| {
            let before = lock(&key, if_match, conn).await?;
            new.check(&before)?;
            require_right(&before, Some(&new.value), &authority, conn).await?;
            let kept = sealing.kept(&key, &new.value, before.is_secret())?;
            let changes = SettingChanges {
                value: Some(kept),
                constraints: new.constraints.as_ref().map(|new| Some(json!(new))),
                description: new.description.clone(),
                updated_by: Some(Some(user)),
            };
            let (after, change) = write(&before, changes, conn).await?;
            take_effect(&key, &new.value, conn).await?;
            Ok((EffectiveSetting::made(after), change))
        })
        .await
    }

    /// Deletes a setting of the tenant's own; one that the server knows gets its default again.
    ///
    /// # Errors
    /// As [`Self::update_setting`].
    pub async fn reset_setting(
        &mut self,
        name: &SettingName,
        if_match: &IfMatch,
    ) -> Result<(), ApiError> {
        let key = self.key(name).await?;
        self.guard(&key)?;
        // A default is a value, too.
        if KnownSetting::find(&key).is_some() {
            self.require(SettingsUpdate::NAME)?;
        }
        let authority = Authority::of(self);
        self.mutate(action(&key, "settings.delete"), async |conn| {
            let before = lock(&key, Some(if_match), conn).await?;
            let Some(row) = before.row() else {
                return Ok(((), None));
            };
            let Some(default) = before.default() else {
                row.delete(conn).await?;
                return Ok(((), Some(Change::deleted(row))));
            };
            require_right(&before, None, &authority, conn).await?;
            let changes = SettingChanges {
                value: Some(default.clone()),
                updated_by: Some(None),
                ..SettingChanges::default()
            };
            let after = row.change(&changes, conn).await?;
            take_effect(&key, default, conn).await?;
            Ok(((), Some(Change::updated(row, &after))))
        })
        .await
    }

    /// The name of the setting, which it keeps for as long as it is there.
    async fn key(&self, name: &SettingName) -> Result<String, ApiError> {
        match name {
            SettingName::Key(key) => Ok(key.clone()),
            SettingName::Id(id) => {
                let key = Setting::key_of(*id, self.conn().await?).await.optional()?;
                key.ok_or_else(|| unknown(&id.to_string()))
            }
        }
    }

    /// Refuses a caller who may not change the setting, as far as it goes without its value.
    fn guard(&self, key: &str) -> Result<(), ApiError> {
        match KnownSetting::find(key).map(|known| known.guard) {
            Some(Guard::OwnSession) => self.own_session().map(drop),
            Some(Guard::Open | Guard::RightsOfTheRole) | None => Ok(()),
        }
    }

    fn sealing(&self) -> Sealing {
        Sealing {
            sealer: self.platform().sealer.clone(),
            tenant: self.tenant().clone(),
        }
    }

    fn kept(&self, key: &str, value: &Value, is_secret: bool) -> Result<Value, SealError> {
        self.sealing().kept(key, value, is_secret)
    }
}

/// What seals the secrets of one tenant.
struct Sealing {
    sealer: Sealer,
    tenant: Tenant,
}

impl Sealing {
    /// A value as its row keeps it.
    fn kept(&self, key: &str, value: &Value, is_secret: bool) -> Result<Value, SealError> {
        if !is_secret {
            return Ok(value.clone());
        }
        let place = Place {
            tenant: &self.tenant.id,
            kind: "setting",
            name: key,
        };
        Ok(Value::String(self.sealer.seal(place, &value.to_string())?))
    }
}

/// The action as the audit log calls it, whichever route it was asked for by.
fn action(key: &str, otherwise: &'static str) -> &'static str {
    if key == known::SUPPORT_ACCESS {
        return "support_access.update";
    }
    otherwise
}

/// The setting, of a version that the client is willing to change, with its row locked until the transaction ends.
async fn lock(
    key: &str,
    if_match: Option<&IfMatch>,
    conn: &TenantConn,
) -> Result<EffectiveSetting, ApiError> {
    let row = Setting::lock(key, conn).await?;
    let setting = EffectiveSetting::of(key, row).ok_or_else(|| unknown(key))?;
    if let Some(if_match) = if_match {
        if_match.check(&setting.etag())?;
    }
    Ok(setting)
}

/// Refuses a role that the caller could not give. Without a value, what the default names counts, where there is such a role.
async fn require_right(
    setting: &EffectiveSetting,
    value: Option<&Value>,
    authority: &Authority,
    conn: &TenantConn,
) -> Result<(), ApiError> {
    let Some(known) = setting
        .known()
        .filter(|known| known.guard == Guard::RightsOfTheRole)
    else {
        return Ok(());
    };
    let name = value.unwrap_or(&known.default).as_str().unwrap_or_default();
    let roles = GrantingRole::named(&[name.to_owned()], conn).await?;
    match roles.first() {
        Some(role) => authority.require_to_give(role),
        None if value.is_none() => Ok(()),
        None => {
            let message = "there is no such role";
            Err(ApiError::new(Code::ValidationFailed).field("value", message))
        }
    }
}

/// Writes the row, which may not be there yet.
async fn write(
    before: &EffectiveSetting,
    changes: SettingChanges,
    conn: &mut TenantConn,
) -> Result<(Setting, Change), ApiError> {
    if let Some(row) = before.row() {
        let after = row.change(&changes, conn).await?;
        let change = Change::updated(row, &after);
        return Ok((after, change));
    }
    let new = NewSetting {
        id: Uuid::now_v7(),
        key: before.key().to_owned(),
        value: changes.value.unwrap_or_default(),
        value_type: before.value_type(),
        constraints: None,
        description: before.description().map(str::to_owned),
        is_secret: before.is_secret(),
        updated_by: changes.updated_by.flatten(),
    };
    let made = new.insert(conn).await;
    // Somebody has made the row since its absence was seen: the version that the client knows is gone.
    let made = made.on_constraint("settings_key_key", "key", "has changed");
    let made = made.map_err(|error| match error.code() {
        Code::Conflict => ApiError::new(Code::PreconditionFailed),
        _ => error,
    })?;
    let change = Change::created(&made);
    Ok((made, change))
}

/// What a new value has to end at once. Belongs into the transaction that sets it.
async fn take_effect(key: &str, value: &Value, conn: &mut TenantConn) -> Result<(), ApiError> {
    if key == known::SUPPORT_ACCESS && value == &Value::Bool(false) {
        UserSession::end_acting(conn).await?;
    }
    Ok(())
}

fn unknown(key: &str) -> ApiError {
    let detail = format!(
        "there is no setting `{key}` (hint: list them, or make one whose name begins with `{CUSTOM}`)"
    );
    ApiError::new(Code::NotFound).detail(detail)
}
