//! Updates in batches: every row, beside those who write, and from where they were cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use platform_schema::backfill::BackfillProgress;
use rowhouse::provisioner::apply::options::{ApplyOptions, StepEvent};
use tokio_postgres::NoTls;

use super::{Site, gears, heard, observed};

const EMPTY: &str = "SELECT count(*)::text FROM depot.bikes WHERE gears IS NULL";

async fn with_rows(rows: u32) -> Site {
    // Wide rows, so that ten thousand of them fill more than a few batches.
    Site::with(&format!(
        "CREATE TABLE bikes (id bigint PRIMARY KEY, gears int, note text NOT NULL DEFAULT repeat('x', 400)) WITH (fillfactor = 90);
         INSERT INTO bikes (id) SELECT generate_series(1, {rows})"
    ))
    .await
}

async fn progress(site: &Site) -> BackfillProgress {
    let progress = BackfillProgress::find("depot", "gears", &site.conn).await;
    progress.unwrap().unwrap()
}

#[tokio::test]
async fn ten_thousand_rows_are_filled_beside_a_writer_who_moves_them() {
    let site = with_rows(10_000).await;
    let (writer, driver) = tokio_postgres::connect(site.platform.url(), NoTls)
        .await
        .unwrap();
    tokio::task::spawn(driver);
    let is_over = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_over);
    let writing = tokio::task::spawn(async move {
        let mut moved = 0;
        let mut id = 0_i64;
        while !flag.load(Ordering::Relaxed) {
            id = (id + 7_919) % 10_000;
            // The update gives the row another place, perhaps one behind the scan.
            let sql = "UPDATE depot.bikes SET note = note || 'y' WHERE id = $1::bigint + 1";
            moved += writer.execute(sql, &[&id]).await.unwrap();
        }
        moved
    });
    let plan = site.plan(vec![gears()]).await;
    let applied = site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    is_over.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() > 0, "nobody wrote");
    assert_eq!(applied.rows_backfilled, 10_000);
    assert_eq!(site.platform.texts(EMPTY).await, ["0"]);
    let progress = progress(&site).await;
    assert_eq!((progress.rows, progress.next_page), (10_000, 0));
    assert!(
        progress.finished_at.is_some() && progress.passes >= 2,
        "{progress:?}"
    );
}

#[tokio::test]
async fn batches_that_are_cut_off_go_on_at_the_page_that_is_recorded() {
    let site = with_rows(10_000).await;
    // A row near the end is held, so that the first application gets that far and no farther.
    let lock = "BEGIN; SELECT FROM depot.bikes WHERE id = 9000 FOR UPDATE";
    site.platform.run(lock).await;
    let plan = site.plan(vec![gears()]).await;
    site.cut_off(&plan, 2).await;

    let left = progress(&site).await;
    assert!(
        left.next_page > 0 && left.rows > 0 && left.finished_at.is_none(),
        "{left:?}"
    );
    let (options, mut events) = observed();
    let applied = site.apply(&plan, &options).await.unwrap();
    let first = heard(&mut events, |event| {
        matches!(event, StepEvent::Batch { .. })
    })
    .await;
    let StepEvent::Batch { page, .. } = first else {
        unreachable!()
    };
    // The batch under way when it was cut off may have been committed by the server afterwards.
    assert!(i64::from(page) >= left.next_page, "{page} {left:?}");
    assert!(applied.rows_backfilled < 10_000, "{applied:?}");
    assert_eq!(site.platform.texts(EMPTY).await, ["0"]);
    assert_eq!(progress(&site).await.rows, 10_000);
    assert_eq!(
        site.runs().await,
        ["apply failed interrupted", "apply succeeded"]
    );
}

#[tokio::test]
async fn an_update_that_never_ends_is_given_up() {
    let site = with_rows(10).await;
    let mut transaction = gears();
    let batches = transaction.steps[0].batches.as_mut().unwrap();
    batches.condition = "true".to_owned();
    let plan = site.plan(vec![transaction]).await;
    let error = site.refusal(&plan).await;
    assert!(
        error
            .to_string()
            .contains("rows that match `true` keep coming"),
        "{error}"
    );
}

#[tokio::test]
async fn an_update_of_the_same_name_begins_anew_when_the_last_one_is_over() {
    let site = with_rows(10).await;
    let plan = site.plan(vec![gears()]).await;
    site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    site.platform
        .run("UPDATE depot.bikes SET gears = NULL WHERE id > 7")
        .await;
    let applied = site.apply(&plan, &ApplyOptions::default()).await.unwrap();
    assert_eq!(applied.rows_backfilled, 3);
    assert_eq!(progress(&site).await.rows, 3);
}
