use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
#[model(check = "id > 0", check = "id < 10", index(title))]
struct Note {
    id: i32,
    #[column(index)]
    title: String,
}

fn main() {}
