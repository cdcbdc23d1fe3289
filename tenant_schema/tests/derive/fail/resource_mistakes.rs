//! A resource without a path, without its times, with a text of any length, and with names that there are not.

use tenant_schema::Resource;
use uuid::Uuid;

#[derive(Resource)]
#[diesel(table_name = notes)]
#[resource(order = "title", record = "notable", blame("notes_key", tilte, "is taken"))]
pub struct Note {
    pub id: Uuid,
    #[resource(serach)]
    pub title: String,
    #[column(length(1))]
    pub body: Option<String>,
}

fn main() {}
