//! Proxies that are believed when they say whose request they pass on.
//!
//! A header that a client can write proves nothing. Each proxy adds the address that it was spoken to from at the right end,
//! so the list is read from there, for as long as the one who speaks is trusted; what stands further left is hearsay.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use ipnet::IpNet;

use crate::config::{ForwardedHeader, HttpConfig};

/// The networks of proxies that are believed, and the header that they write.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// Those that the configuration names.
    pub fn of(config: &HttpConfig) -> Self {
        Self::new(config.trusted_proxies.clone(), config.forwarded_header)
    }

    /// Proxies in these networks.
    fn new(networks: Vec<IpNet>, header: ForwardedHeader) -> Self {
        Self { networks, header }
    }

    /// The client behind `peer`: the right-most address that is no trusted proxy's. Where the list ends before there is one,
    /// or goes on with something that is no address, it is the last proxy that is known.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let lines = headers.get_all(self.header.name());
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for hop in hops {
            let Some(address) = self.header.address(hop) else {
                break;
            };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

impl ForwardedHeader {
    fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => FORWARDED,
        }
    }

    /// The address of one hop.
    fn address(self, hop: &str) -> Option<IpAddr> {
        match self {
            Self::XForwardedFor => node(hop.trim()),
            Self::Forwarded => {
                let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
                let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
                let (_, value) = nodes.next()?;
                node(value.trim().trim_matches('"'))
            }
        }
    }
}

/// An address with or without a port (RFC 7239 §6), IPv6 in brackets or not.
fn node(text: &str) -> Option<IpAddr> {
    let in_brackets = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = in_brackets.unwrap_or(text).parse();
    let with_port = || text.parse::<SocketAddr>().map(|socket| socket.ip());
    address.or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn proxies(header: ForwardedHeader) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        TrustedProxies::new(networks.to_vec(), header)
    }

    fn client(header: ForwardedHeader, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header.name(), HeaderValue::from_str(line).unwrap());
        }
        let client = proxies(header).client(peer.parse().unwrap(), &headers);
        client.to_string()
    }

    /// Rule 85.
    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_says() {
        let by_list = |peer| client(ForwardedHeader::XForwardedFor, peer, &["192.0.2.1"]);
        assert_eq!(by_list("198.51.100.7"), "198.51.100.7");
        assert_eq!(by_list("::ffff:198.51.100.7"), "198.51.100.7");
        assert_eq!(by_list("10.0.0.1"), "192.0.2.1");
        assert_eq!(by_list("::ffff:10.0.0.1"), "192.0.2.1");
        let nobody = TrustedProxies::default();
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("192.0.2.1"));
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(nobody.client(peer, &headers), peer);
    }

    /// Rule 85.
    #[test]
    fn the_list_is_read_from_the_right_while_proxies_speak() {
        let cases: [(&[&str], &str); 9] = [
            (&[], "10.0.0.1"),
            (&["192.0.2.66, 192.0.2.1, 10.0.0.3"], "192.0.2.1"),
            (
                &["192.0.2.66", "192.0.2.1, 10.0.0.3", "10.0.0.2"],
                "192.0.2.1",
            ),
            (&["10.0.0.4,10.0.0.3"], "10.0.0.4"),
            (&["192.0.2.66, unknown, 10.0.0.3"], "10.0.0.3"),
            (&["192.0.2.66,, 10.0.0.3"], "10.0.0.3"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db8::1]:4711, fd00::7"], "2001:db8::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
        ];
        for (lines, expected) in cases {
            let found = client(ForwardedHeader::XForwardedFor, "10.0.0.1", lines);
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    /// Rule 85.
    #[test]
    fn forwarded_is_read_the_same_way() {
        let cases: [(&[&str], &str); 5] = [
            (
                &["for=192.0.2.66, for=192.0.2.1;proto=https;by=10.0.0.1"],
                "192.0.2.1",
            ),
            (&[r#"proto=http; For="[2001:db8::1]:4711""#], "2001:db8::1"),
            (&["for=192.0.2.1", "for=10.0.0.2"], "192.0.2.1"),
            (&["for=192.0.2.66, for=_hidden, for=10.0.0.2"], "10.0.0.2"),
            (&["by=192.0.2.1"], "10.0.0.1"),
        ];
        for (lines, expected) in cases {
            let found = client(ForwardedHeader::Forwarded, "10.0.0.1", lines);
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn a_header_that_the_proxies_do_not_write_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED, HeaderValue::from_static("for=192.0.2.66"));
        let found = proxies(ForwardedHeader::XForwardedFor);
        let found = found.client("10.0.0.1".parse().unwrap(), &headers);
        assert_eq!(found.to_string(), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn what_a_client_writes_left_of_its_own_address_changes_nothing(noise in "[ -~]{0,60}") {
            let line = format!("{noise}, 192.0.2.1");
            prop_assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &[&line]), "192.0.2.1");
        }
    }
}
