//! Carbon footprints: what an activity emits.

mod summary;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::summary::{CarbonSum, Period, SummaryFilter};
use crate::identity::user::users;
use crate::record::RecordKind;
use crate::{Resource, TenantModel};

/// What an activity emits, by the scopes of the GHG Protocol Corporate Standard.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema, TenantModel, Resource)]
#[diesel(table_name = carbon_footprints, check_for_backend(diesel::pg::Pg))]
#[model(index(footprintable_type, footprintable_id), index(incurred_on))]
#[model(check(
    "num_nulls(footprintable_type, footprintable_id) <> 1",
    name = "carbon_footprints_footprintable_check"
))]
#[resource(
    path = "/tools/carbon-footprints",
    order = "-incurred_on",
    record = "footprintable"
)]
#[resource(blame(
    "carbon_footprints_footprintable_check",
    footprintable_id,
    "goes with `footprintable_type`"
))]
pub struct CarbonFootprint {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Whose emissions they are: 1 the tenant's own, 2 of the energy that it buys, 3 of its suppliers and customers.
    #[column(range(1, 3))]
    #[resource(filter)]
    pub scope: i32,
    /// What was done.
    #[column(length(1, 200))]
    #[resource(search, sort)]
    pub activity: String,
    /// How much of it, in its unit.
    #[column(range(0.0, 1e12))]
    pub quantity: f64,
    /// What it is measured in: `kWh`, `km`.
    #[column(length(1, 20))]
    pub unit: String,
    /// Kilograms of CO₂ equivalent that one unit emits.
    #[column(range(0.0, 1e9))]
    pub factor: f64,
    /// Kilograms of CO₂ equivalent in all.
    #[column(generated = "quantity * factor")]
    #[resource(sort)]
    pub kg_co2e: f64,
    /// The day that it counts for.
    #[resource(filter, sort)]
    pub incurred_on: NaiveDate,
    /// What kind of record it is of.
    #[column(enum)]
    #[resource(filter)]
    pub footprintable_type: Option<RecordKind>,
    /// The record that it is of.
    #[resource(filter)]
    pub footprintable_id: Option<Uuid>,
    /// The user who noted it.
    #[column(references = "users(id) on delete set null")]
    #[resource(author, filter)]
    pub author_id: Option<Uuid>,
    /// When it was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When it was deleted, if so.
    pub deleted_at: Option<DateTime<Utc>>,
}
