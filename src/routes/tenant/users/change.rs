//! What may be done to a user, and by whom (rules 42 and 43). Everything here belongs into a transaction.

use connection::TenantConn;
use tenant_schema::identity::{NewUser, Role, User, UserChanges};
use tenant_schema::settings::Change;
use uuid::Uuid;

use super::body::RoleNames;
use super::view::{CreatedUser, etag};
use crate::error::{ApiError, OnConstraint};
use crate::identity::authority::{Authority, keeping_an_admin};
use crate::pepper::mailed_link::MailedLink;
use crate::resource::IfMatch;

/// Adds a user with roles that the caller may give, and mails them the link.
pub(super) async fn create(
    new: &NewUser,
    names: &RoleNames,
    link: &MailedLink,
    authority: &Authority,
    conn: &mut TenantConn,
) -> Result<(CreatedUser, Change), ApiError> {
    let found = names.find(conn).await?;
    found
        .iter()
        .try_for_each(|role| authority.require_to_give(role))?;
    let found: Vec<Role> = found.into_iter().map(|role| role.role).collect();
    let user = new.insert_with_roles(&found, conn).await;
    let user = user.blame_duplicates()?;
    link.mail_to(&user, conn).await?;
    let roles = found.into_iter().map(|role| role.name).collect();
    let created = CreatedUser { user, roles };
    let change = Change::created(&created);
    Ok((created, change))
}

/// Changes a user. One who stands above the caller is neither locked out nor given another login. Another address is mailed the
/// link, to be proven.
pub(super) async fn change(
    id: Uuid,
    if_match: &IfMatch,
    changes: &UserChanges,
    link: &MailedLink,
    authority: &Authority,
    conn: &mut TenantConn,
) -> Result<(User, Change), ApiError> {
    let change = async |conn: &mut TenantConn| {
        let precondition = |user: &User| if_match.check(&etag(user));
        let done = User::change(id, precondition, changes, conn).await;
        let (before, after) = done.blame_duplicates()?;
        authority.require_to_change(&before, &after, conn).await?;
        if before.email != after.email {
            link.mail_to(&after, conn).await?;
        }
        Ok(updated((before, after)))
    };
    // Only whoever is shut out can be the last admin.
    if changes.is_active == Some(false) {
        keeping_an_admin(conn, change).await
    } else {
        change(conn).await
    }
}

/// Deletes a user softly who does not stand above the caller.
pub(super) async fn delete(
    id: Uuid,
    if_match: &IfMatch,
    authority: &Authority,
    conn: &mut TenantConn,
) -> Result<(User, Change), ApiError> {
    let delete = async |conn: &mut TenantConn| {
        let precondition = |user: &User| if_match.check(&etag(user));
        let deleted = User::delete(id, precondition, conn).await?;
        authority.require_over(id, conn).await?;
        Ok(updated(deleted))
    };
    keeping_an_admin(conn, delete).await
}

/// Undoes the deletion of a user who does not stand above the caller.
pub(super) async fn restore(
    id: Uuid,
    authority: &Authority,
    conn: &mut TenantConn,
) -> Result<(User, Change), ApiError> {
    let restored = User::restore(id, conn).await;
    let restored = restored.blame_duplicates()?;
    authority.require_over(id, conn).await?;
    Ok(updated(restored))
}

/// The user after a change, and what the audit log says of it.
pub(super) fn updated((before, after): (User, User)) -> (User, Change) {
    let change = Change::updated(&before, &after);
    (after, change)
}

/// Blames the field whose value another user has.
trait BlameDuplicates<T> {
    fn blame_duplicates(self) -> Result<T, ApiError>;
}

impl<T, E: Into<ApiError>> BlameDuplicates<T> for Result<T, E> {
    fn blame_duplicates(self) -> Result<T, ApiError> {
        self.on_constraint("users_email_key", "email", "is already taken")
            .on_constraint("users_username_key", "username", "is already taken")
    }
}
