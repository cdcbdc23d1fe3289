//! What somebody may do to the rights of others: give nothing that they lack, and touch nobody who stands above them.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use tenant_schema::identity::{Admins, Effect, GrantingRole, OwnRule, Role, Rules, User};
use uuid::Uuid;

use super::access_cache::CachedAccess;
use super::permission::{self, Grants};
use super::signed_in::SignedIn;
use crate::error::{ApiError, Code};

/// Until when a rule holds, if not for good.
type End = Option<DateTime<Utc>>;

/// A caller's rank and rights as they are at a request, to be held against what the request does to those of others.
#[derive(Debug, Clone)]
pub struct Authority {
    known: Arc<CachedAccess>,
    at: DateTime<Utc>,
}

impl Authority {
    /// That of a caller, now.
    pub fn of(caller: &SignedIn) -> Self {
        Self {
            known: Arc::clone(caller.known()),
            at: caller.now(),
        }
    }

    /// The caller.
    pub fn user_id(&self) -> Uuid {
        self.known.access.user.id
    }

    /// The time by which ends of grants and denials are judged.
    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Refuses to grant what the caller does not hold themselves, for as long.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require_to_pass_on(&self, permission: &str, until: End) -> Result<(), ApiError> {
        // A key passes on no more than it may itself.
        let scopes = self.known.api_key.as_ref().map(|key| &key.scopes);
        let is_in_scope = scopes.is_none_or(|scopes| permission::covers(scopes, permission));
        if is_in_scope && self.known.grants.may_pass_on(permission, until, self.at) {
            return Ok(());
        }
        Err(refused(format!(
            "nobody grants what they lack: `{permission}` is not wholly yours, or not for as long"
        )))
    }

    /// Refuses a rank above the caller's own: that of their highest role.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require_rank(&self, priority: i32) -> Result<(), ApiError> {
        if self.known.access.rank >= Some(priority) {
            return Ok(());
        }
        Err(refused(format!(
            "the priority {priority} stands above that of your own roles"
        )))
    }

    /// Refuses to give a role that stands above the caller's own, or that grants what they lack.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require_to_give(&self, role: &GrantingRole) -> Result<(), ApiError> {
        self.require_rank(role.role.priority)?;
        let mut permissions = role.permissions.iter();
        permissions.try_for_each(|permission| self.require_to_pass_on(permission, None))
    }

    /// Refuses to set the working hours of a role that the caller has, unless everything is allowed to them.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require_to_set_hours(&self, role: &Role) -> Result<(), ApiError> {
        let is_own = self.known.access.roles.contains(&role.name);
        if !is_own || self.has_everything() {
            return Ok(());
        }
        Err(refused(
            "nobody sets the hours of their own role".to_owned(),
        ))
    }

    /// Whether everything is allowed to the caller.
    fn has_everything(&self) -> bool {
        self.known.grants.may_pass_on("*", None, self.at)
    }

    /// Refuses to touch a user who has a role above those of the caller.
    ///
    /// # Errors
    /// `permission_denied`, or a failure of the database.
    pub async fn require_over(&self, user_id: Uuid, conn: &TenantConn) -> Result<(), ApiError> {
        let roles = Role::ranked_names_of(user_id, conn).await?;
        let rank = roles.iter().map(|(_, priority)| *priority).max();
        if rank <= self.known.access.rank {
            return Ok(());
        }
        Err(refused("the user stands above you".to_owned()))
    }

    /// Refuses a change of a user that would lock out somebody above the caller, set the caller's own hours, unless everything
    /// is allowed to them, or open the user's account to others: who changes an address gets the mail by which a password is reset, and with it all that the user may.
    ///
    /// # Errors
    /// `permission_denied`, or a failure of the database.
    pub async fn require_to_change(
        &self,
        before: &User,
        after: &User,
        conn: &TenantConn,
    ) -> Result<(), ApiError> {
        let has_other_login = before.email != after.email || before.username != after.username;
        if has_other_login || before.is_active != after.is_active {
            self.require_over(before.id, conn).await?;
        }
        let has_other_hours =
            before.working_hours != after.working_hours || before.timezone != after.timezone;
        if has_other_hours && before.id == self.user_id() && !self.has_everything() {
            return Err(refused("nobody sets their own hours or zone".to_owned()));
        }
        if before.email != after.email && before.id != self.known.access.user.id {
            let theirs = Grants::of(&Rules::load(before.id, conn).await?).granted(self.at);
            let own = |permission: &&String| !self.decides(permission);
            if let Some(permission) = theirs.iter().find(own) {
                let detail = format!(
                    "an address is changed by who may all that its owner may: you lack `{permission}`"
                );
                return Err(refused(detail));
            }
        }
        Ok(())
    }

    fn decides(&self, permission: &str) -> bool {
        self.known.grants.decide(permission, self.at).is_allowed()
    }

    /// Refuses what would give a user more than the caller has: a grant, or the end of a denial.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require_to_rule(&self, before: &[OwnRule], after: &[OwnRule]) -> Result<(), ApiError> {
        let grants = after.iter().filter(|rule| rule.effect == Effect::Grant);
        for grant in grants.filter(|grant| !is_kept(grant, before)) {
            self.require_to_pass_on(&grant.permission, grant.valid_until)?;
        }
        let denials = before.iter().filter(|rule| rule.effect == Effect::Deny);
        for denial in denials.filter(|denial| !is_kept(denial, after)) {
            self.require_to_pass_on(&denial.permission, None)?;
        }
        Ok(())
    }

    /// Refuses what would let a role grant more, beyond what the caller has.
    ///
    /// # Errors
    /// `permission_denied`.
    pub fn require_to_add(&self, before: &[String], after: &[String]) -> Result<(), ApiError> {
        let before: HashSet<&String> = before.iter().collect();
        let mut added = after.iter().filter(|name| !before.contains(name));
        added.try_for_each(|permission| self.require_to_pass_on(permission, None))
    }
}

/// Whether the other rules hold a rule of the same effect for as long.
fn is_kept(rule: &OwnRule, others: &[OwnRule]) -> bool {
    let outlasts = |other: &OwnRule| match (other.valid_until, rule.valid_until) {
        (None, _) => true,
        (Some(other), Some(end)) => other >= end,
        (Some(_), None) => false,
    };
    others.iter().any(|other| {
        other.effect == rule.effect && other.permission == rule.permission && outlasts(other)
    })
}

fn refused(detail: String) -> ApiError {
    ApiError::new(Code::PermissionDenied).detail(detail)
}

/// Does `work`, unless it takes from the tenant its last admin, or the last to whom nothing is denied. Belongs into a
/// transaction, at its beginning: two such works come one after the other.
///
/// # Errors
/// `conflict`, the error of `work`, or a failure of the database; the transaction must not be committed then.
pub async fn keeping_an_admin<T>(
    conn: &mut TenantConn,
    work: impl AsyncFnOnce(&mut TenantConn) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let admins = Admins::lock(conn).await?;
    let done = work(conn).await?;
    if admins.remain(conn).await? {
        return Ok(done);
    }
    let detail = "the tenant would be left without an admin to whom everything is allowed \
                  (hint: make somebody else an admin first)";
    Err(ApiError::new(Code::Conflict).detail(detail))
}
