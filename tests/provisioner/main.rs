//! The provisioner on a real PostgreSQL: tenants are whole or absent, alike, apart from each other, and can be repaired.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply;
mod backfills;
mod bootstrap;
mod create;
mod identifiers;
mod initialize;
mod introspection;
mod keys;
mod kill;
mod login_roles;
mod migrations;
mod reference;
mod rights;
mod speed;
mod upgrade;

use connection::PlatformConn;
use rowhouse::database::Connector;

/// A connection of the login role to the database of a URL, as the engine has it. A statement may take a minute.
async fn connect(url: &str) -> PlatformConn {
    let connector = Connector::new(url, 60).unwrap();
    connector.connect().await.unwrap()
}
