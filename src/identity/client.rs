//! The client of a request as sessions, logs and limits know it: address and user agent.

mod proxies;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest, web};
use ipnet::{IpNet, Ipv6Net};

pub use self::proxies::TrustedProxies;

/// Longest user agent that is kept, in characters.
const LONGEST_USER_AGENT: usize = 256;

/// Bits that tell IPv6 networks apart: who has one address has all of its /64 (RFC 6177).
const IPV6_NETWORK: u8 = 64;

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address, IPv4 in its own form: the peer's, or what a trusted proxy says of it.
    pub ip: Option<IpNet>,
    /// The client in its own words, shortened.
    pub user_agent: Option<String>,
}

impl Client {
    /// The client of a request.
    pub fn of(request: &HttpRequest) -> Self {
        let user_agent = request
            .headers()
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        Self {
            ip: address(request).map(IpNet::from),
            user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
        }
    }

    /// The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address.
    pub fn network(&self) -> Option<IpNet> {
        let ip = self.ip?;
        Some(match ip.addr() {
            IpAddr::V4(_) => ip,
            IpAddr::V6(address) => Ipv6Net::new(address, IPV6_NETWORK)
                .map_or(ip, |network| IpNet::from(network.trunc())),
        })
    }
}

fn address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let proxies = request.app_data::<web::Data<TrustedProxies>>();
    Some(proxies.map_or(peer, |proxies| proxies.client(peer, request.headers())))
}

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> String {
        let ip: IpAddr = ip.parse().unwrap();
        let client = Client {
            ip: Some(ip.into()),
            user_agent: None,
        };
        client.network().unwrap().to_string()
    }

    /// Rule 85.
    #[test]
    fn ipv6_counts_by_its_64_and_ipv4_by_its_address() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7/32");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(
            network("2001:db8:1:2:ffff::1"),
            network("2001:db8:1:2::ffff")
        );
        assert_ne!(network("2001:db8:1:3::1"), network("2001:db8:1:2::1"));
    }
}
