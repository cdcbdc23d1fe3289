//! What may be done to a role, and by whom (rule 43). Everything here belongs into a transaction.

use connection::TenantConn;
use tenant_schema::identity::admins::ADMIN;
use tenant_schema::identity::{GrantingRole, NewRole, RolePermission};
use tenant_schema::settings::Change;
use uuid::Uuid;

use super::body::{RolePatch, permission_ids};
use super::view::etag;
use crate::error::{ApiError, Code, OnConstraint};
use crate::identity::authority::Authority;
use crate::resource::IfMatch;

/// Adds a role that is not above the caller, and grants nothing that they lack.
pub(super) async fn create(
    new: &NewRole,
    permissions: &[String],
    authority: &Authority,
    conn: &TenantConn,
) -> Result<(GrantingRole, Change), ApiError> {
    let ids = permission_ids(permissions, conn).await?;
    authority.require_rank(new.priority)?;
    authority.require_to_add(&[], permissions)?;
    let role = GrantingRole::add(new, &ids, conn).await.blame_name()?;
    let change = Change::created(&role);
    Ok((role, change))
}

/// Changes a role that is not above the caller, and does not become so, nor grant more that they lack.
pub(super) async fn change(
    id: Uuid,
    if_match: &IfMatch,
    patch: &RolePatch,
    authority: &Authority,
    conn: &TenantConn,
) -> Result<(GrantingRole, Change), ApiError> {
    let before = lock(id, conn).await?;
    if_match.check(&etag(&before.role))?;
    require_changeable(&before, patch)?;
    authority.require_rank(before.role.priority)?;
    if let Some(priority) = patch.changes.priority {
        authority.require_rank(priority)?;
    }
    if let Some(hours) = &patch.changes.working_hours
        && *hours != before.role.working_hours
    {
        authority.require_to_set_hours(&before.role)?;
    }
    if let Some(permissions) = &patch.permissions {
        let ids = permission_ids(permissions, conn).await?;
        authority.require_to_add(&before.permissions, permissions)?;
        RolePermission::replace(id, &ids, conn).await?;
    }
    let after = before.change(&patch.changes, conn).await.blame_name()?;
    let change = Change::updated(&before, &after);
    Ok((after, change))
}

/// Deletes a role of the tenant's own that is not above the caller.
pub(super) async fn delete(
    id: Uuid,
    if_match: &IfMatch,
    authority: &Authority,
    conn: &TenantConn,
) -> Result<((), Change), ApiError> {
    let before = lock(id, conn).await?;
    if_match.check(&etag(&before.role))?;
    authority.require_rank(before.role.priority)?;
    if before.role.is_system {
        return Err(stays(&before, "is not deleted"));
    }
    let after = before.delete(conn).await?;
    Ok(((), Change::updated(&before, &after)))
}

/// Undoes a deletion, by which whoever had the role has it again: so it takes the right to give it.
pub(super) async fn restore(
    id: Uuid,
    authority: &Authority,
    conn: &TenantConn,
) -> Result<(GrantingRole, Change), ApiError> {
    let before = GrantingRole::lock(id, conn).await?;
    authority.require_to_give(&before)?;
    let after = before.restore(conn).await.blame_name()?;
    let change = Change::updated(&before, &after);
    Ok((after, change))
}

async fn lock(id: Uuid, conn: &TenantConn) -> Result<GrantingRole, ApiError> {
    let role = GrantingRole::lock(id, conn).await?;
    if role.role.deleted_at.is_some() {
        return Err(ApiError::new(Code::NotFound));
    }
    Ok(role)
}

/// Refuses what would make another role of one that came with the tenant: others rely on its name, and on an admin who may do
/// everything.
fn require_changeable(role: &GrantingRole, patch: &RolePatch) -> Result<(), ApiError> {
    let differs = |new: Option<&str>| new.is_some_and(|new| new != role.role.name);
    if role.role.is_system && differs(patch.changes.name.as_deref()) {
        return Err(stays(role, "is not renamed"));
    }
    if role.role.is_system && role.role.name == ADMIN {
        let permissions = patch.permissions.as_ref();
        if permissions.is_some_and(|permissions| *permissions != role.permissions) {
            return Err(stays(role, "grants what it grants"));
        }
        let priority = patch.changes.priority;
        if priority.is_some_and(|priority| priority != role.role.priority) {
            return Err(stays(role, "stands where it stands"));
        }
    }
    Ok(())
}

fn stays(role: &GrantingRole, how: &str) -> ApiError {
    let detail = format!(
        "the role `{}` came with the tenant: it {how}",
        role.role.name
    );
    ApiError::new(Code::Conflict).detail(detail)
}

/// Blames the name where another role has it.
trait BlameName<T> {
    fn blame_name(self) -> Result<T, ApiError>;
}

impl<T, E: Into<ApiError>> BlameName<T> for Result<T, E> {
    fn blame_name(self) -> Result<T, ApiError> {
        self.on_constraint("roles_name_key", "name", "is already taken")
    }
}
