use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    id: i32,
    #[column(references = "users(id) on delete set null")]
    author_id: i32,
}

fn main() {}
