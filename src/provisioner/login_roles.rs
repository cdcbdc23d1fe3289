//! Login roles that the tenants are dealt to: making them, lending them the tenants' roles, and taking those back.
//!
//! A session can take the roles that its login role is a member of. The login role of `DATABASE_URL` owns all schemas, and
//! as a member of all tenants' roles it has a long list to search; login roles of their own have nothing but short lists.

use std::collections::HashSet;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, SmallInt, Text};
use diesel_async::RunQueryDsl;
use platform_schema::{LoginRole, LoginRoleNumber, Tenant};
use postgres_protocol::password::scram_sha_256;
use serde::Serialize;
use uuid::Uuid;

use super::doctor::{Finding, Verdict, finding};
use super::identifier::{quote_identifier, quote_literal};
use super::namespace::Namespace;
use super::{ProvisionError, Provisioner, raw_sql};
use crate::config::Isolation;
use crate::database::Connector;

/// Held while login roles are made, lent to, or dropped, and while the rights to the database change. The key is the bytes
/// of `loginrol`.
pub(super) const LOCK: &str = "SELECT pg_advisory_xact_lock(x'6c6f67696e726f6c'::bigint)";

/// Bytes of the database's name that the names of its login roles begin with: with the rest they stay below 63.
const LONGEST_PREFIX: usize = 40;

/// Roles lent or taken back in one transaction, each of which locks a row.
const IN_ONE_TRANSACTION: i32 = 500;

/// Tenants of one login role beyond which a new tenant is felt by all: about 10 ms for each connection to find the roles
/// again, as measured on PostgreSQL 15; it grows with the square.
const MANY: i64 = 2_000;

/// The first major version that searches memberships by a Bloom filter instead.
const FAST_VERSION: i64 = 17;

/// A tenant's role and a login role.
#[derive(Debug, QueryableByName)]
struct Membership {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    member: String,
}

#[derive(Debug, QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(Debug, QueryableByName)]
struct MajorVersion {
    #[diesel(sql_type = BigInt)]
    major: i64,
}

/// How many tenants a login role can take the roles of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName)]
pub struct Lending {
    /// Number of the login role; 0 is that of `DATABASE_URL`.
    #[diesel(sql_type = SmallInt)]
    pub number: i16,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Tenants whose roles it can take.
    #[diesel(sql_type = BigInt)]
    pub tenants: i64,
    /// How many of them are dealt to another one.
    #[diesel(sql_type = BigInt)]
    pub too_many: i64,
}

/// Which login role each tenant's role is dealt to, where `$1` is how many there are, and which ones can take it now.
/// From version 16 on the role that made another is its member in name, with the right to lend it alone: the server itself
/// granted that (`grantor = 10`).
fn memberships() -> String {
    let number = LoginRoleNumber::sql("t.id", "$1");
    format!(
        "WITH dealt AS (
             SELECT r.oid, r.rolname, coalesce({number}, 0)::smallint AS number
               FROM shared.tenants t JOIN pg_roles r ON r.rolname = t.schema_name
              WHERE t.status <> 'purged'),
         login AS (
             SELECT 0::smallint AS number, r.oid, r.rolname FROM pg_roles r WHERE r.rolname = current_user
             UNION ALL
             SELECT l.number, r.oid, r.rolname FROM shared.login_roles l JOIN pg_roles r ON r.rolname = l.name),
         lent AS (
             SELECT m.roleid, m.member FROM pg_auth_members m WHERE NOT (m.admin_option AND m.grantor = 10))"
    )
}

/// Opens a connector of the tenants' login roles: makes those that are missing, and lends them the roles that they lack.
/// Takes nothing back, for other processes may still work with another number.
///
/// # Errors
/// A login role that the server does not let in, or what the database says.
pub(super) async fn open(
    connector: &Connector,
    count: u16,
    conn: &mut PlatformConn,
) -> Result<Connector, ProvisionError> {
    let known = LoginRole::list(conn).await?;
    if count == 0 && known.is_empty() {
        return Ok(connector.clone());
    }
    let mut roles = make_missing(known, count, connector.database_name(), conn).await?;
    roles.retain(|role| u16::try_from(role.number).is_ok_and(|number| number <= count));
    lend_missing(count, conn).await?;
    let connector = connector.clone().with_login_roles(&roles);
    // Known now rather than by the first tenant that is refused.
    connector.check_login_roles().await?;
    Ok(connector)
}

/// All login roles, after those that are missing were made: of the first `count`, and of those that the table names, which
/// the server has not after its data were restored on another one.
async fn make_missing(
    known: Vec<LoginRole>,
    count: u16,
    database: &str,
    conn: &mut PlatformConn,
) -> Result<Vec<LoginRole>, ProvisionError> {
    if known.len() >= usize::from(count) && missing(&known, conn).await?.is_empty() {
        return Ok(known);
    }
    conn.transaction(async |conn| {
        conn.batch(LOCK).await?;
        let mut roles = LoginRole::list(conn).await?;
        let numbers: HashSet<i16> = roles.iter().map(|role| role.number).collect();
        for number in (1..=count).filter_map(|number| i16::try_from(number).ok()) {
            if !numbers.contains(&number) {
                let role = new_login_role(number, database);
                role.insert(conn).await?;
                roles.push(role);
            }
        }
        for role in missing(&roles, conn).await? {
            conn.batch(&create(role, database)).await?;
        }
        roles.sort_by_key(|role| role.number);
        Ok(roles)
    })
    .await
}

/// Roles belong to the whole server, so the name says whose database it is for.
fn new_login_role(number: i16, database: &str) -> LoginRole {
    let prefix: String = database
        .char_indices()
        .take_while(|(start, character)| start + character.len_utf8() <= LONGEST_PREFIX)
        .map(|(_, character)| character)
        .collect();
    LoginRole {
        number,
        name: format!("{prefix}_login_{number:02}"),
        // Twice 122 random bits.
        password: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
    }
}

/// Those that the server does not have.
async fn missing<'list>(
    roles: &'list [LoginRole],
    mut conn: &PlatformConn,
) -> QueryResult<Vec<&'list LoginRole>> {
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    let present: Vec<Name> =
        raw_sql("SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY($1)")
            .bind::<Array<Text>, _>(names)
            .load(&mut conn)
            .await?;
    let present: HashSet<String> = present.into_iter().map(|row| row.name).collect();
    let missing = roles.iter().filter(|role| !present.contains(&role.name));
    Ok(missing.collect())
}

/// Makes a login role that has no rights of its own and inherits none. The server gets a verifier, so that the password
/// stands in no log. The platform's role is made a member, so that it sees and ends the sessions of its own processes; the
/// tenants' roles do not come with that, since this role does not inherit.
fn create(role: &LoginRole, database: &str) -> String {
    let name = quote_identifier(&role.name);
    let verifier = quote_literal(&scram_sha_256(role.password.as_bytes()));
    let database = quote_identifier(database);
    format!(
        "CREATE ROLE {name} LOGIN NOINHERIT PASSWORD {verifier};\nGRANT {name} TO CURRENT_USER;\n\
         GRANT CONNECT ON DATABASE {database} TO {name}"
    )
}

/// Lends every tenant's role to its login role, where that is not done yet.
async fn lend_missing(count: u16, conn: &mut PlatformConn) -> Result<(), ProvisionError> {
    let sql = format!(
        "{} SELECT d.rolname::text AS role, l.rolname::text AS member
              FROM dealt d JOIN login l ON l.number = d.number
             WHERE NOT EXISTS (SELECT FROM lent WHERE lent.roleid = d.oid AND lent.member = l.oid)
             LIMIT $2",
        memberships()
    );
    change_all(&sql, "GRANT", "TO", count, conn).await?;
    Ok(())
}

/// Grants or revokes what `sql` finds until it finds nothing more; answers how many there were.
async fn change_all(
    sql: &str,
    verb: &str,
    preposition: &str,
    count: u16,
    conn: &mut PlatformConn,
) -> Result<usize, ProvisionError> {
    let mut changed = 0;
    loop {
        let some: usize = conn
            .transaction(async |conn| {
                conn.batch(LOCK).await?;
                let memberships = find(sql, count, conn).await?;
                let statements = memberships.iter().map(|Membership { role, member }| {
                    let (role, member) = (quote_identifier(role), quote_identifier(member));
                    format!("{verb} {role} {preposition} {member}")
                });
                let statements: Vec<String> = statements.collect();
                conn.batch(&statements.join(";\n")).await?;
                Ok::<_, ProvisionError>(memberships.len())
            })
            .await?;
        if some == 0 {
            return Ok(changed);
        }
        changed += some;
    }
}

async fn find(sql: &str, count: u16, mut conn: &PlatformConn) -> QueryResult<Vec<Membership>> {
    raw_sql(sql)
        .bind::<Integer, _>(i32::from(count))
        .bind::<Integer, _>(IN_ONE_TRANSACTION)
        .load(&mut conn)
        .await
}

impl Provisioner {
    /// Lends the tenant's role to the login role that serves it. Repeating it changes nothing.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn lend_role(
        &self,
        tenant: &Tenant,
        conn: &PlatformConn,
    ) -> Result<(), ProvisionError> {
        if self.isolation == Isolation::Path {
            return Ok(());
        }
        let login_role = self.connector.login_role_of(&tenant.id);
        let member = match self.connector.login_role_name(login_role) {
            Some(name) => quote_identifier(name),
            None => "CURRENT_USER".to_owned(),
        };
        let role = Namespace::from(&tenant.schema_name).quoted();
        conn.batch(&format!("GRANT {role} TO {member}")).await?;
        Ok(())
    }

    /// The login roles, by number, with how many tenants' roles each can take.
    ///
    /// # Errors
    /// `Database` or `Query`.
    pub async fn lendings(&self) -> Result<Vec<Lending>, ProvisionError> {
        let conn = self.connector.connect().await?;
        Ok(lendings(self.connector.login_role_count(), &conn).await?)
    }

    /// Takes the tenants' roles back from the login roles that they are no longer dealt to, and drops the login roles that
    /// no tenant is dealt to. Answers how many roles were taken back.
    ///
    /// For when all processes of the platform work with the new number: the others lose their tenants.
    ///
    /// # Errors
    /// `Database` or `Query`.
    pub async fn withdraw(&self) -> Result<usize, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        let count = self.connector.login_role_count();
        let sql = format!(
            "{} SELECT d.rolname::text AS role, l.rolname::text AS member
                  FROM dealt d JOIN lent ON lent.roleid = d.oid JOIN login l ON l.oid = lent.member
                 WHERE l.number <> d.number
                 LIMIT $2",
            memberships()
        );
        let withdrawn = change_all(&sql, "REVOKE", "FROM", count, &mut conn).await?;
        let database = quote_identifier(self.connector.database_name());
        conn.transaction(async |conn| {
            conn.batch(LOCK).await?;
            for role in LoginRole::list(conn).await? {
                if u16::try_from(role.number).is_ok_and(|number| number > count) {
                    let name = quote_identifier(&role.name);
                    let sql = format!(
                        "REVOKE CONNECT ON DATABASE {database} FROM {name}; DROP ROLE {name}"
                    );
                    conn.batch(&sql).await?;
                    role.delete(conn).await?;
                }
            }
            Ok::<_, ProvisionError>(())
        })
        .await?;
        Ok(withdrawn)
    }

    /// Whether a login role has too many tenants, or some that are not dealt to it.
    pub(super) async fn examine_login_roles(
        &self,
        conn: &PlatformConn,
    ) -> Result<[Finding; 2], ProvisionError> {
        let lendings = lendings(self.connector.login_role_count(), conn).await?;
        let most = lendings.iter().map(|lending| lending.tenants).max();
        let most = most.unwrap_or_default();
        let too_many: i64 = lendings.iter().map(|lending| lending.too_many).sum();
        let is_fast = major_version(conn).await? >= FAST_VERSION;
        Ok([
            finding(
                "tenants per login role",
                is_fast || most <= MANY,
                Verdict::Warning,
                &format!("{most} at most"),
                &format!(
                    "{most}: with each new tenant, every connection takes its next role slowly, up to a second at 20,000; set `LOGIN_ROLES`, to 64 for example, or use PostgreSQL 17"
                ),
            ),
            finding(
                "login roles",
                too_many == 0,
                Verdict::Warning,
                "each takes the roles of its own tenants alone",
                &format!(
                    "{too_many} roles are lent to a login role that does not serve the tenant: run `provision login-roles --withdraw` once all processes work with this `LOGIN_ROLES`"
                ),
            ),
        ])
    }
}

async fn lendings(count: u16, mut conn: &PlatformConn) -> QueryResult<Vec<Lending>> {
    let sql = format!(
        "{} SELECT l.number, l.rolname::text AS name, count(d.oid) AS tenants,
                   count(d.oid) FILTER (WHERE d.number <> l.number) AS too_many
              FROM login l LEFT JOIN (lent JOIN dealt d ON d.oid = lent.roleid) ON lent.member = l.oid
             GROUP BY l.number, l.rolname ORDER BY l.number",
        memberships()
    );
    raw_sql(&sql)
        .bind::<Integer, _>(i32::from(count))
        .load(&mut conn)
        .await
}

async fn major_version(mut conn: &PlatformConn) -> QueryResult<i64> {
    let row: MajorVersion =
        raw_sql("SELECT current_setting('server_version_num')::bigint / 10000 AS major")
            .get_result(&mut conn)
            .await?;
    Ok(row.major)
}
