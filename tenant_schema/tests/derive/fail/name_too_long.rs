use tenant_schema::TenantModel;

#[derive(TenantModel)]
#[diesel(table_name = notes)]
#[model(index(the_person_who_wrote_it_first, the_person_who_changed_it_last))]
struct Note {
    id: i32,
    the_person_who_wrote_it_first: i32,
    the_person_who_changed_it_last: i32,
}

fn main() {}
