//! The tenants that are measured: made by the provisioner, signed in without a password, and remembered in a manifest.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use chrono::{TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use platform_schema::TenantId;
use rowhouse::identity::permission::Grants;
use rowhouse::identity::token::TenantSubject;
use rowhouse::platform::Platform;
use rowhouse::provisioner::order::{FirstAdmin, Requester, TenantOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenant_schema::identity::{Access, NewUserSession, User};
use uuid::Uuid;

use super::database;
use crate::options::directory;

/// Users of a tenant that are asked for.
pub(crate) const USERS: u32 = 20;

/// What begins every tenant's own mark.
pub(crate) const MARKS: &str = "canary-of-";

/// How long the sessions of a database live: longer than anybody keeps one.
const SESSION_LIFETIME: TimeDelta = TimeDelta::days(3_650);

/// Tenants that are made at once.
const AT_ONCE: usize = 2;

/// Tenants between two writings of the manifest, so that little is lost when a run is interrupted.
const BATCH: usize = 50;

/// The admin of a tenant, with a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Who.
    pub(super) user: Uuid,
    /// In which session.
    pub(super) session: Uuid,
    /// What a token says of them.
    pub(super) subject: TenantSubject,
}

impl Member {
    /// The tenant.
    pub(crate) fn id(&self) -> &TenantId {
        &self.subject.tid
    }

    /// The tenant's slug.
    pub(crate) fn slug(&self) -> &str {
        &self.subject.tenant_slug
    }

    /// What every user of the tenant is named by, and nobody else anywhere.
    pub(crate) fn mark(&self) -> String {
        mark(self.slug())
    }
}

/// Which tenants a database has.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The database.
    database: String,
    /// Tenants that are alike.
    pub(super) twins: Vec<Member>,
    /// Others, by slug.
    others: BTreeMap<String, Member>,
}

impl Manifest {
    /// What is remembered of a database.
    pub(super) fn read(database: &str) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path());
        let known = match text {
            Ok(text) => serde_json::from_str(&text)?,
            Err(_) => Self::default(),
        };
        if known.database == database {
            return Ok(known);
        }
        Ok(Self {
            database: database.to_owned(),
            ..Self::default()
        })
    }

    fn write(&self) -> anyhow::Result<()> {
        Ok(fs::write(path(), serde_json::to_string(self)?)?)
    }
}

fn path() -> PathBuf {
    directory().join("tenants.json")
}

fn mark(slug: &str) -> String {
    format!("{MARKS}{slug}.")
}

/// The keys of the users that every tenant has, the same in all of them: version 7 of RFC 9562, all but the number zero.
pub(super) fn keys(count: u32) -> impl Iterator<Item = Uuid> {
    const FIRST: u128 = 0x7000_8000_0000_0000_0000;
    (1..=count).map(|number| Uuid::from_u128(FIRST | u128::from(number)))
}

/// Makes those of the first `count` twins that are missing.
pub(super) async fn provide(
    manifest: &mut Manifest,
    count: usize,
    platform: &Platform,
    url: &str,
) -> anyhow::Result<()> {
    while manifest.twins.len() < count {
        let from = manifest.twins.len();
        let until = count.min(from + BATCH);
        let making = (from..until).map(|number| {
            let slug = format!("twin-{number:05}");
            async move { make(&slug, USERS, platform, url).await }
        });
        let made: Vec<Member> = stream::iter(making).buffered(AT_ONCE).try_collect().await?;
        manifest.twins.extend(made);
        manifest.write()?;
    }
    Ok(())
}

/// Makes a tenant of that slug with so many users, if it is missing.
pub(super) async fn other(
    manifest: &mut Manifest,
    slug: &str,
    users: u32,
    platform: &Platform,
    url: &str,
) -> anyhow::Result<Member> {
    if let Some(member) = manifest.others.get(slug) {
        return Ok(member.clone());
    }
    let member = make(slug, users, platform, url).await?;
    manifest.others.insert(slug.to_owned(), member.clone());
    manifest.write()?;
    Ok(member)
}

async fn make(slug: &str, users: u32, platform: &Platform, url: &str) -> anyhow::Result<Member> {
    let id = match platform.registry.resolve(&slug.parse()?).await {
        // Left by a run that was interrupted before it wrote the manifest.
        Ok(tenant) => tenant.id.clone(),
        Err(_) => platform.provisioner.create(&order(slug)?).await?.tenant.id,
    };
    populate(&id, slug, users, url).await?;
    sign_in(&id, slug, platform).await
}

fn order(slug: &str) -> anyhow::Result<TenantOrder> {
    Ok(TenantOrder {
        slug: slug.parse()?,
        name: mark(slug),
        plan: None,
        labels: json!({}),
        admin: FirstAdmin {
            email: format!("admin@{slug}.example"),
            username: "admin".to_owned(),
            password_hash: None,
            invitation: None,
        },
        requester: Requester::command_line(),
        receipt: None,
    })
}

/// Adds the users, and lets PostgreSQL know the table as it is.
async fn populate(id: &TenantId, slug: &str, users: u32, url: &str) -> anyhow::Result<()> {
    let client = database::connect(url).await?;
    let keys: Vec<String> = keys(users).map(|key| key.to_string()).collect();
    let schema = platform_schema::SchemaName::of(id).quoted();
    client
        .batch_execute(&format!("SET search_path = {schema}"))
        .await?;
    let sql = "INSERT INTO users (id, email, username, first_name, last_name) \
         SELECT key::uuid, 'user-' || n || '@' || $2 || '.example', 'user-' || n, $3, 'Number ' || n \
         FROM unnest($1::text[]) WITH ORDINALITY AS keys (key, n) ON CONFLICT DO NOTHING";
    client.execute(sql, &[&keys, &slug, &mark(slug)]).await?;
    Ok(client.batch_execute("VACUUM (ANALYZE) users").await?)
}

/// A session of the tenant's admin, as a login leaves it.
#[expect(
    clippy::disallowed_methods,
    reason = "nobody logs in: thousands of sessions would cost a password each"
)]
async fn sign_in(id: &TenantId, slug: &str, platform: &Platform) -> anyhow::Result<Member> {
    let lease = platform.pools.lease(id).await?;
    let user = User::find_for_login("admin", &lease)
        .await?
        .ok_or(diesel::NotFound)?;
    let session = NewUserSession {
        id: Uuid::now_v7(),
        user_id: user.id,
        refresh_key: vec![0; 32],
        device_id: None,
        ip: None,
        user_agent: None,
        expires_at: Utc::now() + SESSION_LIFETIME,
    };
    session.insert(&lease).await?;
    let access = Access::load(user.id, session.id, &lease)
        .await?
        .ok_or(diesel::NotFound)?;
    let subject = TenantSubject {
        tid: id.clone(),
        tenant_slug: slug.to_owned(),
        email: user.email,
        username: user.username,
        permissions: Grants::of(&access.rules).granted(access.read_at),
        roles: access.roles,
    };
    Ok(Member {
        user: user.id,
        session: session.id,
        subject,
    })
}
