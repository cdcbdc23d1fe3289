//! A column may be called like a key of `index(…)`.

use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = labels)]
#[model(index(name, include), unique(name, name = "labels_one_name"))]
pub struct Label {
    pub id: i32,
    pub name: String,
    pub include: bool,
}

fn main() {
    let label = Label::definition();
    assert_eq!(label.indexes[0].keys, ["\"name\"", "\"include\""]);
    assert_eq!(label.uniques[0].name, "labels_one_name");
}
