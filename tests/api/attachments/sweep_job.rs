//! Sweeps that the server makes by itself.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rowhouse::attachments::sweep_job::SweepJob;
use test_app::{TestApp, TestDatabase, config};

use super::attached;
use super::storage::with_folder;

const PATIENCE: Duration = Duration::from_secs(20);

/// The name of a content that no attachment names.
const ORPHAN: &str = "00000000000040008000000000000000";

/// Leaves a content that is two days old.
fn leave_over(folder: &Path) {
    let file = File::create(folder.join(ORPHAN)).unwrap();
    let old = SystemTime::now() - Duration::from_hours(48);
    file.set_modified(old).unwrap();
}

#[tokio::test]
async fn one_node_at_a_time_sweeps_all_tenants() {
    let (app, alice, own, _folder) = with_folder().await;
    attached(&alice, "a.txt", "hello").await;
    leave_over(&own);
    let attachments = config(app.database().url()).attachments;
    let job = SweepJob::new(app.platform(), &attachments);
    let other = app.database().client().await;
    let lock = "pg_try_advisory_lock(hashtextextended('sweep of attachments', 1785684595))";
    let row = other.query_one(&format!("SELECT {lock}"), &[]).await;
    assert!(row.unwrap().get::<_, bool>(0));
    assert_eq!(job.run().await.unwrap(), None);
    assert!(own.join(ORPHAN).exists());
    other
        .execute("SELECT pg_advisory_unlock_all()", &[])
        .await
        .unwrap();
    assert_eq!(job.run().await.unwrap(), Some(2));
    assert!(!own.join(ORPHAN).exists());
    // The lock is given back.
    assert_eq!(job.run().await.unwrap(), Some(2));
    assert_eq!(std::fs::read_dir(own).unwrap().count(), 1);
}

#[tokio::test]
async fn the_server_sweeps_as_often_as_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    let url = format!("file://{}", folder.path().display());
    config.attachments.attachments_url = Some(url.parse().unwrap());
    config.attachments.attachment_sweep_interval = 1;
    let (app, _, alice, _) = TestApp::on(database, config, |_| {}).await;
    attached(&alice, "a.txt", "hello").await;
    let own = folder.path().join(app.acme.tenant.id.to_string());
    for _ in 0..2 {
        leave_over(&own);
        let begun = Instant::now();
        while own.join(ORPHAN).exists() {
            assert!(begun.elapsed() < PATIENCE, "nobody sweeps");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    assert_eq!(std::fs::read_dir(own).unwrap().count(), 1);
}
