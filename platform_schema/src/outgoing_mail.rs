//! Mail on its way out: claimed for a time, sent, tried again, given up.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::clock::clock_timestamp;
use crate::schema::{mail_outbox, tenants};
use crate::{PlatformConn, TenantId, TenantSlug, TenantStatus};

/// A mail that waits to be sent, with what the registry says of its tenant.
#[derive(Debug, Clone, Queryable)]
pub struct OutgoingMail {
    /// The key.
    pub id: Uuid,
    /// What it is about; a name that an older build may not know.
    pub kind: String,
    /// Address that it goes to.
    pub recipient: String,
    /// What the token of its link is derived from, for the kinds with a link.
    pub seed: Option<Vec<u8>>,
    /// When its link ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// How often somebody began to send it, this time included.
    pub attempts: i32,
    /// The tenant whose user it is for.
    pub tenant: TenantId,
    /// The tenant's human key.
    pub tenant_slug: TenantSlug,
    /// The tenant's name for people.
    pub tenant_name: String,
}

impl OutgoingMail {
    /// Claims at most `limit` mails that are due, those that wait longest first. Nobody else is given them before `lease` is
    /// over. Mail of tenants that do not serve waits.
    ///
    /// # Errors
    /// What the database says; the connection is inside a transaction then, and has to be dropped.
    pub async fn claim(
        limit: i64,
        lease: TimeDelta,
        conn: &mut PlatformConn,
    ) -> QueryResult<Vec<Self>> {
        // Not a closure: whether such a transaction may go on in another thread is more than the compiler can tell.
        conn.begin().await?;
        let due = Self::lock_due(limit, conn).await?;
        let mut shared: &PlatformConn = conn;
        diesel::update(mail_outbox::table.filter(mail_outbox::id.eq_any(&due)))
            .set((
                mail_outbox::attempts.eq(mail_outbox::attempts + 1),
                mail_outbox::next_attempt_at.eq(Utc::now() + lease),
            ))
            .execute(&mut shared)
            .await?;
        let claimed = Self::load(&due, conn).await?;
        conn.commit().await?;
        Ok(claimed)
    }

    async fn lock_due(limit: i64, mut conn: &PlatformConn) -> QueryResult<Vec<Uuid>> {
        let serving = tenants::table
            .filter(tenants::status.eq(TenantStatus::Active))
            .select(tenants::id);
        mail_outbox::table
            .filter(mail_outbox::sent_at.is_null())
            .filter(mail_outbox::given_up_at.is_null())
            .filter(mail_outbox::next_attempt_at.le(clock_timestamp()))
            .filter(mail_outbox::tenant_id.eq_any(serving))
            .order(mail_outbox::next_attempt_at)
            .limit(limit)
            .select(mail_outbox::id)
            .for_update()
            .skip_locked()
            .load(&mut conn)
            .await
    }

    async fn load(ids: &[Uuid], mut conn: &PlatformConn) -> QueryResult<Vec<Self>> {
        mail_outbox::table
            .inner_join(tenants::table)
            .filter(mail_outbox::id.eq_any(ids))
            .order((mail_outbox::created_at, mail_outbox::id))
            .select((
                mail_outbox::id,
                mail_outbox::kind,
                mail_outbox::recipient,
                mail_outbox::seed,
                mail_outbox::expires_at,
                mail_outbox::created_at,
                mail_outbox::attempts,
                tenants::id,
                tenants::slug,
                tenants::name,
            ))
            .load(&mut conn)
            .await
    }

    /// Records that a mail server has taken the mail, and forgets what its token was derived from.
    ///
    /// # Errors
    /// What the database says.
    pub async fn record_sent(&self, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::update(mail_outbox::table.find(self.id))
            .set((
                mail_outbox::sent_at.eq(clock_timestamp().nullable()),
                mail_outbox::seed.eq(None::<Vec<u8>>),
                mail_outbox::last_error.eq(None::<String>),
            ))
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// Puts the mail back, to be tried again after `pause`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_back(
        &self,
        pause: TimeDelta,
        reason: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<()> {
        diesel::update(mail_outbox::table.find(self.id))
            .set((
                mail_outbox::next_attempt_at.eq(Utc::now() + pause),
                mail_outbox::last_error.eq(reason),
            ))
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// Gives the mail up. The row stays with the reason.
    ///
    /// # Errors
    /// What the database says.
    pub async fn give_up(&self, reason: &str, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::update(mail_outbox::table.find(self.id))
            .set((
                mail_outbox::given_up_at.eq(clock_timestamp().nullable()),
                mail_outbox::seed.eq(None::<Vec<u8>>),
                mail_outbox::last_error.eq(reason),
            ))
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// Forgets mail that was added more than `age` ago, sent or not. Says how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_older_than(age: TimeDelta, mut conn: &PlatformConn) -> QueryResult<usize> {
        let old = mail_outbox::table.filter(mail_outbox::created_at.lt(Utc::now() - age));
        diesel::delete(old).execute(&mut conn).await
    }
}
