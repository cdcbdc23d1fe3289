use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
#[model(foreign_key(id, title, references = "books(id)"), foreign_key(id))]
struct Note {
    id: i32,
    #[column(references = "users")]
    title: String,
    #[column(references = "users(id) on delete remove")]
    author_id: i32,
    #[column(references = "users(id) cascade")]
    editor_id: i32,
    #[column(references = "Users(id)")]
    reader_id: i32,
}

fn main() {}
