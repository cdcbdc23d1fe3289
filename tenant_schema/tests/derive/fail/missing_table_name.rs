use tenant_schema::TenantModel;

#[derive(TenantModel)]
struct Note {
    id: i32,
}

fn main() {}
