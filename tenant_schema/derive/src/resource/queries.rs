//! Writes the queries of a resource: plain Diesel, as one would by hand.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Field, Resource};
use crate::tenant_enum::snake_case;

pub(super) fn write(resource: &Resource) -> TokenStream {
    let (ident, table) = (&resource.ident, &resource.table);
    let (new, changes) = (resource.new_ident(), resource.changes_ident());
    let (filter, keys) = (resource.filter_ident(), resource.sort_key_ident());
    let module = format_ident!("{}_queries", snake_case(&ident.to_string()));
    let audited = write_audited(resource);
    let parts = [
        write_constants(resource),
        write_own(),
        write_named(resource),
        write_finds(resource),
        write_lists(resource),
        write_insert(resource),
        write_changes(resource),
    ];
    quote! {
        mod #module {
            use super::{#changes, #filter, #ident, #new, #keys, #table};
            use ::diesel::prelude::*;
            use ::diesel::QueryResult;
            use ::diesel_async::RunQueryDsl;
            use ::tenant_schema::TenantConn;
            use ::tenant_schema::resource::{Actions, Blame, Order, Resource, clock_timestamp};

            #audited

            impl Resource for #ident {
                type New = #new;
                type Changes = #changes;
                type Filter = #filter;
                type SortKey = #keys;

                #(#parts)*
            }
        }
    }
}

/// What every record has.
fn write_own() -> TokenStream {
    quote! {
        fn id(&self) -> ::uuid::Uuid {
            self.id
        }

        fn updated_at(&self) -> ::chrono::DateTime<::chrono::Utc> {
            self.updated_at
        }

        fn is_deleted(&self) -> bool {
            self.deleted_at.is_some()
        }
    }
}

/// Secrets are not shown, and are compared all the same.
fn write_audited(resource: &Resource) -> TokenStream {
    let ident = &resource.ident;
    let kind = snake_case(&ident.to_string());
    let secrets: Vec<&Field> = resource.secrets().collect();
    let texts = secrets.iter().map(|field| &field.column.name);
    let listed = (!secrets.is_empty())
        .then(|| quote!(const SECRETS: &'static [&'static str] = &[#(#texts),*];));
    let inserted = secrets.iter().map(|field| {
        let (name, text) = (&field.column.field, &field.column.name);
        quote! {
            let sealed = self.#name.as_ref().and_then(|secret| secret.sealed());
            snapshot[#text] = sealed.into();
        }
    });
    let snapshot = if secrets.is_empty() {
        quote!(::serde_json::to_value(self).unwrap_or_default())
    } else {
        quote! {
            let mut snapshot = ::serde_json::to_value(self).unwrap_or_default();
            #(#inserted)*
            snapshot
        }
    };
    quote! {
        impl ::tenant_schema::settings::Audited for #ident {
            const KIND: &'static str = #kind;
            #listed

            fn key(&self) -> String {
                self.id.to_string()
            }

            fn snapshot(&self) -> ::serde_json::Value {
                #snapshot
            }
        }
    }
}

fn write_constants(resource: &Resource) -> TokenStream {
    let (path, keys) = (&resource.path, resource.sort_key_ident());
    let name = resource.name();
    let actions = ["read", "create", "update", "delete", "restore"].map(|action| {
        let (field, text) = (format_ident!("{action}"), format!("{name}.{action}"));
        quote!(#field: #text)
    });
    let sorted = resource.fields.iter().filter(|field| field.is_sorted());
    let sort_keys = sorted.map(|field| {
        let (text, variant) = (&field.column.name, field.variant());
        quote!((#text, #keys::#variant))
    });
    let (order, descending) = resource.order();
    let order = resource.field(&order).map(Field::variant);
    let blames = write_blames(resource);
    quote! {
        const PATH: &'static str = #path;
        const ACTIONS: Actions = Actions { #(#actions),* };
        const SORT_KEYS: &'static [(&'static str, Self::SortKey)] = &[#(#sort_keys),*];
        const ORDER: Order<Self::SortKey> = Order { key: #keys::#order, descending: #descending };
        const BLAMES: &'static [Blame] = &[#(#blames),*];
    }
}

/// Those told by hand, and one for each foreign key that clients give the value of.
fn write_blames(resource: &Resource) -> impl Iterator<Item = TokenStream> {
    let by_hand = resource.keys.blames.iter().map(|blame| {
        let (constraint, message) = (blame.constraint.value(), blame.message.value());
        (constraint, blame.field.to_string(), message)
    });
    let references = resource.given().filter_map(|field| {
        field.column.reference.as_ref()?;
        let name = field.column.name.clone();
        let constraint = format!("{}_{name}_fkey", resource.table);
        Some((constraint, name, "names no record of the tenant".to_owned()))
    });
    by_hand.chain(references).map(|(constraint, field, message)| {
        quote!(Blame { constraint: #constraint, field: #field, message: #message })
    })
}

/// A reference to a table without soft deletion is left to its constraint. A field that is an `Option` and one that is not are both made one.
fn write_named(resource: &Resource) -> TokenStream {
    let holder = resource.keys.record.as_ref().map(|record| {
        let kind = format_ident!("{}_type", record.value());
        let id = format_ident!("{}_id", record.value());
        (quote!(Option::from(self.#kind)), id)
    });
    let references = resource.given().filter_map(|field| {
        let (_, reference) = field.column.reference.as_ref()?;
        let table = &reference.table;
        let kind = quote!(::tenant_schema::record::RecordKind::in_table(#table));
        Some((kind, field.column.field.clone()))
    });
    let named = holder.into_iter().chain(references).map(|(kind, id)| {
        let field = id.to_string();
        quote! {
            if let (Some(kind), Some(id)) = (#kind, Option::from(self.#id)) {
                named.push((#field, ::tenant_schema::record::Record { kind, id }));
            }
        }
    });
    let named: Vec<TokenStream> = named.collect();
    if named.is_empty() {
        return TokenStream::new();
    }
    quote! {
        fn named(&self) -> Vec<(&'static str, ::tenant_schema::record::Record)> {
            let mut named = Vec::new();
            #(#named)*
            named
        }
    }
}

fn write_finds(resource: &Resource) -> TokenStream {
    let table = &resource.table;
    quote! {
        async fn find(id: ::uuid::Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
            #table::table
                .find(id)
                .filter(#table::deleted_at.is_null())
                .select(Self::as_select())
                .first(&mut conn)
                .await
        }

        async fn lock(id: ::uuid::Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
            #table::table
                .find(id)
                .select(Self::as_select())
                .for_no_key_update()
                .first(&mut conn)
                .await
        }
    }
}

fn write_lists(resource: &Resource) -> TokenStream {
    let (filter, keys) = (resource.filter_ident(), resource.sort_key_ident());
    let table = &resource.table;
    quote! {
        async fn list(
            filter: &#filter,
            orders: &[Order<#keys>],
            limit: i64,
            offset: i64,
            mut conn: &TenantConn,
        ) -> QueryResult<Vec<Self>> {
            orders
                .iter()
                .fold(filter.apply(), |query, order| order.key.apply(order.descending, query))
                .then_order_by(#table::id.asc())
                .select(Self::as_select())
                .limit(limit)
                .offset(offset)
                .load(&mut conn)
                .await
        }

        async fn count(filter: &#filter, mut conn: &TenantConn) -> QueryResult<i64> {
            filter.apply().count().get_result(&mut conn).await
        }
    }
}

fn write_insert(resource: &Resource) -> TokenStream {
    let (table, new) = (&resource.table, resource.new_ident());
    let author = resource
        .fields
        .iter()
        .find(|field| field.keys.author.is_some());
    let (by, values) = match author.map(|field| &field.column.field) {
        Some(column) => (format_ident!("author"), quote!(#table::#column.eq(author),)),
        None => (format_ident!("_author"), quote!()),
    };
    quote! {
        async fn insert(
            id: ::uuid::Uuid,
            new: &#new,
            #by: ::uuid::Uuid,
            mut conn: &TenantConn,
        ) -> QueryResult<Self> {
            ::diesel::insert_into(#table::table)
                .values((#table::id.eq(id), #values new))
                .returning(Self::as_returning())
                .get_result(&mut conn)
                .await
        }
    }
}

fn write_changes(resource: &Resource) -> TokenStream {
    let (table, changes) = (&resource.table, resource.changes_ident());
    quote! {
        async fn change(
            &self,
            changes: &#changes,
            mut conn: &TenantConn,
        ) -> QueryResult<Self> {
            ::diesel::update(#table::table.find(self.id))
                .set((changes, #table::updated_at.eq(clock_timestamp())))
                .returning(Self::as_returning())
                .get_result(&mut conn)
                .await
        }

        async fn set_deleted(
            &self,
            is_deleted: bool,
            mut conn: &TenantConn,
        ) -> QueryResult<Self> {
            let deleted_at = is_deleted.then(::chrono::Utc::now);
            ::diesel::update(#table::table.find(self.id))
                .set((
                    #table::deleted_at.eq(deleted_at),
                    #table::updated_at.eq(clock_timestamp()),
                ))
                .returning(Self::as_returning())
                .get_result(&mut conn)
                .await
        }
    }
}
