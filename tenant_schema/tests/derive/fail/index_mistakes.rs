use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
#[model(index(lower(title)), index(), index(title, using = btree2))]
struct Note {
    id: i32,
    title: String,
}

fn main() {}
