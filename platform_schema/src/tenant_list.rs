//! The list of tenants: filters, order and pages.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::schema::tenants;
use crate::text_column::text_enum;
use crate::{PlatformConn, Tenant, TenantStatus};

/// Which tenants a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// Part of the slug or the name, in any case.
    pub search: Option<String>,
    /// Tenants of this status. Without it, all but the purged ones.
    pub status: Option<TenantStatus>,
}

text_enum! {
    /// The order of a list of tenants, as `?sort=` spells it; `-` turns it round.
    pub enum TenantSortKey {
        /// By slug.
        Slug => "slug",
        /// By slug, backwards.
        SlugDescending => "-slug",
        /// By name.
        Name => "name",
        /// By name, backwards.
        NameDescending => "-name",
        /// Oldest first.
        CreatedAt => "created_at",
        /// Newest first.
        CreatedAtDescending => "-created_at",
    }
}

type Filtered<'a> = tenants::BoxedQuery<'a, Pg>;

impl TenantFilter {
    fn apply(&self) -> Filtered<'_> {
        let tenants = match self.status {
            Some(status) => tenants::table
                .into_boxed()
                .filter(tenants::status.eq(status)),
            None => tenants::table
                .into_boxed()
                .filter(tenants::status.ne(TenantStatus::Purged)),
        };
        match &self.search {
            Some(part) => {
                let pattern = containing(part);
                tenants.filter(
                    tenants::slug
                        .ilike(pattern.clone())
                        .or(tenants::name.ilike(pattern)),
                )
            }
            None => tenants,
        }
    }
}

impl TenantSortKey {
    fn apply(self, tenants: Filtered<'_>) -> Filtered<'_> {
        let sorted = match self {
            Self::Slug => tenants.order(tenants::slug.asc()),
            Self::SlugDescending => tenants.order(tenants::slug.desc()),
            Self::Name => tenants.order(tenants::name.asc()),
            Self::NameDescending => tenants.order(tenants::name.desc()),
            Self::CreatedAt => tenants.order(tenants::created_at.asc()),
            Self::CreatedAtDescending => tenants.order(tenants::created_at.desc()),
        };
        // Equal tenants would otherwise change places from page to page.
        sorted.then_order_by(tenants::id.asc())
    }
}

/// A `LIKE` pattern for any text that contains `part`, taken literally.
fn containing(part: &str) -> String {
    let literal = part
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{literal}%")
}

impl Tenant {
    /// At most `limit` tenants after the first `offset`.
    pub async fn list(
        filter: &TenantFilter,
        sort: TenantSortKey,
        limit: i64,
        offset: i64,
        mut conn: &PlatformConn,
    ) -> QueryResult<Vec<Self>> {
        sort.apply(filter.apply())
            .select(Self::as_select())
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// How many tenants pass the filter.
    pub async fn count(filter: &TenantFilter, mut conn: &PlatformConn) -> QueryResult<i64> {
        filter.apply().count().get_result(&mut conn).await
    }
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;

    use super::*;

    #[test]
    fn wildcards_in_a_search_are_taken_literally() {
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn a_list_without_a_status_leaves_the_purged_out() {
        let filter = TenantFilter::default();
        let sql =
            debug_query::<Pg, _>(&TenantSortKey::SlugDescending.apply(filter.apply())).to_string();
        assert!(sql.contains(r#""status" != $1"#), "{sql}");
        assert!(
            sql.contains(r#"ORDER BY "shared"."tenants"."slug" DESC, "shared"."tenants"."id" ASC"#),
            "{sql}"
        );
    }
}
