use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    id: i32,
    #[column(primary, default = "''")]
    title: String,
}

fn main() {}
