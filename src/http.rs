//! The HTTP shell around the endpoints: what every request and response has, whatever it is about.

mod drain;
mod fallback;
mod in_order;
mod methods;
mod observe;
pub mod openapi;
mod request_context;
mod security_headers;
mod telemetry;
mod time_limit;
mod trace;
mod witness;

pub use self::{
    drain::{Drain, stop_signal},
    fallback::not_found,
    in_order::Parameters,
    methods::Methods,
    observe::observe,
    request_context::RequestContext,
    telemetry::{start_log, subscriber},
    time_limit::TimeLimit,
    trace::Trace,
    witness::{Called, Witness, tell_sent},
};
