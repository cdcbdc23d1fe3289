use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    #[column(identity)]
    id: String,
    #[column(identity = "sometimes")]
    number: i32,
    #[column(identity, default = "1")]
    page: i32,
}

fn main() {}
