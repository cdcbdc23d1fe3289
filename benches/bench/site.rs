//! Where everything is measured: one durable embedded PostgreSQL under `target/bench`, kept with its tenants from run to
//! run.

mod database;
mod tenants;

use std::fs;

use anyhow::Context;
use chrono::TimeDelta;
use rowhouse::config::Isolation;
use rowhouse::database::embedded::{EmbeddedServer, EmbeddedSettings};
use rowhouse::identity::signing_key::SigningKeys;
use rowhouse::identity::token::TokenIssuer;
use rowhouse::platform::Platform;
use rowhouse::tenancy::binding::Binding;
use tokio_postgres::Client;

use crate::load::{SqlTenant, Target};
use crate::options::{Options, directory};
use crate::process;
use tenants::Manifest;
pub(crate) use tenants::{MARKS, Member, USERS};

/// How long the tokens of a run are valid.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::days(1);

/// The issuer that the server under test believes: its default.
const ISSUER: &str = "rowhouse";

/// The place of all measurements.
#[derive(Debug)]
pub(crate) struct Site {
    options: Options,
    url: String,
    postmaster: u32,
    version: String,
    issuer: TokenIssuer,
    manifest: Manifest,
    /// Last, so that it stops when nothing uses it any more.
    _server: EmbeddedServer,
}

impl Site {
    /// Starts the server and finds or makes the database of this build's schema. It has no tenants yet.
    ///
    /// # Errors
    /// A server that does not start, or a database that cannot be made.
    pub(crate) async fn open(options: Options) -> anyhow::Result<Self> {
        fs::create_dir_all(directory())?;
        let settings = EmbeddedSettings::at(directory().join("postgres"));
        let server = EmbeddedServer::start(&settings).context("Failed to start PostgreSQL")?;
        let (name, url) = database::prepare(server.url()).await?;
        let client = database::connect(&url).await?;
        let (postmaster, version) = postmaster(&client).await?;
        let platform = Platform::open(&test_app::config(&url)).await?;
        let keys = SigningKeys::load_or_create(&mut *platform.pools.platform().await?).await?;
        Ok(Self {
            options,
            manifest: Manifest::read(&name)?,
            url,
            postmaster,
            version,
            issuer: TokenIssuer::new(keys, ISSUER.to_owned(), TOKEN_LIFETIME),
            _server: server,
        })
    }

    /// What this run is to do.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Where the database is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The parent of all server processes of PostgreSQL.
    pub(crate) fn postmaster(&self) -> u32 {
        self.postmaster
    }

    /// The version of PostgreSQL.
    pub(crate) fn postgres_version(&self) -> &str {
        &self.version
    }

    /// A connection of the login role, for what is neither measured nor loaded.
    ///
    /// # Errors
    /// A database that is not there.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        database::connect(&self.url).await
    }

    /// The first `count` tenants, those made that are missing. All are twins: the same users with the same keys, each user
    /// named by the tenant's own mark.
    ///
    /// # Errors
    /// A tenant that cannot be provisioned.
    pub(crate) async fn tenants(&mut self, count: u32) -> anyhow::Result<Vec<Member>> {
        let platform = Platform::open(&test_app::config(&self.url)).await?;
        let count = usize::try_from(count)?;
        tenants::provide(&mut self.manifest, count, &platform, &self.url).await?;
        Ok(self.manifest.twins.iter().take(count).cloned().collect())
    }

    /// The first tenant.
    ///
    /// # Errors
    /// As [`Self::tenants`].
    pub(crate) async fn first_tenant(&mut self) -> anyhow::Result<Member> {
        let first = self.tenants(1).await?.pop();
        first.context("There is no tenant")
    }

    /// A tenant that is no twin, made if it is missing: for rows that need one of their own.
    ///
    /// # Errors
    /// As [`Self::tenants`].
    pub(crate) async fn tenant(&mut self, slug: &str, users: u32) -> anyhow::Result<Member> {
        let platform = Platform::open(&test_app::config(&self.url)).await?;
        tenants::other(&mut self.manifest, slug, users, &platform, &self.url).await
    }

    /// The token of a tenant's admin, as a login would have given it.
    ///
    /// # Errors
    /// A key that cannot sign.
    pub(crate) fn bearer(&self, member: &Member) -> anyhow::Result<String> {
        let (user, session) = (member.user, member.session);
        let token = self.issuer.issue(user, session, member.subject.clone())?;
        Ok(token.expose().to_owned())
    }

    /// Requests for single users of each tenant, told apart by the tenant's mark.
    ///
    /// # Errors
    /// As [`Self::bearer`].
    pub(crate) fn by_id(&self, members: &[Member]) -> anyhow::Result<Vec<Target>> {
        let targets = members.iter().map(|member| {
            let path = format!("/api/v1/tenants/{}/users/", member.slug());
            let ids = tenants::keys(USERS).map(|key| key.to_string()).collect();
            let bearer = self.bearer(member)?;
            Ok(Target {
                holds: member.mark(),
                ..Target::get(&path, ids, Some(&bearer))
            })
        });
        targets.collect()
    }
}

impl Member {
    /// The tenant as queries without Rowhouse reach it: bound with the same message.
    pub(crate) fn for_queries(&self) -> SqlTenant {
        SqlTenant {
            binding: Binding::Tenant(self.id().clone()).message(Isolation::Role),
            ids: tenants::keys(USERS).collect(),
        }
    }
}

async fn postmaster(client: &Client) -> anyhow::Result<(u32, String)> {
    let sql = "SELECT pg_backend_pid(), current_setting('server_version')";
    let row = client.query_one(sql, &[]).await?;
    let backend = u32::try_from(row.try_get::<_, i32>(0)?)?;
    let postmaster = process::parent(backend).context("PostgreSQL's processes are not visible")?;
    Ok((postmaster, row.try_get(1)?))
}
