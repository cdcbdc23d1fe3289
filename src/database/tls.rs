//! TLS to the database, by rustls: when it is used, the server's certificate is verified.

use std::borrow::Cow;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DatabaseError;

/// Rewrites libpq's verifying modes to the driver's `require`, which here always verifies chain and host name.
///
/// libpq's `sslmode=verify-full` and `verify-ca` (PostgreSQL manual, "SSL Support") are unknown to the driver.
pub fn strict_ssl_mode(url: &str) -> Cow<'_, str> {
    if url.contains("sslmode=verify-") {
        Cow::Owned(
            url.replace("sslmode=verify-full", "sslmode=require")
                .replace("sslmode=verify-ca", "sslmode=require"),
        )
    } else {
        Cow::Borrowed(url)
    }
}

/// A TLS connector that trusts what this machine trusts; `used` says whether the URL can ask for TLS at all.
///
/// # Errors
/// `Tls` when the cryptography offers no protocol version.
pub fn connector(used: bool) -> Result<MakeRustlsConnect, DatabaseError> {
    let mut roots = RootCertStore::empty();
    if used {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| DatabaseError::Tls {
            reason: error.to_string(),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifying_mode_becomes_the_strict_one() {
        assert_eq!(
            strict_ssl_mode("postgres://a@b/c?sslmode=verify-full"),
            "postgres://a@b/c?sslmode=require"
        );
        assert_eq!(
            strict_ssl_mode("host=a sslmode=verify-ca"),
            "host=a sslmode=require"
        );
        assert_eq!(strict_ssl_mode("postgres://a@b/c"), "postgres://a@b/c");
    }
}
