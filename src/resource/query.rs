//! Query strings that are understood in full or refused.

use std::{
    collections::BTreeMap,
    fmt::Display,
    future::{Ready, ready},
    ops::{Deref, RangeInclusive},
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use super::{
    CursorRequest, FORBIDDEN_CHARACTER, Order, PageRequest, SortKey, holds_forbidden_character,
    sort,
};
use crate::error::{ApiError, Code};

/// A type that takes its fields out of the query string.
///
/// ```
/// use rowhouse::{
///     error::ApiError,
///     resource::{FromQuery, PageRequest, QueryParameters},
/// };
///
/// struct NoteQuery {
///     page: PageRequest,
///     q: Option<String>,
///     include_deleted: bool,
/// }
///
/// impl FromQuery for NoteQuery {
///     fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
///         Ok(Self {
///             page: query.page()?,
///             q: query.text("q")?,
///             include_deleted: query.flag("include_deleted")?,
///         })
///     }
/// }
/// ```
pub trait FromQuery: Sized {
    /// Takes what it knows; what is left over is refused by [`StrictQuery`].
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError>;
}

/// No parameters at all.
impl FromQuery for () {
    fn from_query(_: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(())
    }
}

/// The query of a request, every parameter known, given once and valid; otherwise 400 naming the parameter.
#[derive(Clone, Debug)]
pub struct StrictQuery<T>(pub T);

/// For endpoints without parameters.
pub type NoQuery = StrictQuery<()>;

impl<T> Deref for StrictQuery<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromQuery> FromRequest for StrictQuery<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn read<T: FromQuery>(query: &str) -> Result<T, ApiError> {
    let mut parameters = QueryParameters::parse(query)?;
    let value = T::from_query(&mut parameters)?;
    parameters.finish()?;
    Ok(value)
}

/// The parameters nobody has taken yet.
#[derive(Debug)]
pub struct QueryParameters {
    values: BTreeMap<String, String>,
}

impl QueryParameters {
    /// Splits and decodes a query string; a repeated parameter is refused.
    fn parse(query: &str) -> Result<Self, ApiError> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query).map_err(|error| {
            ApiError::new(Code::BadRequest)
                .detail("the query string is malformed")
                .because(error)
        })?;
        let mut values = BTreeMap::new();
        for (name, value) in pairs.into_inner() {
            if holds_forbidden_character(&name) || holds_forbidden_character(&value) {
                return Err(refused(&name, FORBIDDEN_CHARACTER));
            }
            if values.insert(name.clone(), value).is_some() {
                return Err(refused(&name, "is given twice"));
            }
        }
        Ok(Self { values })
    }

    /// Takes `page` and `per_page`.
    pub fn page(&mut self) -> Result<PageRequest, ApiError> {
        let page = self.number("page", 1..=PageRequest::LAST)?.unwrap_or(1);
        let per_page = self.number("per_page", 1..=PageRequest::MAX_PER_PAGE)?;
        Ok(PageRequest::new(
            page,
            per_page.unwrap_or(PageRequest::DEFAULT_PER_PAGE),
        ))
    }

    /// Takes `cursor` and `per_page`.
    pub fn cursor(&mut self) -> Result<CursorRequest, ApiError> {
        let per_page = self.number("per_page", 1..=PageRequest::MAX_PER_PAGE)?;
        Ok(CursorRequest {
            cursor: self.parsed("cursor")?,
            per_page: per_page.unwrap_or(PageRequest::DEFAULT_PER_PAGE),
        })
    }

    /// Takes `sort`; absent, the list's own order.
    pub fn sort<K: SortKey>(&mut self) -> Result<Vec<Order<K>>, ApiError> {
        let orders = self.orders(K::KEYS)?;
        Ok(orders.unwrap_or_else(|| K::DEFAULT.to_vec()))
    }

    /// Takes `sort` with these keys; none where it is absent.
    pub fn orders<K: Copy + PartialEq>(
        &mut self,
        keys: &[(&'static str, K)],
    ) -> Result<Option<Vec<Order<K>>>, ApiError> {
        let text = self.take("sort");
        let orders = text.map(|text| sort::parse(&text, keys)).transpose();
        orders.map_err(|message| refused("sort", &message))
    }

    /// Takes a text; an empty one counts as absent.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        Ok(self.take(name).filter(|text| !text.is_empty()))
    }

    /// Takes a switch: `true` or `false`, absent is false.
    pub fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        match self.take(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(refused(name, "must be `true` or `false`")),
        }
    }

    /// Takes anything that can be read from text: a date, an id, a status.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(refused(name, &format!("is not valid: {error}"))),
        }
    }

    /// Takes a whole number within `range`.
    pub fn number(
        &mut self,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(refused(
                name,
                &format!(
                    "must be a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
            )),
        }
    }

    /// The fault of a parameter that was taken, and is not what it has to be beside the others.
    pub fn fault(name: &str, message: &str) -> ApiError {
        refused(name, message)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }

    /// Refuses whatever is left.
    fn finish(self) -> Result<(), ApiError> {
        match self.values.into_keys().next() {
            Some(name) => Err(refused(&name, "is not known here")),
            None => Ok(()),
        }
    }
}

fn refused(name: &str, message: &str) -> ApiError {
    ApiError::new(Code::BadRequest)
        .detail(format!("query parameter `{name}` {message}"))
        .field(name, message)
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::{FromQuery, PageRequest, QueryParameters, read};
    use crate::error::{ApiError, Code};

    #[derive(Debug)]
    struct Search {
        page: PageRequest,
        q: Option<String>,
        active: bool,
        id: Option<uuid::Uuid>,
    }

    impl FromQuery for Search {
        fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
            Ok(Self {
                page: query.page()?,
                q: query.text("q")?,
                active: query.flag("active")?,
                id: query.parsed("id")?,
            })
        }
    }

    fn detail(query: &str) -> String {
        let error = read::<Search>(query).unwrap_err();
        assert_eq!(error.code(), Code::BadRequest);
        error.public_detail().to_owned()
    }

    #[test]
    fn every_parameter_has_a_default() {
        let search = read::<Search>("").unwrap();
        assert_eq!(search.page, PageRequest::default());
        assert_eq!((search.q, search.active, search.id), (None, false, None));
    }

    #[test]
    fn values_are_decoded() {
        let search =
            read::<Search>("q=caf%C3%A9+au%26lait&page=3&per_page=100&active=true").unwrap();
        assert_eq!(search.q.unwrap(), "café au&lait");
        assert_eq!(search.page, PageRequest::new(3, 100));
        assert!(search.active);
    }

    #[test]
    fn unknown_and_repeated_parameters_are_named() {
        assert_eq!(detail("pgae=2"), "query parameter `pgae` is not known here");
        assert_eq!(detail("q=a&q=b"), "query parameter `q` is given twice");
    }

    #[test]
    fn page_sizes_outside_the_range_are_refused() {
        for size in ["0", "-1", "101", "1000000000", "ten", "", "1e1"] {
            assert_eq!(
                detail(&format!("per_page={size}")),
                "query parameter `per_page` must be a whole number from 1 to 100"
            );
        }
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        assert_eq!(
            detail("active=yes"),
            "query parameter `active` must be `true` or `false`"
        );
        assert!(detail("id=1").starts_with("query parameter `id` is not valid"));
    }

    #[test]
    fn nul_and_direction_overrides_are_refused() {
        for value in ["a%00b", "a%E2%80%AEb"] {
            assert!(detail(&format!("q={value}")).contains("direction override"));
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused_with_400(query in ".*") {
            if let Err(error) = read::<Search>(&query) {
                prop_assert!(error.code() == Code::BadRequest);
            }
        }
    }
}
