//! A row of the audit log as those see it who may read the record but not the log: who did what to which record, and which of its
//! fields changed. Neither what was in them nor from where it was done.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use serde::Serialize;
use serde_json::Value;
use tenant_schema::TenantEnum as _;
use tenant_schema::identity::User;
use tenant_schema::settings::{ActorType, AuditLog};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;

/// Fields that say what a record is called, the first that it has.
const LABELS: [&str; 6] = ["name", "title", "username", "subject", "key", "email"];

/// Fields that change with every other.
const CLOCKWORK: [&str; 1] = ["updated_at"];

/// Something that was done in the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::routes::tenant) struct Entry {
    pub(in crate::routes::tenant) id: Uuid,
    /// Place in the order in which things were done, from 1 on.
    pub(in crate::routes::tenant) position: i64,
    /// The same as the other fields say, in a sentence.
    text: String,
    /// `user`, `system_user` for somebody who runs the platform, or `nobody` who is known.
    actor_type: &'static str,
    actor_id: Option<Uuid>,
    /// What the user is called, if it was one.
    actor_name: Option<String>,
    /// The user as whom a system user did it.
    acting_as: Option<Uuid>,
    /// What was done, such as `users.update`.
    pub(in crate::routes::tenant) action: String,
    /// The kind of record that it was done to, such as `user`.
    object_type: String,
    object_id: Option<String>,
    /// What the record is called, where it has a name.
    object_name: Option<String>,
    /// The fields that changed; none for what was made or is gone.
    changed: Vec<String>,
    pub(in crate::routes::tenant) created_at: DateTime<Utc>,
}

impl Entry {
    /// The rows with the names of who did it, in the same order.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::routes::tenant) async fn read(
        rows: Vec<AuditLog>,
        conn: &TenantConn,
    ) -> Result<Vec<Self>, ApiError> {
        let users = rows
            .iter()
            .filter(|row| row.actor_type == ActorType::User)
            .filter_map(|row| row.actor_id);
        let mut ids: Vec<Uuid> = users.collect();
        ids.sort_unstable();
        ids.dedup();
        let names = if ids.is_empty() {
            HashMap::new()
        } else {
            User::display_names(&ids, conn).await?
        };
        let entries = rows.into_iter().map(|row| {
            let name = row.actor_id.and_then(|id| names.get(&id).cloned());
            Self::of(row, name)
        });
        Ok(entries.collect())
    }

    fn of(row: AuditLog, actor_name: Option<String>) -> Self {
        let record = row.after.as_ref().or(row.before.as_ref());
        let object_name = record.and_then(label);
        let changed = changed(row.before.as_ref(), row.after.as_ref());
        let actor = match (&actor_name, row.actor_type) {
            (Some(name), _) => name,
            (None, ActorType::User) => "A user who is gone",
            (None, ActorType::SystemUser) => "Somebody who runs the platform",
            (None, ActorType::Nobody) => "Somebody",
        };
        let kind = row.object_type.replace('_', " ");
        let text = sentence(actor, &row.action, &kind, object_name.as_deref(), &changed);
        Self {
            id: row.id,
            position: row.position,
            text,
            actor_type: row.actor_type.label(),
            actor_id: row.actor_id,
            actor_name,
            acting_as: row.acting_as,
            action: row.action,
            object_type: row.object_type,
            object_id: row.object_id,
            object_name,
            changed,
            created_at: row.created_at,
        }
    }
}

fn label(record: &Value) -> Option<String> {
    let named = LABELS.iter().find_map(|field| record.get(field)?.as_str());
    named.map(str::to_owned)
}

/// The fields that differ.
fn changed(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) else {
        return Vec::new();
    };
    let fields = after.keys();
    let fields = fields.chain(before.keys().filter(|field| !after.contains_key(*field)));
    let differs = |field: &&String| {
        before.get(*field) != after.get(*field) && !CLOCKWORK.contains(&field.as_str())
    };
    fields.filter(differs).cloned().collect()
}

/// `Ada changed the user bob: first_name`.
fn sentence(
    actor: &str,
    action: &str,
    kind: &str,
    name: Option<&str>,
    changed: &[String],
) -> String {
    let deed = action.split_once('.').map_or(action, |(_, deed)| deed);
    let verb = match deed {
        "create" => "made",
        "update" => "changed",
        "delete" => "deleted",
        "restore" => "restored",
        other => &format!("did `{}` to", other.replace('_', " ")),
    };
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    let fields = if changed.is_empty() {
        String::new()
    } else {
        format!(": {}", changed.join(", "))
    };
    format!("{actor} {verb} the {kind}{name}{fields}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_names_the_fields_that_differ_and_never_what_is_in_them() {
        let before = json!({ "name": "a", "secret": "one", "gone": 1, "updated_at": 1 });
        let after = json!({ "name": "a", "secret": "changed", "new": 2, "updated_at": 2 });
        let changed = changed(Some(&before), Some(&after));
        assert_eq!(changed, ["new", "secret", "gone"]);
        let text = sentence("Ada", "teams.update", "team", Some("a"), &changed);
        assert_eq!(text, "Ada changed the team a: new, secret, gone");
    }

    #[test]
    fn what_has_no_verb_is_quoted() {
        assert_eq!(
            sentence("Ada", "users.replace_roles", "user", None, &[]),
            "Ada did `replace roles` to the user"
        );
        assert_eq!(
            sentence("Ada", "leave_requests.create", "leave request", None, &[]),
            "Ada made the leave request"
        );
    }
}
