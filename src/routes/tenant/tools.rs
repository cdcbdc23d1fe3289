//! Routes of the tools, all plain resources: adding one is its model, and one line here. What there is beyond, the calendar of
//! events and the summary of carbon footprints, is mounted first: an id would be taken for its name otherwise.

pub mod calendar;
pub mod carbon_summary;

use actix_web::web::ServiceConfig;
use tenant_schema::tools::{CarbonFootprint, ChannelConfig, Event, LogCall, Note, Review};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

use super::resource;

macro_rules! tools {
    ($($Tool:ident,)+) => {
        /// Mounts the routes.
        pub fn configure(scope: &mut ServiceConfig) {
            calendar::configure(scope);
            carbon_summary::configure(scope);
            $(resource::configure::<$Tool>(scope);)+
        }

        /// The OpenAPI document of this room.
        pub fn documentation() -> OpenApi {
            let mut all = calendar::Documentation::openapi();
            all.merge(carbon_summary::Documentation::openapi());
            $(all.merge(resource::documentation::of::<$Tool>());)+
            all
        }
    };
}

tools! {
    CarbonFootprint,
    ChannelConfig,
    Event,
    LogCall,
    Note,
    Review,
}
