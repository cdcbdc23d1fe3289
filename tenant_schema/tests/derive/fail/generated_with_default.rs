use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    id: i32,
    #[column(generated = "id * 2", default = "0")]
    double: i32,
    #[column(generated = "id * 3", identity)]
    triple: i32,
}

fn main() {}
