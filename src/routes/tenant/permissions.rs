//! Routes of the permissions that there are. What is granted and denied to a user is in `user_permissions`.

use actix_web::web::ServiceConfig;
use serde::Serialize;
use tenant_schema::identity::{Permission as Row, PermissionFilter, PermissionSortKey};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::PermissionsRead;
use crate::resource::{FromQuery, List, Order, PageRequest, QueryParameters, SortKey, StrictQuery};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_permissions))]
pub struct Documentation;

/// Mounts the routes, also below `/users`.
pub fn configure(scope: &mut ServiceConfig) {
    for path in ["/permissions", "/users/permissions"] {
        scope.service(Methods::at(path).get(list_permissions));
    }
}

/// Something that a role or a user can be granted or denied.
#[derive(Debug, Serialize, ToSchema)]
struct PermissionView {
    /// `<resource>.<action>`; the action `*` stands for all, and the name `*` for everything.
    name: String,
    resource: String,
    action: String,
    /// What it allows, for people.
    description: Option<String>,
}

/// Which permissions to list, and in what order.
#[derive(Debug)]
struct PermissionQuery {
    page: PageRequest,
    orders: Vec<Order<PermissionSortKey>>,
    filter: PermissionFilter,
}

/// The parameters as the documentation shows them, beside those of the page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
struct PermissionParameters {
    /// `name` or `action`, `-` before it for descending, separated by commas.
    sort: Option<String>,
    /// Part of the name or the description.
    q: Option<String>,
    /// Permissions for this resource alone.
    resource: Option<String>,
}

/// Lists the permissions that there are, wildcards among them.
#[utoipa::path(get, path = "/permissions", tag = "permissions", params(PageRequest, PermissionParameters),
    responses((status = 200, body = List<PermissionView>)))]
async fn list_permissions(
    caller: Authorized<PermissionsRead>,
    query: StrictQuery<PermissionQuery>,
) -> Result<List<PermissionView>, ApiError> {
    let (filter, orders, page) = (&query.filter, &query.orders, query.page);
    let conn = caller.conn().await?;
    let rows = Row::list(filter, orders, page.limit(), page.offset(), conn);
    let (rows, total) = futures_util::try_join!(rows, Row::count(filter, conn))?;
    let shown = rows.into_iter().map(PermissionView::new).collect();
    Ok(List::new("permissions", shown, page, total))
}

impl PermissionView {
    fn new(row: Row) -> Self {
        Self {
            name: row.name,
            resource: row.resource,
            action: row.action,
            description: row.description,
        }
    }
}

impl FromQuery for PermissionQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            orders: query.sort()?,
            filter: PermissionFilter {
                search: query.text("q")?,
                resource: query.text("resource")?,
            },
        })
    }
}

impl SortKey for PermissionSortKey {
    const KEYS: &'static [(&'static str, Self)] = &[("name", Self::Name), ("action", Self::Action)];
    const DEFAULT: &'static [Order<Self>] = &[Order::ascending(Self::Name)];
}
