use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
enum Note {
    Short,
    Long,
}

fn main() {}
