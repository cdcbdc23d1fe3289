use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    id: i32,
    #[column(diesel_type = "diesel::sql_types::Oid")]
    object: u32,
}

fn main() {}
