//! What a request brings to a plain resource: its query and its bodies, read and checked.

use tenant_schema::resource::{Filter, Input, Order, Parameters, Resource};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::{FromQuery, PageRequest, QueryParameters, Validation, sort};
use crate::error::ApiError;

/// Which rows of a plain resource to list, and in what order.
#[derive(Debug)]
pub struct PlainQuery<R: Resource> {
    /// Which page of them.
    pub page: PageRequest,
    /// The order.
    pub orders: Vec<Order<R::SortKey>>,
    /// Which of them.
    pub filter: R::Filter,
}

impl<R: Resource> FromQuery for PlainQuery<R> {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        let page = query.page()?;
        let orders = query.orders(R::SORT_KEYS)?;
        Ok(Self {
            page,
            orders: orders.unwrap_or_else(|| vec![R::ORDER]),
            filter: R::Filter::read(query)?,
        })
    }
}

impl<R: Resource> IntoParams for PlainQuery<R> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = PageRequest::into_params(&place);
        parameters.push(sort::parameter(R::SORT_KEYS));
        parameters.extend(R::Filter::into_params(place));
        parameters
    }
}

impl Parameters for QueryParameters {
    type Error = ApiError;

    fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        Self::text(self, name)
    }

    fn parsed<T>(&mut self, name: &str) -> Result<Option<T>, ApiError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        Self::parsed(self, name)
    }

    fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        Self::flag(self, name)
    }
}

/// A body whose fields were found to be right.
pub trait Checked: Input + Sized {
    /// Checks every field.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    fn checked(self) -> Result<Self, ApiError> {
        let mut faults = tenant_schema::resource::Faults::default();
        self.check(&mut faults);
        let mut validation = Validation::new();
        for (field, message) in faults {
            validation.field(field, message);
        }
        validation.finish()?;
        Ok(self)
    }
}

impl<T: Input> Checked for T {}
