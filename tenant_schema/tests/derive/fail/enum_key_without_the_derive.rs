use tenant_schema::TenantModel;

enum Status {
    Open,
    Closed,
}

#[derive(TenantModel)]
#[diesel(table_name = chores)]
struct Chore {
    id: i32,
    #[column(enum)]
    status: Status,
}

fn main() {}
