use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
#[model(indexes(title))]
struct Note {
    id: i32,
    title: String,
}

fn main() {}
