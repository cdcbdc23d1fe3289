use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
#[model(append_only = true, index)]
struct Note {
    id: i32,
    #[column(default = 0, unique = "yes", check, collation = "")]
    count: i32,
}

fn main() {}
