//! What a change looks like in the audit log: a record before and after, its secrets left out.

use serde_json::{Map, Value};

/// What a secret is written as where it was changed.
const CHANGED: &str = "changed";

/// A record whose changes are kept in the audit log.
pub trait Audited {
    /// What the log calls this kind of record: `user`.
    const KIND: &'static str;
    /// The fields of the snapshot that nobody may read.
    const SECRETS: &'static [&'static str] = &[];

    /// What the log calls this one record, its id for most.
    fn key(&self) -> String;

    /// All that the record says, secrets too: they are compared, and never kept.
    fn snapshot(&self) -> Value;
}

/// What was done to one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub(super) object_type: &'static str,
    pub(super) object_id: Option<String>,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

impl Change {
    /// The record is new.
    pub fn created<T: Audited>(after: &T) -> Self {
        Self::of(after, None, Some(after))
    }

    /// The record has changed, or was deleted softly.
    pub fn updated<T: Audited>(before: &T, after: &T) -> Self {
        Self::of(after, Some(before), Some(after))
    }

    /// The record is gone.
    pub fn deleted<T: Audited>(before: &T) -> Self {
        Self::of(before, Some(before), None)
    }

    /// Something happened about a record that is not its own change: what is known of it, without secrets.
    pub fn about(object_type: &'static str, object_id: Option<String>, what: Value) -> Self {
        Self {
            object_type,
            object_id,
            before: None,
            after: Some(what),
        }
    }

    /// Something that belongs to a record has changed as a whole, such as the roles of a user. Without secrets.
    pub fn replaced(
        object_type: &'static str,
        object_id: String,
        before: Value,
        after: Value,
    ) -> Self {
        Self {
            object_type,
            object_id: Some(object_id),
            before: Some(before),
            after: Some(after),
        }
    }

    fn of<T: Audited>(record: &T, before: Option<&T>, after: Option<&T>) -> Self {
        let mut before = before.map(T::snapshot);
        let mut after = after.map(T::snapshot);
        for secret in T::SECRETS {
            let old = take(before.as_mut(), secret);
            let new = take(after.as_mut(), secret);
            if let Some(Value::Object(after)) = &mut after
                && old.unwrap_or_default() != new.unwrap_or_default()
            {
                after.insert((*secret).to_owned(), CHANGED.into());
            }
        }
        Self {
            object_type: T::KIND,
            object_id: Some(record.key()),
            before,
            after,
        }
    }
}

fn take(snapshot: Option<&mut Value>, field: &str) -> Option<Value> {
    snapshot
        .and_then(Value::as_object_mut)
        .and_then(|fields: &mut Map<String, Value>| fields.remove(field))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Account(&'static str, Option<&'static str>);

    impl Audited for Account {
        const KIND: &'static str = "account";
        const SECRETS: &'static [&'static str] = &["password"];

        fn key(&self) -> String {
            "7".to_owned()
        }

        fn snapshot(&self) -> Value {
            json!({ "name": self.0, "password": self.1 })
        }
    }

    #[test]
    fn a_secret_appears_as_changed_where_it_was_and_never_else() {
        let (old, new) = (Account("a", Some("one")), Account("a", Some("two")));
        let change = Change::updated(&old, &new);
        assert_eq!(change.before, Some(json!({ "name": "a" })));
        assert_eq!(
            change.after,
            Some(json!({ "name": "a", "password": "changed" }))
        );
        let same = Change::updated(&old, &Account("b", Some("one")));
        assert_eq!(same.after, Some(json!({ "name": "b" })));
        let created = Change::created(&old);
        assert_eq!(created.after, change.after);
        assert_eq!(
            Change::created(&Account("a", None)).after,
            Some(json!({ "name": "a" }))
        );
        assert_eq!(Change::deleted(&old).before, change.before);
        assert_eq!(Change::deleted(&old).after, None);
    }
}
