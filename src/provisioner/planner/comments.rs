//! Comments of everything, set last, when the objects have their final names.

use tenant_schema::definition::TableDefinition;

use super::super::ddl;
use super::super::identifier::quote_identifier;
use super::Planner;
use super::draft::{Draft, Phase};

impl Planner<'_> {
    /// Sets the comments of a table and its parts. What is built anew in this plan has lost its comment: `before` lacks it.
    pub(super) fn draft_comments(&mut self, before: &TableDefinition, after: &TableDefinition) {
        let known: Vec<_> = ddl::commentable(before)
            .map(|(object, text)| (object, text.clone()))
            .collect();
        let wished: Vec<_> = ddl::commentable(after)
            .map(|(object, text)| (object, text.clone()))
            .collect();
        for (object, text) in wished {
            let known = known.iter().find(|(known, _)| *known == object);
            let known = known.and_then(|(_, text)| text.as_deref());
            self.comment(&object, known, text.as_deref());
        }
        for column in &after.columns {
            let sequence = |table: &TableDefinition| {
                let column = table.column(&column.name)?;
                column.identity.clone()?.sequence
            };
            let (known, wished) = (sequence(before), sequence(after));
            if let Some(wished) = wished {
                let object = format!("SEQUENCE {}", quote_identifier(&wished.name));
                let known = known.and_then(|known| known.comment);
                self.comment(&object, known.as_deref(), wished.comment.as_deref());
            }
        }
    }

    pub(super) fn comment(&mut self, object: &str, known: Option<&str>, wished: Option<&str>) {
        if known == wished {
            return;
        }
        let (kind, rest) = object.split_once(' ').unwrap_or((object, ""));
        let name = format!(
            "comment on {} {}",
            kind.to_lowercase(),
            rest.replace('"', "")
        );
        self.push(Draft::new(
            Phase::Comments,
            name,
            ddl::comment(object, wished),
        ));
    }
}
