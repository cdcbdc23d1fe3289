//! Versions of attachments.

use serde_json::{Value, json};
use test_app::TestApp;

use super::{add_version, attached};

#[tokio::test]
async fn a_version_is_added_and_the_old_ones_stay() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let path = attached(&alice, "a.txt", "one").await;
    let second = add_version(&alice, &path, "second")
        .await
        .expect_status(201);
    assert_eq!(second.at("/data/version"), json!(2));
    assert_eq!(second.at("/data/size"), json!(6));
    assert_eq!(second.text_at("/data/name"), "a.txt");
    let read = async |rest: &str| {
        let answer = alice.get(&format!("{path}{rest}")).await;
        answer.expect_status(200).text
    };
    assert_eq!(read("/content").await, "second");
    assert_eq!(read("/versions/1/content").await, "one");
    assert_eq!(read("/versions/2/content").await, "second");
    let list = alice.get(&format!("{path}/versions")).await;
    let list = list.expect_status(200);
    let numbers: Vec<Value> = list
        .at("/data")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["number"].clone())
        .collect();
    assert_eq!(numbers, [json!(2), json!(1)]);
    for number in ["0", "3", "-1", "x", "99999999999"] {
        let path = format!("{path}/versions/{number}/content");
        alice.get(&path).await.expect_status(404);
    }
    let together = (0..4).map(|_| add_version(&alice, &path, "more"));
    for answer in futures_util::future::join_all(together).await {
        answer.expect_status(201);
    }
    let list = alice.get(&format!("{path}/versions")).await;
    assert_eq!(list.at("/pagination/total"), json!(6));
}
