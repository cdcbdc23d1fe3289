use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    id: i32,
    #[column(default = "''", unique)]
    #[column(default = "'new'")]
    title: String,
}

fn main() {}
