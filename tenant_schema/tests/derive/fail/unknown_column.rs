use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
#[model(
    index(titel),
    unique(id, author),
    index("lower(autor)"),
    index(title, include(body))
)]
struct Note {
    id: i32,
    title: String,
}

fn main() {}
