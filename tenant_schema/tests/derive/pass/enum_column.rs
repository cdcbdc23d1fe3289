//! An enum is a text column that admits its labels alone.

use diesel::pg::Pg;
use diesel::prelude::*;
use tenant_schema::{TenantEnum, TenantModel};

#[derive(Debug, Clone, Copy, PartialEq, TenantEnum)]
pub enum Status {
    Pending,
    InProgress,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset, TenantModel)]
#[diesel(table_name = chores, check_for_backend(Pg))]
pub struct Chore {
    pub id: i32,
    #[column(enum, default = "'pending'")]
    pub status: Status,
    #[column(enum)]
    pub before: Option<Status>,
}

fn main() {
    let chore = Chore::definition();
    assert_eq!(chore.columns[1].sql_type, "text");
    assert_eq!(chore.checks[0].name, "chores_status_check");
    assert_eq!(
        chore.checks[0].expression,
        "status in ('pending', 'in_progress')"
    );
    assert!(chore.columns[2].nullable);
    assert_eq!(Status::of_label("in_progress"), Some(Status::InProgress));
    assert_eq!(Status::of_label("done"), None);
    let _ = chores::table
        .filter(chores::status.eq(Status::Pending))
        .filter(chores::before.eq(Some(Status::InProgress)))
        .select(<Chore as SelectableHelper<Pg>>::as_select());
}
