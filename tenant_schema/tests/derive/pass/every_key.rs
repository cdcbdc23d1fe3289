//! Each key of `#[column(…)]` and `#[model(…)]` arrives in the definition.

use chrono::{DateTime, Utc};
use tenant_schema::TenantModel;
use tenant_schema::definition::Identity;

/// An article of
/// the shop.
///
/// Sold by weight.
#[derive(TenantModel)]
#[diesel(table_name = articles, check_for_backend(diesel::pg::Pg))]
#[model(was = "goods", append_only)]
#[model(
    unique(shop, "lower(title)", where = "price > 0"),
    unique(shop, number, nulls_not_distinct)
)]
#[model(index(
    "created_at desc nulls last",
    include(title),
    name = "articles_newest_idx"
))]
#[model(index("title text_pattern_ops", name = "articles_by_pattern_idx"), index("(title || shop) desc", using = btree, unique, name = "articles_both"))]
#[model(
    check = "price < weight",
    check("weight > 0", name = "articles_weigh_something")
)]
pub struct Article {
    #[column(identity = "by default")]
    pub id: i64,
    #[column(sql_type = "varchar(40)", collation = "C", was = "name", index)]
    pub title: String,
    pub shop: String,
    #[column(unique, check = "number > 0")]
    pub number: Option<i32>,
    pub price: i32,
    #[column(default = "1")]
    pub weight: i32,
    #[column(generated = "price * weight")]
    pub value: i32,
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    #[column(diesel_type = "diesel::sql_types::Json")]
    pub extra: Option<serde_json::Value>,
}

fn main() {
    let table = Article::definition();
    assert_eq!(table.name, "articles");
    assert_eq!(table.was.as_deref(), Some("goods"));
    assert_eq!(
        table.comment.as_deref(),
        Some("An article of the shop.\nSold by weight.")
    );
    assert!(table.append_only);
    let key = table.primary_key.as_ref().unwrap();
    assert_eq!((key.name.as_str(), key.columns.as_slice()), ("articles_pkey", ["id".to_owned()].as_slice()));

    let [id, title, _, number, _, weight, value, _, extra] = &table.columns[..] else {
        panic!("{:?}", table.columns);
    };
    let identity = id.identity.as_ref().map(|identity| identity.kind);
    assert_eq!(identity, Some(Identity::ByDefault));
    assert_eq!(
        (title.sql_type.as_str(), title.collation.as_deref()),
        ("varchar(40)", Some("C"))
    );
    assert_eq!(title.was.as_deref(), Some("name"));
    assert!(number.nullable && !title.nullable);
    assert_eq!(weight.default.as_deref(), Some("1"));
    assert_eq!(value.generated.as_deref(), Some("price * weight"));
    assert_eq!((extra.sql_type.as_str(), extra.nullable), ("json", true));

    let uniques: Vec<&str> = table
        .uniques
        .iter()
        .map(|unique| unique.name.as_str())
        .collect();
    assert_eq!(uniques, ["articles_number_key", "articles_shop_number_key"]);
    assert!(table.uniques[1].nulls_not_distinct);

    let indexes: Vec<(&str, Vec<&str>)> = table
        .indexes
        .iter()
        .map(|index| {
            (
                index.name.as_str(),
                index.keys.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    assert_eq!(
        indexes,
        [
            ("articles_title_idx", vec!["\"title\""]),
            (
                "articles_shop_title_key",
                vec!["\"shop\"", "(lower(title))"]
            ),
            (
                "articles_newest_idx",
                vec!["\"created_at\" desc nulls last"]
            ),
            (
                "articles_by_pattern_idx",
                vec!["\"title\" text_pattern_ops"]
            ),
            ("articles_both", vec!["(title || shop) desc"]),
        ]
    );
    assert_eq!(table.indexes[1].predicate.as_deref(), Some("price > 0"));
    assert!(table.indexes[1].unique);
    assert_eq!(table.indexes[2].include, ["title"]);

    let checks: Vec<&str> = table
        .checks
        .iter()
        .map(|check| check.name.as_str())
        .collect();
    assert_eq!(
        checks,
        [
            "articles_number_check",
            "articles_check",
            "articles_weigh_something"
        ]
    );
}
