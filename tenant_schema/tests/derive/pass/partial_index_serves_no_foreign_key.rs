//! An index that leaves rows out does not spare a foreign key its own.

use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = owners)]
pub struct Owner {
    pub id: i32,
}

#[derive(TenantModel)]
#[diesel(table_name = things)]
#[model(index(owner_id, where = "is_open", name = "things_open_idx"))]
pub struct Thing {
    pub id: i32,
    #[column(references = "owners(id)")]
    pub owner_id: i32,
    pub is_open: bool,
}

fn main() {
    let indexes = Thing::definition().indexes;
    assert!(
        indexes
            .iter()
            .any(|index| index.name == "things_owner_id_idx" && index.predicate.is_none())
    );
}
