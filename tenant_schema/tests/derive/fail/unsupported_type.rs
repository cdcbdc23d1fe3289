use std::collections::HashMap;

use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
struct Note {
    id: u64,
    words: HashMap<String, i32>,
}

fn main() {}
