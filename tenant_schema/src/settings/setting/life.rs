//! The life of a setting: added, read, changed, deleted. Changes belong into a transaction, which is the caller's: it records
//! them in the audit log, too.

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{NewSetting, Setting, SettingChanges, settings};
use crate::TenantEnum;
use crate::settings::audited::Audited;

diesel::define_sql_function! {
    /// The time now, not the time at which the transaction began: two changes never share it.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

impl Setting {
    /// The value of a setting, if it has a row.
    pub async fn value_of(key: &str, mut conn: &TenantConn) -> QueryResult<Option<Value>> {
        settings::table
            .filter(settings::key.eq(key))
            .select(settings::value)
            .first(&mut conn)
            .await
            .optional()
    }

    /// The value of a setting, if it has a row, which nobody changes until the transaction ends.
    pub async fn hold(key: &str, conn: &mut TenantConn) -> QueryResult<Option<Value>> {
        let mut shared: &TenantConn = conn;
        settings::table
            .filter(settings::key.eq(key))
            .select(settings::value)
            .for_share()
            .first(&mut shared)
            .await
            .optional()
    }

    /// All that have a row, in the order of their names: those that the server knows, and a bounded number of the tenant's own.
    pub async fn all(mut conn: &TenantConn) -> QueryResult<Vec<Self>> {
        settings::table
            .order(settings::key)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// The setting of this name, if it has a row.
    pub async fn find(key: &str, mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        settings::table
            .filter(settings::key.eq(key))
            .select(Self::as_select())
            .first(&mut conn)
            .await
            .optional()
    }

    /// The name of the setting of this id.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn key_of(id: Uuid, mut conn: &TenantConn) -> QueryResult<String> {
        settings::table
            .find(id)
            .select(settings::key)
            .first(&mut conn)
            .await
    }

    /// As [`Self::find`], with the row locked until the transaction ends.
    pub async fn lock(key: &str, mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        settings::table
            .filter(settings::key.eq(key))
            .select(Self::as_select())
            .for_update()
            .first(&mut conn)
            .await
            .optional()
    }

    /// How many settings have a name that begins like this. `%` and `_` in it stand for any text and any character.
    pub async fn count_below(prefix: &str, mut conn: &TenantConn) -> QueryResult<i64> {
        settings::table
            .filter(settings::key.like(format!("{prefix}%")))
            .count()
            .get_result(&mut conn)
            .await
    }

    /// Changes the setting, and announces it. Gives it as it is then.
    pub async fn change(
        &self,
        changes: &SettingChanges,
        mut conn: &TenantConn,
    ) -> QueryResult<Self> {
        conn.announce_settings().await?;
        diesel::update(settings::table.find(self.id))
            .set((changes, settings::updated_at.eq(clock_timestamp())))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }

    /// Deletes the setting, and announces it.
    pub async fn delete(&self, mut conn: &TenantConn) -> QueryResult<()> {
        conn.announce_settings().await?;
        diesel::delete(settings::table.find(self.id))
            .execute(&mut conn)
            .await
            .map(drop)
    }
}

impl NewSetting {
    /// Adds the setting, and announces it.
    ///
    /// # Errors
    /// A violation of `settings_key_key` where there is one of this name.
    pub async fn insert(&self, mut conn: &TenantConn) -> QueryResult<Setting> {
        conn.announce_settings().await?;
        diesel::insert_into(settings::table)
            .values(self)
            .returning(Setting::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl Audited for Setting {
    const KIND: &'static str = "setting";
    const SECRETS: &'static [&'static str] = &["secret_value"];

    fn key(&self) -> String {
        self.key.clone()
    }

    fn snapshot(&self) -> Value {
        let value = if self.is_secret {
            "secret_value"
        } else {
            "value"
        };
        json!({
            "key": self.key,
            value: self.value,
            "value_type": self.value_type.label(),
            "constraints": self.constraints,
            "description": self.description,
            "is_secret": self.is_secret,
            "updated_by": self.updated_by,
        })
    }
}
