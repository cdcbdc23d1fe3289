//! Two tenants who could be taken for each other: users of the same id, with a canary in the name.

use test_app::{TestPlatform, provision};

/// The id that a user of each tenant has.
pub(crate) const TWIN: &str = "018f0000-0000-7000-8000-000000000001";

/// A platform on PostgreSQL itself, and the schemas of the twins.
pub(crate) async fn twins() -> (TestPlatform, [String; 2]) {
    let site = TestPlatform::open().await;
    let mut schemas = Vec::new();
    for slug in ["acme", "globex"] {
        let schema = provision(&site.platform, slug, "alice").await.tenant.schema;
        let twin = format!(
            "INSERT INTO {schema}.users (id, email, username, last_name)
             VALUES ('{TWIN}', 'twin@example.com', 'twin', 'canary of {schema}')"
        );
        site.run(&twin).await;
        schemas.push(schema);
    }
    (site, schemas.try_into().unwrap())
}
