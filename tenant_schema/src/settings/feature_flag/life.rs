//! The life of a feature flag: made, read, set. Changes belong into a transaction, which is the caller's: it records them in the
//! audit log, too.

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{FeatureFlag, FeatureFlagState, feature_flags};
use crate::settings::audited::Audited;

diesel::define_sql_function! {
    /// The time now, not the time at which the transaction began: two changes never share it.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

impl FeatureFlag {
    /// All flags of the tenant, of which there is a bounded number, in the order of their names.
    pub async fn all(mut conn: &TenantConn) -> QueryResult<Vec<Self>> {
        feature_flags::table
            .order(feature_flags::flag)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// How many there are.
    pub async fn count(mut conn: &TenantConn) -> QueryResult<i64> {
        feature_flags::table.count().get_result(&mut conn).await
    }

    /// The flag of this name.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn find(flag: &str, mut conn: &TenantConn) -> QueryResult<Self> {
        feature_flags::table
            .filter(feature_flags::flag.eq(flag))
            .select(Self::as_select())
            .first(&mut conn)
            .await
    }

    /// The flag of this name, if there is one, with the row locked until the transaction ends.
    pub async fn lock(flag: &str, mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        feature_flags::table
            .filter(feature_flags::flag.eq(flag))
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut conn)
            .await
            .optional()
    }

    /// Sets all of the flag, and announces it. Gives it as it is then.
    pub async fn set(&self, state: &FeatureFlagState, mut conn: &TenantConn) -> QueryResult<Self> {
        conn.announce_settings().await?;
        diesel::update(feature_flags::table.find(self.id))
            .set((state, feature_flags::updated_at.eq(clock_timestamp())))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl FeatureFlagState {
    /// Makes a flag of this name, and announces it.
    ///
    /// # Errors
    /// A violation of `feature_flags_flag_key` where there is one of this name.
    pub async fn insert(&self, flag: &str, mut conn: &TenantConn) -> QueryResult<FeatureFlag> {
        conn.announce_settings().await?;
        diesel::insert_into(feature_flags::table)
            .values((
                feature_flags::id.eq(Uuid::now_v7()),
                feature_flags::flag.eq(flag),
                self,
            ))
            .returning(FeatureFlag::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl Audited for FeatureFlag {
    const KIND: &'static str = "feature_flag";

    fn key(&self) -> String {
        self.flag.clone()
    }

    fn snapshot(&self) -> Value {
        json!({
            "flag": self.flag,
            "enabled": self.enabled,
            "rollout_percentage": self.rollout_percentage,
            "users": self.user_ids,
            "roles": self.roles,
            "description": self.description,
        })
    }
}
