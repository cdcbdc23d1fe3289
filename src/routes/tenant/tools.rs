//! Routes of the tools, all plain resources: adding one is its model, and one line here.

use actix_web::web::ServiceConfig;
use tenant_schema::tools::{CarbonFootprint, ChannelConfig, Event, LogCall, Note, Review};
use utoipa::openapi::OpenApi;

use super::resource;

macro_rules! tools {
    ($($Tool:ident,)+) => {
        /// Mounts the routes.
        pub fn configure(scope: &mut ServiceConfig) {
            $(resource::configure::<$Tool>(scope);)+
        }

        /// The OpenAPI document of this room.
        pub fn documentation() -> OpenApi {
            let mut all = OpenApi::default();
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
