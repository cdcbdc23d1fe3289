//! The client of a request as sessions and logs remember it: address and user agent.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest};
use ipnet::IpNet;

/// Longest user agent that is kept, in characters.
const LONGEST_USER_AGENT: usize = 256;

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The peer's address. Forwarding headers are not believed.
    pub ip: Option<IpNet>,
    /// The client in its own words, shortened.
    pub user_agent: Option<String>,
}

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user_agent = request
            .headers()
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        ready(Ok(Self {
            ip: request
                .peer_addr()
                .map(|address| IpNet::from(address.ip().to_canonical())),
            user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
        }))
    }
}
