//! Numbered pages: what was asked for and what there is.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A page of a list, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageRequest {
    /// Which page, from 1.
    #[param(required = false, minimum = 1, maximum = 2_147_483_647, default = 1)]
    page: u32,
    /// Rows on a page.
    #[param(required = false, minimum = 1, maximum = 100, default = 20)]
    per_page: u32,
}

impl PageRequest {
    /// Rows on a page if the client does not say.
    pub const DEFAULT_PER_PAGE: u32 = 20;
    /// Most rows on a page.
    pub const MAX_PER_PAGE: u32 = 100;
    /// The highest page, which clients can keep in a signed integer of 32 bits.
    pub const LAST: u32 = i32::MAX.cast_unsigned();

    /// The page `page` of `per_page` rows; both are brought into their ranges.
    pub fn new(page: u32, per_page: u32) -> Self {
        Self {
            page: page.max(1),
            per_page: per_page.clamp(1, Self::MAX_PER_PAGE),
        }
    }

    /// Which page, from 1.
    pub fn page(self) -> u32 {
        self.page
    }

    /// How many rows to read, for `LIMIT`.
    pub fn limit(self) -> i64 {
        i64::from(self.per_page)
    }

    /// How many rows to skip, for `OFFSET`.
    pub fn offset(self) -> i64 {
        (i64::from(self.page) - 1) * i64::from(self.per_page)
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(1, Self::DEFAULT_PER_PAGE)
    }
}

/// Where a list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pagination {
    /// This page, from 1.
    pub page: u32,
    /// Most rows on a page.
    pub per_page: u32,
    /// Rows on all pages that the caller may see.
    pub total: i64,
    /// Number of pages; 0 for an empty list.
    pub pages: i64,
}

impl Pagination {
    /// The page `request` of a list with `total` rows.
    pub fn new(request: PageRequest, total: i64) -> Self {
        let whole = total / request.limit();
        let part = i64::from(total % request.limit() > 0);
        Self {
            page: request.page,
            per_page: request.per_page,
            total,
            pages: whole + part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PageRequest, Pagination};

    #[test]
    fn the_last_page_may_be_short() {
        let pages = |total| Pagination::new(PageRequest::new(1, 20), total).pages;
        assert_eq!((pages(0), pages(1), pages(20), pages(21)), (0, 1, 1, 2));
    }

    #[test]
    fn the_highest_page_does_not_overflow() {
        let request = PageRequest::new(u32::MAX, 100);
        assert_eq!(request.offset(), 429_496_729_400);
    }
}
