//! The keys that sign access tokens are rotated while nodes serve (rule 36).

use std::time::{Duration, Instant};

use rowhouse::identity::signing_key;
use serde_json::Value;
use test_app::{Caller, PASSWORD, TestApp};

use crate::endings::node;
use crate::sessions::Session;

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// The ids of the keys that a node publishes, once there are as many.
async fn published(node: &Caller, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let set = node.get("/.well-known/jwks.json").await.expect_status(200);
        let keys = set.at("/keys");
        let keys = keys.as_array().unwrap();
        if keys.len() == count {
            let ids = keys.iter().map(|key| key["kid"].as_str().unwrap());
            return ids.map(str::to_owned).collect();
        }
        assert!(begun.elapsed() < PATIENCE, "{keys:?}");
        tokio::task::yield_now().await;
    }
}

async fn rotate(app: &TestApp, at_once: bool) -> String {
    let mut conn = app.platform().pools.platform().await.unwrap();
    let rotate = async |conn: &mut _| signing_key::rotate(at_once, conn).await;
    let rotation = conn.transaction(rotate).await.unwrap();
    conn.finish().await.unwrap();
    rotation.created.id
}

fn signed_by(caller: &Caller) -> String {
    let header = jsonwebtoken::decode_header(caller.token()).unwrap();
    header.kid.unwrap()
}

/// Rule 36.
#[tokio::test]
async fn keys_overlap_a_retired_one_takes_its_tokens_along_and_nobody_is_logged_out() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let (address, _platform) = node(&app).await;
    let elsewhere = Caller::anonymous(&address);
    let old = Session::open(&anonymous, "alice").await;
    let old_key = signed_by(&old.caller);
    let there = elsewhere.with_token(old.caller.token()).at("acme");
    there.get("/auth/me").await.expect_status(200);

    // A new key is published on every node before it signs.
    let new_key = rotate(&app, false).await;
    for node in [&anonymous, &elsewhere] {
        assert_eq!(published(node, 2).await, [new_key.clone(), old_key.clone()]);
    }
    let meanwhile = anonymous.log_in("acme", "alice", PASSWORD).await;
    assert_eq!(signed_by(&meanwhile), old_key);
    app.sql("UPDATE shared.signing_keys SET created_at = created_at - interval '10 minutes'; NOTIFY rowhouse, 'keys'")
        .await;
    let begun = Instant::now();
    let new = loop {
        let new = Session::open(&elsewhere, "alice").await;
        if signed_by(&new.caller) == new_key {
            break new;
        }
        assert!(begun.elapsed() < PATIENCE);
    };
    // Both are good on both nodes.
    let here = anonymous.with_token(new.caller.token()).at("acme");
    here.get("/auth/me").await.expect_status(200);
    meanwhile.at("acme").get("/auth/me").await;

    let last = Session::open(&anonymous, "alice").await;
    let newest = rotate(&app, true).await;
    for node in [&anonymous, &elsewhere] {
        assert_eq!(published(node, 1).await, std::slice::from_ref(&newest));
        let refused = node.with_token(last.caller.token()).at("acme");
        let refused = refused.get("/auth/me").await.expect_status(401);
        assert_eq!(refused.code(), "invalid_token");
    }
    let refreshed = last.next(&anonymous).await;
    assert_eq!(signed_by(&refreshed.caller), newest);
    assert!(refreshed.is_live().await);
}

/// Rule 88, for the command line's own deed, and that a rotation keeps one key to sign with.
#[tokio::test]
async fn each_rotation_leaves_the_key_that_signs_and_the_new_one() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let first = published(&anonymous, 1).await;
    for _ in 0..3 {
        let new = rotate(&app, false).await;
        let begun = Instant::now();
        loop {
            let keys = published(&anonymous, 2).await;
            if keys == [new.clone(), first[0].clone()] {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{keys:?}");
        }
    }
    let client = app.database().client().await;
    let sql = "SELECT count(*), count(retired_at) FROM shared.signing_keys";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (4, 2));
    let _: Value = anonymous.get("/.well-known/jwks.json").await.json();
}
