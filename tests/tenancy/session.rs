//! What a leased connection says of itself.

use connection::{Conn, Reach, TenantConn};
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Double, Text};
use diesel::{Expression, QueryResult};
use diesel_async::RunQueryDsl;
use platform_schema::TenantId;
use test_app::{TestPlatform, provision};

diesel::define_sql_function! {
    /// Process of the backend.
    fn pg_backend_pid() -> Integer;
}

diesel::define_sql_function! {
    /// A run-time setting.
    fn current_setting(name: Text) -> Text;
}

/// The role in force, which is no function to PostgreSQL. As text of `dsl::sql`, it would cost the connection.
#[derive(Debug, QueryId, ValidGrouping)]
struct CurrentUser;

impl Expression for CurrentUser {
    type SqlType = Text;
}

impl<Source> AppearsOnTable<Source> for CurrentUser {}

impl<Source> SelectableExpression<Source> for CurrentUser {}

impl QueryFragment<Pg> for CurrentUser {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("current_user::text");
        Ok(())
    }
}

/// The login role of the session, likewise.
#[derive(Debug, QueryId, ValidGrouping)]
struct SessionUser;

impl Expression for SessionUser {
    type SqlType = Text;
}

impl<Source> AppearsOnTable<Source> for SessionUser {}

impl<Source> SelectableExpression<Source> for SessionUser {}

impl QueryFragment<Pg> for SessionUser {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("session_user::text");
        Ok(())
    }
}

/// Runs a statement that the server refuses.
pub(crate) async fn fail(mut conn: &TenantConn) -> QueryResult<String> {
    diesel::select(current_setting("no.such_setting"))
        .get_result(&mut conn)
        .await
}

diesel::define_sql_function! {
    /// Returns `void`, which is sent as no bytes at all, as an empty text is.
    fn pg_sleep(seconds: Double) -> Text;
}

/// Runs a query that takes a minute.
pub(crate) async fn sleep_long(mut conn: &TenantConn) -> QueryResult<String> {
    diesel::select(pg_sleep(60.0)).get_result(&mut conn).await
}

/// A run-time setting of the connection.
pub(crate) async fn setting<R: Reach>(name: &str, mut conn: &Conn<R>) -> String {
    diesel::select(current_setting(name))
        .get_result(&mut conn)
        .await
        .unwrap()
}

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
            pg_backend_pid(),
            CurrentUser,
            current_setting("search_path"),
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

/// The login role of a connection.
pub(crate) async fn login_of<R: Reach>(mut conn: &Conn<R>) -> String {
    diesel::select(SessionUser)
        .get_result(&mut conn)
        .await
        .unwrap()
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
