use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = Notes)]
#[model(was = "old notes")]
struct Note {
    id: i32,
    #[expect(non_snake_case)]
    pageCount: i32,
}

fn main() {}
