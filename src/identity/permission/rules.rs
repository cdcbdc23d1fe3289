//! Rules by what they cover: a permission, all actions on a resource (`users.*`), or everything (`*`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};

/// Until when a rule holds; nothing where it has no end.
pub(super) type End = Option<DateTime<Utc>>;

/// What a rule is found by: the name of a permission, the resource of `users.*`, and nothing for `*`.
pub(super) type Key<'a> = &'a str;

/// Rules of one kind, at most one for each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules<Content>(BTreeMap<String, Rule<Content>>);

/// A rule, and what it says besides what it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule<Content> {
    /// What it covers, as it was written.
    pub(super) pattern: String,
    pub(super) content: Content,
}

impl<Content> Default for Rules<Content> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Content> Rules<Content> {
    /// Adds a rule. Where there is one of the same key, `merge` makes one of the two, whichever came first.
    pub(super) fn add(
        &mut self,
        key: Key<'_>,
        pattern: &str,
        content: Content,
        merge: impl FnOnce(&mut Content, Content),
    ) {
        match self.0.entry(key.to_owned()) {
            Entry::Vacant(entry) => {
                let pattern = pattern.to_owned();
                entry.insert(Rule { pattern, content });
            }
            Entry::Occupied(mut entry) => {
                let rule = entry.get_mut();
                merge(&mut rule.content, content);
                if pattern < rule.pattern.as_str() {
                    pattern.clone_into(&mut rule.pattern);
                }
            }
        }
    }

    /// The narrowest rule that covers all of `key` and is `wanted`.
    pub(super) fn covering(
        &self,
        key: Key<'_>,
        wanted: impl Fn(&Content) -> bool,
    ) -> Option<&Rule<Content>> {
        let mut rules = covering_keys(key).filter_map(|key| self.0.get(key));
        rules.find(|rule| wanted(&rule.content))
    }

    /// Whether a rule that is `wanted` covers something of `key`, all or part.
    pub(super) fn touch(&self, key: Key<'_>, wanted: impl Fn(&Content) -> bool) -> bool {
        let is_within = |other: &str| {
            key.is_empty()
                || other
                    .strip_prefix(key)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        let mut within = self.0.iter().filter(|(other, _)| is_within(other));
        self.covering(key, &wanted).is_some() || within.any(|(_, rule)| wanted(&rule.content))
    }
}

/// The keys of what covers all of a key, the narrowest first. Everything comes twice where it is the key.
pub(super) fn covering_keys(key: Key<'_>) -> impl Iterator<Item = Key<'_>> {
    let resource = key.split_once('.').map(|(resource, _)| resource);
    [Some(key), resource, Some("")].into_iter().flatten()
}

/// What a pattern is found by; nothing for what is no pattern.
pub(super) fn key(pattern: &str) -> Option<Key<'_>> {
    if pattern == "*" {
        return Some("");
    }
    let (resource, action) = pattern.split_once('.')?;
    match action {
        "*" if is_word(resource) => Some(resource),
        action if is_word(resource) && is_word(action) => Some(pattern),
        _ => None,
    }
}

/// Whether a name is made of what names of resources and actions are made of.
fn is_word(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// The later of two ends.
pub(super) fn later(end: &mut End, other: End) {
    *end = match (*end, other) {
        (Some(end), Some(other)) => Some(end.max(other)),
        _ => None,
    };
}

/// Whether a rule with this end holds at that time.
pub(super) fn holds(end: &End, at: DateTime<Utc>) -> bool {
    end.is_none_or(|end| at < end)
}
