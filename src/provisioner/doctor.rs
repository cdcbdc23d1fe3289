//! The doctor: checks of the database that a platform needs or would regret.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;

use super::{ProvisionError, Provisioner, login_roles, raw_sql};
use crate::config::Isolation;
use crate::database::migrations;

/// What the doctor says of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, and something better is known.
    Warning,
    /// The platform will not work.
    Bad,
}

/// One thing that the doctor looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// What the doctor says of it.
    pub verdict: Verdict,
    /// What was seen, and what to do about it.
    pub detail: String,
}

#[derive(Debug, QueryableByName)]
#[expect(clippy::struct_excessive_bools, reason = "a row of independent facts")]
struct Facts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    login_role: String,
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
    #[diesel(sql_type = Bool)]
    may_create_roles: bool,
    #[diesel(sql_type = Bool)]
    may_create_schemas: bool,
    #[diesel(sql_type = Bool)]
    anyone_creates_in_public: bool,
    #[diesel(sql_type = Bool)]
    anyone_makes_temporary_tables: bool,
    #[diesel(sql_type = Bool)]
    anyone_changes_settings_in_queries: bool,
    #[diesel(sql_type = Bool)]
    may_change_settings_in_queries: bool,
    #[diesel(sql_type = Bool)]
    anyone_runs_blocks: bool,
    #[diesel(sql_type = Bool)]
    may_run_blocks: bool,
    #[diesel(sql_type = Bool)]
    owns_database: bool,
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Text)]
    locks: String,
    #[diesel(sql_type = Text)]
    fsync: String,
}

const FACTS: &str = "
    SELECT current_setting('server_version') AS version, current_user::text AS login_role,
           r.rolsuper AS is_superuser, r.rolsuper OR r.rolcreaterole AS may_create_roles,
           has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
           coalesce((SELECT has_schema_privilege('public', n.oid, 'CREATE') FROM pg_namespace n WHERE n.nspname = 'public'), false)
               AS anyone_creates_in_public,
           has_database_privilege('public', current_database(), 'TEMPORARY') AS anyone_makes_temporary_tables,
           has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE') AS anyone_changes_settings_in_queries,
           has_function_privilege('pg_catalog.set_config(text, text, boolean)', 'EXECUTE') AS may_change_settings_in_queries,
           has_language_privilege('public', 'plpgsql', 'USAGE') AS anyone_runs_blocks,
           has_language_privilege('plpgsql', 'USAGE') AS may_run_blocks,
           EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'USAGE')) AS owns_database,
           quote_ident(current_database()) AS database,
           current_setting('max_locks_per_transaction') AS locks, current_setting('fsync') AS fsync
      FROM pg_roles r WHERE r.rolname = current_user";

/// Refuses a login role that cannot make the tenants' roles, unless tenants are kept apart by path alone. Takes the right
/// to temporary tables from everybody but the owner of the database: one of the same name hides a tenant's table, for
/// they are looked up before the path.
///
/// # Errors
/// `RolesForbidden`, or what the database says.
pub(super) async fn prepare(
    isolation: Isolation,
    conn: &PlatformConn,
) -> Result<(), ProvisionError> {
    let facts = facts(conn).await?;
    if isolation == Isolation::Path {
        return Ok(());
    }
    if !facts.may_create_roles {
        return Err(ProvisionError::RolesForbidden(facts.login_role));
    }
    if facts.anyone_makes_temporary_tables && facts.owns_database {
        // Two processes that change the rights of one database at once would fail.
        let sql = format!(
            "BEGIN; {}; REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC; COMMIT",
            login_roles::LOCK,
            facts.database
        );
        conn.batch(&sql).await?;
    }
    Ok(())
}

impl Provisioner {
    /// Looks at the database: version, rights, settings, migrations, orphans.
    ///
    /// # Errors
    /// `Database` when it cannot be reached, `Query` when it refuses to answer.
    pub async fn examine(&self) -> Result<Vec<Finding>, ProvisionError> {
        let conn = self.connector.connect().await?;
        let facts = facts(&conn).await?;
        let mut findings = facts.findings(self.isolation);
        findings.push(finding(
            "migrations",
            migrations::are_current(&self.connector).await?,
            Verdict::Bad,
            "the platform schema is current",
            "the platform schema is behind this build: run `provision init`",
        ));
        findings.extend(self.examine_login_roles(&conn).await?);
        let orphans = self.orphans().await?;
        let seen = format!(
            "{} schemas, roles or tenants without their other half: see `provision orphans`",
            orphans.len()
        );
        findings.push(finding(
            "orphans",
            orphans.is_empty(),
            Verdict::Warning,
            "every schema and role belongs to a tenant",
            &seen,
        ));
        Ok(findings)
    }
}

impl Facts {
    fn findings(&self, isolation: Isolation) -> Vec<Finding> {
        let version = Finding {
            check: "version",
            verdict: Verdict::Good,
            detail: format!("PostgreSQL {}", self.version),
        };
        let mut findings = vec![version];
        findings.extend(self.own_rights(isolation));
        findings.extend(self.rights_of_others());
        findings.extend(self.role_changers());
        findings.extend(self.settings());
        findings
    }

    /// What the login role may do.
    fn own_rights(&self, isolation: Isolation) -> [Finding; 3] {
        let role = &self.login_role;
        let without_roles = match isolation {
            Isolation::Role => Verdict::Bad,
            Isolation::Path => Verdict::Warning,
        };
        [
            finding(
                "login role",
                !self.is_superuser,
                Verdict::Warning,
                &format!("`{role}` is no superuser"),
                &format!(
                    "`{role}` is a superuser, which no lost path would stop: use a role with LOGIN and CREATEROLE"
                ),
            ),
            finding(
                "roles",
                self.may_create_roles,
                without_roles,
                &format!("`{role}` may create the tenants' roles"),
                &format!(
                    "`{role}` may not create roles: run `ALTER ROLE {role} CREATEROLE` as a superuser, or start with `--isolation path`"
                ),
            ),
            finding(
                "schemas",
                self.may_create_schemas,
                Verdict::Bad,
                &format!("`{role}` may create schemas"),
                &format!("`{role}` may not create schemas: grant it CREATE on the database"),
            ),
        ]
    }

    /// What everybody else may do.
    fn rights_of_others(&self) -> [Finding; 2] {
        [
            finding(
                "public",
                !self.anyone_creates_in_public,
                Verdict::Warning,
                "nobody else creates in `public`",
                "anyone may create in `public`: run `REVOKE CREATE ON SCHEMA public FROM PUBLIC`",
            ),
            finding(
                "temporary tables",
                !self.anyone_makes_temporary_tables,
                Verdict::Warning,
                "nobody else makes temporary tables",
                &format!(
                    "anyone may make temporary tables, which hide a tenant's own: run `REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC` as the owner of the database",
                    self.database
                ),
            ),
        ]
    }

    /// Who may do what takes another role in the middle of one statement, where reading with it is possible. Only a
    /// superuser can change that, database by database.
    fn role_changers(&self) -> [Finding; 2] {
        [
            self.role_changer(
                "set_config",
                "EXECUTE ON FUNCTION pg_catalog.set_config",
                (
                    self.may_change_settings_in_queries,
                    self.anyone_changes_settings_in_queries,
                ),
            ),
            self.role_changer(
                "plpgsql",
                "USAGE ON LANGUAGE plpgsql",
                (self.may_run_blocks, self.anyone_runs_blocks),
            ),
        ]
    }

    fn role_changer(
        &self,
        check: &'static str,
        right: &str,
        (is_ours, is_everybodys): (bool, bool),
    ) -> Finding {
        let role = &self.login_role;
        let (is_good, otherwise, detail) = if is_ours {
            let detail = format!(
                "one statement that somebody manages to inject can take another tenant's role and read with it: run `REVOKE {right} FROM PUBLIC; GRANT {right} TO {role}` as a superuser in this database"
            );
            (!is_everybodys, Verdict::Warning, detail)
        } else {
            let detail = format!(
                "the platform needs it and may not: run `GRANT {right} TO {role}` as a superuser in this database"
            );
            (false, Verdict::Bad, detail)
        };
        let good =
            format!("kept from everybody but `{role}`: no injected query takes a role by it");
        finding(check, is_good, otherwise, &good, &detail)
    }

    fn settings(&self) -> [Finding; 2] {
        let locks = format!("max_locks_per_transaction is {}", self.locks);
        [
            finding(
                "locks",
                self.locks.parse::<u32>().is_ok_and(|locks| locks >= 256),
                Verdict::Warning,
                &locks,
                &format!("{locks}: dropping and backing up tenants wants 256 or more"),
            ),
            finding(
                "fsync",
                self.fsync == "on",
                Verdict::Bad,
                "fsync is on",
                "fsync is off: a crash of the machine corrupts the data",
            ),
        ]
    }
}

pub(super) fn finding(
    check: &'static str,
    is_good: bool,
    otherwise: Verdict,
    good: &str,
    bad: &str,
) -> Finding {
    let (verdict, detail) = if is_good {
        (Verdict::Good, good)
    } else {
        (otherwise, bad)
    };
    Finding {
        check,
        verdict,
        detail: detail.to_owned(),
    }
}

async fn facts(mut conn: &PlatformConn) -> QueryResult<Facts> {
    raw_sql(FACTS).get_result(&mut conn).await
}
