//! Foreign keys with their actions, their indexes, and the joins that Diesel allows by them.

use diesel::prelude::*;
use tenant_schema::TenantModel;
use tenant_schema::definition::{Deferrable, ReferentialAction};

#[derive(TenantModel)]
#[diesel(table_name = shelves)]
#[model(unique(room, number))]
pub struct Shelf {
    pub id: i32,
    pub room: i32,
    pub number: i32,
}

#[derive(TenantModel)]
#[diesel(table_name = books)]
#[model(foreign_key(
    room,
    number,
    references = "shelves(room, number) ON UPDATE CASCADE",
    name = "books_place_fkey"
))]
pub struct Book {
    pub id: i32,
    #[column(
        references = "books(id) on delete set null on update cascade deferrable initially deferred"
    )]
    pub follows: Option<i32>,
    pub room: i32,
    pub number: i32,
}

#[derive(TenantModel)]
#[diesel(table_name = loans, primary_key(book_id, reader))]
#[model(index(reader, book_id))]
pub struct Loan {
    #[column(references = "books(id) on delete cascade")]
    pub book_id: i32,
    pub reader: i32,
    #[column(references = "shelves(id) deferrable")]
    pub shelf_id: i32,
}

diesel::allow_tables_to_appear_in_same_query!(books, loans, shelves);

fn main() {
    let book = Book::definition();
    let [follows, place] = &book.foreign_keys[..] else {
        panic!("{:?}", book.foreign_keys);
    };
    assert_eq!(follows.name, "books_follows_fkey");
    assert_eq!(follows.on_delete, ReferentialAction::SetNull);
    assert_eq!(follows.on_update, ReferentialAction::Cascade);
    assert_eq!(follows.deferrable, Deferrable::InitiallyDeferred);
    assert_eq!(place.name, "books_place_fkey");
    assert_eq!(place.references_columns, ["room", "number"]);
    assert_eq!(place.on_update, ReferentialAction::Cascade);
    assert_eq!(
        index_names(&book.indexes),
        ["books_follows_idx", "books_room_number_idx"]
    );

    let loan = Loan::definition();
    assert_eq!(loan.primary_key.unwrap().columns, ["book_id", "reader"]);
    assert_eq!(
        loan.foreign_keys[1].deferrable,
        Deferrable::InitiallyImmediate
    );
    assert_eq!(
        index_names(&loan.indexes),
        ["loans_reader_book_id_idx", "loans_shelf_id_idx"]
    );

    let joined = loans::table
        .inner_join(books::table)
        .inner_join(shelves::table);
    let _ = joined.select((loans::reader, books::room, shelves::number));
}

fn index_names(indexes: &[tenant_schema::definition::IndexDefinition]) -> Vec<&str> {
    indexes.iter().map(|index| index.name.as_str()).collect()
}
