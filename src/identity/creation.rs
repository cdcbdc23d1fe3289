//! Creations that are not done twice: who repeats one with its `Idempotency-Key` gets the answer of the first again.

use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use platform_schema::Tenant;
use serde::Serialize;
use tenant_schema::settings::{Change, IdempotencyReceipt, NewIdempotencyReceipt};
use uuid::Uuid;

use super::signed_in::SignedIn;
use crate::error::{ApiError, Code};
use crate::pepper::receipt::Receipt;
use crate::resource::{KeptAnswer, Repeatable, Success};

/// How long an answer is kept.
const LIFETIME: TimeDelta = TimeDelta::days(1);

impl Receipt {
    /// The answer that was given to the request, if it was. Nobody else does the same until the transaction ends.
    ///
    /// # Errors
    /// `idempotency_in_progress` while another transaction does the same, `idempotency_key_reused` where the key stands for
    /// another request, or a failure of the database.
    async fn find(&self, conn: &mut TenantConn) -> Result<Option<KeptAnswer>, ApiError> {
        if !IdempotencyReceipt::try_lock(self.lock(), conn).await? {
            return Err(ApiError::new(Code::IdempotencyInProgress));
        }
        let known = IdempotencyReceipt::find(self.name(), ended(), conn).await?;
        let Some(known) = known else {
            return Ok(None);
        };
        if known.request_hash != self.request() {
            return Err(ApiError::new(Code::IdempotencyKeyReused));
        }
        let answer = self.open(&known.answer).map_err(ApiError::internal)?;
        let answer = serde_json::from_slice(&answer).map_err(ApiError::internal)?;
        Ok(Some(answer))
    }

    async fn keep(&self, answer: &KeptAnswer, conn: &mut TenantConn) -> Result<(), ApiError> {
        let answer = serde_json::to_vec(answer).map_err(ApiError::internal)?;
        let receipt = NewIdempotencyReceipt {
            id: Uuid::now_v7(),
            name: self.name().to_vec(),
            request_hash: self.request().to_vec(),
            answer: self.seal(answer).map_err(ApiError::internal)?,
        };
        Ok(receipt.insert(ended(), conn).await?)
    }
}

/// Up to when receipts have ended by now.
fn ended() -> DateTime<Utc> {
    Utc::now() - LIFETIME
}

impl SignedIn {
    /// Creates something as [`Self::mutate`] does, and answers what `show` makes of it. A request that carries an
    /// `Idempotency-Key` is done once: its repetition within a day gets the same answer, and leaves no row in the audit log.
    /// The key is the tenant's, the caller's and the action's.
    ///
    /// # Errors
    /// As [`Self::mutate`]; `idempotency_in_progress` while the first runs, `idempotency_key_reused` for another body.
    pub async fn create<T, V: Serialize>(
        &mut self,
        action: &'static str,
        request: Option<&Repeatable>,
        show: impl Fn(&Tenant, T) -> Success<V>,
        mut work: impl AsyncFnMut(&mut TenantConn) -> Result<(T, Change), ApiError>,
    ) -> Result<KeptAnswer, ApiError> {
        let tenant = self.served();
        let receipt = request.map(|request| self.receipt(action, request));
        self.mutate(action, async |conn: &mut TenantConn| {
            if let Some(receipt) = &receipt
                && let Some(answer) = receipt.find(conn).await?
            {
                return Ok((answer, None));
            }
            let (created, change) = work(conn).await?;
            let answer = show(&tenant, created).kept();
            let answer = answer.map_err(ApiError::internal)?;
            if let Some(receipt) = &receipt {
                receipt.keep(&answer, conn).await?;
            }
            Ok((answer, Some(change)))
        })
        .await
    }

    fn receipt(&self, action: &str, request: &Repeatable) -> Receipt {
        let access = self.access();
        let scope = format!(
            "{} {} {:?} {action}",
            self.tenant().id,
            access.user.id,
            access.acting_system_user
        );
        let receipts = &self.platform().receipts;
        receipts.receipt(&scope, request.key(), request.body())
    }
}
