use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    number: i32,
}

#[derive(TenantModel)]
#[diesel(table_name = pages, primary_key(number, leaf))]
struct Page {
    number: Option<i32>,
}

fn main() {}
