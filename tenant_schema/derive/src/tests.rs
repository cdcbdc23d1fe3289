//! What the derives write, read as Rust.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{derive_resource_inner, derive_tenant_enum_inner, derive_tenant_model_inner};

#[test]
fn a_model_becomes_a_table_and_its_definition() {
    let written = derive_tenant_model_inner(quote! {
        /// A note on any record of the tenant.
        #[diesel(table_name = notes)]
        #[model(index("created_at desc", id), check = "char_length(title) > 0")]
        pub struct Note {
            #[column(default = "gen_random_uuid()")]
            pub id: Uuid,
            /// What it is about.
            #[column(unique)]
            pub title: String,
            #[column(references = "users(id) on delete set null")]
            pub author_id: Option<Uuid>,
            #[column(default = "now()")]
            pub created_at: DateTime<Utc>,
        }
    });
    insta::assert_snapshot!(pretty(written));
}

#[test]
fn an_enum_becomes_labels_that_diesel_binds_and_reads() {
    let written = derive_tenant_enum_inner(quote! {
        enum Status {
            Pending,
            InProgress,
        }
    });
    insta::assert_snapshot!(pretty(written));
}

#[test]
fn a_resource_becomes_bodies_filters_and_queries() {
    let written = derive_resource_inner(quote! {
        /// A note on any record of the tenant.
        #[diesel(table_name = notes)]
        #[resource(path = "/tools/notes", order = "-created_at", record = "notable")]
        #[resource(blame("notes_notable_check", notable_id, "goes with `notable_type`"))]
        pub struct Note {
            pub id: Uuid,
            /// What it is about.
            #[column(length(1, 200))]
            #[resource(search, sort)]
            pub title: String,
            /// How much it matters.
            #[column(enum)]
            #[resource(default, filter)]
            pub priority: Priority,
            /// When to come back to it.
            #[resource(filter)]
            pub due_at: Option<DateTime<Utc>>,
            #[column(references = "users(id) on delete set null")]
            pub assigned_to: Option<Uuid>,
            #[resource(secret)]
            #[column(diesel_type = "diesel::sql_types::Text")]
            pub secret: Option<Secret>,
            #[column(enum)]
            pub notable_type: RecordKind,
            pub notable_id: Uuid,
            #[column(references = "users(id) on delete set null")]
            #[resource(author)]
            pub author_id: Option<Uuid>,
            pub created_at: DateTime<Utc>,
            pub updated_at: DateTime<Utc>,
            pub deleted_at: Option<DateTime<Utc>>,
        }
    });
    insta::assert_snapshot!(pretty(written));
}

fn pretty(written: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(written).unwrap())
}
