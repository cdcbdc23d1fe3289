//! What a leased connection says of itself.

use connection::{Conn, Reach};
use diesel::dsl::sql;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl;
use platform_schema::TenantId;
use test_app::{TestPlatform, provision};

/// The server's view of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Process of the backend.
    pub(crate) pid: i32,
    /// Role in force.
    pub(crate) role: String,
    /// Schemas that unqualified names are looked up in.
    pub(crate) path: String,
}

impl Session {
    /// Asks the server.
    pub(crate) async fn of<R: Reach>(mut conn: &Conn<R>) -> Self {
        let (pid, role, path) = diesel::select((
            sql::<Integer>("pg_backend_pid()"),
            sql::<Text>("current_user::text"),
            sql::<Text>("current_setting('search_path')"),
        ))
        .get_result(&mut conn)
        .await
        .unwrap();
        Self { pid, role, path }
    }

    /// Asserts that the connection is bound to this tenant and to nothing else.
    pub(crate) fn assert_of(&self, tenant: &TenantId) {
        let name = format!("tenant_{tenant}");
        assert_eq!((&self.role, &self.path), (&name, &name));
    }
}

/// A platform with the tenants `acme` and `globex`.
pub(crate) async fn two_tenants(site: &TestPlatform) -> (TenantId, TenantId) {
    let acme = provision(&site.platform, "acme", "alice").await.tenant.id;
    let globex = provision(&site.platform, "globex", "mallory")
        .await
        .tenant
        .id;
    (acme, globex)
}
