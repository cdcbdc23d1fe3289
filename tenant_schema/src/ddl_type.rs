//! How each Diesel SQL type is spelled in DDL, and whether it admits NULL.

use std::borrow::Cow;

use diesel::sql_types::{
    Array, BigInt, Bool, Bytea, Cidr, Date, Double, Float, Inet, Integer, Interval, Json, Jsonb,
    Nullable, Numeric, Range, SingleValue, SmallInt, SqlType, Text, Time, Timestamp, Timestamptz,
    Uuid, is_nullable,
};

/// A Diesel SQL type that a column can have.
#[diagnostic::on_unimplemented(
    message = "no DDL type is known for `{Self}`, so no column can have it",
    note = "the types of `diesel::sql_types` that a tenant table can use implement `DdlType`",
    note = "a type of your own implements it beside its definition"
)]
pub trait DdlType {
    /// Whether the column admits NULL.
    const NULLABLE: bool = false;

    /// The type as DDL spells it.
    fn sql() -> Cow<'static, str>;
}

macro_rules! ddl_types {
    ($($diesel:ty => $sql:literal,)+) => {
        $(impl DdlType for $diesel {
            fn sql() -> Cow<'static, str> {
                Cow::Borrowed($sql)
            }
        })+
    };
}

ddl_types! {
    BigInt => "bigint",
    Bool => "boolean",
    Bytea => "bytea",
    Cidr => "cidr",
    Date => "date",
    Double => "double precision",
    Float => "real",
    Inet => "inet",
    Integer => "integer",
    Interval => "interval",
    Json => "json",
    Jsonb => "jsonb",
    Numeric => "numeric",
    Range<Date> => "daterange",
    Range<Timestamptz> => "tstzrange",
    SmallInt => "smallint",
    Text => "text",
    Time => "time",
    Timestamp => "timestamp",
    Timestamptz => "timestamptz",
    Uuid => "uuid",
}

impl<T> DdlType for Nullable<T>
where
    T: DdlType + SqlType<IsNull = is_nullable::NotNull>,
{
    const NULLABLE: bool = true;

    fn sql() -> Cow<'static, str> {
        T::sql()
    }
}

impl<T: DdlType + SingleValue> DdlType for Array<T> {
    fn sql() -> Cow<'static, str> {
        Cow::Owned(format!("{}[]", T::sql()))
    }
}
