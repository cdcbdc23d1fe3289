//! Parts of a table that have names of their own, and which of two tables' parts correspond.

use tenant_schema::definition::{
    CheckDefinition, ForeignKeyDefinition, IndexDefinition, KeyDefinition,
};

/// A constraint or an index.
pub(super) trait Part: Clone + PartialEq {
    /// Its name.
    fn name(&self) -> &str;

    /// The same with neither name nor comment, nor whether its rows were checked: what it does.
    fn essence(&self) -> Self;
}

macro_rules! part {
    ($type:ty $(, $state:ident)?) => {
        impl Part for $type {
            fn name(&self) -> &str {
                &self.name
            }

            fn essence(&self) -> Self {
                Self {
                    name: String::new(),
                    comment: None,
                    $($state: false,)?
                    ..self.clone()
                }
            }
        }
    };
}

part!(KeyDefinition);
part!(IndexDefinition);
part!(CheckDefinition, not_valid);
part!(ForeignKeyDefinition, not_valid);

/// How the parts of one kind of a table correspond before and after.
#[derive(Debug)]
pub(super) struct Matched<'a, P> {
    /// Of the same name and essence.
    pub(super) kept: Vec<(&'a P, &'a P)>,
    /// Of the same essence under another name.
    pub(super) renamed: Vec<(&'a P, &'a P)>,
    /// Of the same name with another essence.
    pub(super) replaced: Vec<(&'a P, &'a P)>,
    /// Not there before.
    pub(super) added: Vec<&'a P>,
    /// Not there afterwards.
    pub(super) dropped: Vec<&'a P>,
}

/// Pairs the parts. A part is taken for renamed when it does the same and `is_free` says of the new name that nothing has it.
pub(super) fn pair<'a, P: Part>(
    from: &'a [P],
    to: &'a [P],
    is_free: impl Fn(&str) -> bool,
) -> Matched<'a, P> {
    let mut matched = Matched {
        kept: Vec::new(),
        renamed: Vec::new(),
        replaced: Vec::new(),
        added: Vec::new(),
        dropped: Vec::new(),
    };
    let is_in = |parts: &[P], name: &str| parts.iter().any(|part| part.name() == name);
    let mut left: Vec<&P> = from.iter().filter(|part| !is_in(to, part.name())).collect();
    for after in to {
        if let Some(before) = from.iter().find(|part| part.name() == after.name()) {
            if before.essence() == after.essence() {
                matched.kept.push((before, after));
            } else {
                matched.replaced.push((before, after));
            }
            continue;
        }
        let same = (left.iter()).position(|before| before.essence() == after.essence());
        match same.filter(|_| is_free(after.name())) {
            Some(position) => matched.renamed.push((left.remove(position), after)),
            None => matched.added.push(after),
        }
    }
    matched.dropped = left;
    matched
}
