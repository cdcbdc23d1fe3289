//! Signing keys: processes that start together on an empty platform agree on one.

use futures_util::future::join_all;
use rowhouse::identity::signing_key::SigningKeys;
use test_app::TestPlatform;

#[tokio::test]
async fn ten_that_start_at_once_on_an_empty_platform_make_one_key() {
    let site = TestPlatform::open().await;
    let starts = (0..10).map(|_| async {
        let mut conn = site.platform.pools.platform().await.unwrap();
        SigningKeys::load_or_create(&mut conn).await.unwrap().jwks()
    });
    let published = join_all(starts).await;
    assert_eq!(published[0]["keys"].as_array().unwrap().len(), 1);
    assert!(published.iter().all(|keys| *keys == published[0]));
    let kept = "SELECT id FROM shared.signing_keys";
    assert_eq!(site.texts(kept).await.len(), 1);
}
