//! Attachments of a server that is killed, and what the sweep makes of it; and how much memory a large file takes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use rustix::process::Signal;
use serde_json::{Value, json};
use test_app::{Caller, PASSWORD};

use super::rowhouse::Rowhouse;
use super::shell::{Outcome, Shell};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a part of an upload.
const PART: usize = 64 * 1024;

async fn with_tenant() -> Shell {
    let shell = Shell::open().await;
    let arguments = ["tenant", "create", "--slug", "acme", "--password-stdin"];
    let created = Outcome::of(shell.provision(&arguments).write_stdin(PASSWORD));
    assert_eq!(created.code, Some(0), "{created:#?}");
    shell
}

async fn log_in(rowhouse: &Rowhouse) -> (Caller, String) {
    let admin = rowhouse.anonymous().log_in("acme", "admin", PASSWORD).await;
    let me = admin.get("/auth/me").await.expect_status(200);
    (admin, me.text_at("/data/id"))
}

fn form(user: &str, file: Part) -> Form {
    Form::new()
        .text("attachable_type", "user")
        .text("attachable_id", user.to_owned())
        .part("file", file.file_name("large.bin"))
}

/// As many parts, and then, if it hangs, nothing more without an end.
fn body(parts: usize, hangs: bool) -> reqwest::Body {
    let part = Bytes::from(vec![b'x'; PART]);
    let parts = stream::iter((0..parts).map(move |_| Ok::<_, std::io::Error>(part.clone())));
    if hangs {
        reqwest::Body::wrap_stream(parts.chain(stream::pending()))
    } else {
        reqwest::Body::wrap_stream(parts)
    }
}

/// All files below the folder of the only tenant.
fn files(shell: &Shell) -> Vec<PathBuf> {
    let Ok(tenants) = std::fs::read_dir(shell.folder().join("data/attachments")) else {
        return Vec::new();
    };
    let files = tenants.flat_map(|tenant| std::fs::read_dir(tenant.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

fn make_old(file: &Path) {
    let file = std::fs::File::options().write(true).open(file).unwrap();
    let two_days_ago = SystemTime::now() - Duration::from_hours(48);
    file.set_modified(two_days_ago).unwrap();
}

fn sweep(shell: &Shell) -> Value {
    shell.json(&["attachments", "sweep"])[0].clone()
}

#[tokio::test]
async fn a_server_that_is_killed_in_an_upload_leaves_only_what_the_sweep_removes() {
    let shell = with_tenant().await;
    let rowhouse = Rowhouse::serve(&shell);
    let (admin, me) = log_in(&rowhouse).await;
    let path = "/tools/attachments";
    let kept = admin
        .request(Method::POST, path)
        .multipart(form(&me, Part::bytes(b"kept".to_vec())));
    let kept = admin.send(kept).await.expect_status(201);
    let kept = format!("{path}/{}/content", kept.text_at("/data/id"));
    let named = files(&shell);
    let upload = admin.request(Method::POST, path);
    let upload = upload.multipart(form(&me, Part::stream(body(20, true))));
    let under_way = tokio::spawn(upload.send());
    let begun = Instant::now();
    let is_begun = || {
        files(&shell)
            .iter()
            .any(|file| !named.contains(file) && file.metadata().unwrap().len() > 0)
    };
    while !is_begun() {
        assert!(begun.elapsed() < PATIENCE, "nothing arrives");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rowhouse.stop(Signal::KILL);
    assert!(under_way.await.unwrap().is_err());
    assert_eq!(files(&shell).len(), 2);
    // It may belong to an upload that is under way.
    let nothing =
        json!({ "tenant": "acme", "attachments": 0, "objects": 0, "bytes": 0, "unfinished": 0 });
    assert_eq!(sweep(&shell), nothing);
    for file in files(&shell) {
        make_old(&file);
    }
    assert_eq!(sweep(&shell)["unfinished"], 1);
    assert_eq!(files(&shell), named);
    let rowhouse = Rowhouse::serve(&shell);
    let (admin, _) = log_in(&rowhouse).await;
    let list = admin.get(path).await.expect_status(200);
    assert_eq!(list.at("/pagination/total"), json!(1));
    assert_eq!(admin.get(&kept).await.expect_status(200).text, "kept");
}

/// The memory of a process in MiB: now, and at most so far.
fn memory(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// `cargo test --test cli memory_of_a_large_file -- --ignored --nocapture`
#[tokio::test]
#[ignore = "it takes 1 GiB of disk, and what it shows are figures"]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
async fn memory_of_a_large_file() {
    const GIB: usize = 1 << 30;
    let shell = with_tenant().await;
    let rowhouse = Rowhouse::serve(&shell);
    let pid = rowhouse.pid();
    let (admin, me) = log_in(&rowhouse).await;
    let tell = |when: &str| {
        let (now, most) = memory(pid);
        eprintln!("{when}: VmRSS {now} MiB, VmHWM {most} MiB");
        most
    };
    let before = tell("before");
    let begun = Instant::now();
    let upload = admin.request(Method::POST, "/tools/attachments");
    let upload = upload.multipart(form(&me, Part::stream(body(GIB / PART, false))));
    let sending = admin.send(upload);
    let watching = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            tell("during the upload");
        }
    };
    let created = tokio::select! { answer = sending => answer, () = watching => unreachable!() };
    let created = created.expect_status(201);
    eprintln!("uploaded in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(created.at("/data/size"), json!(GIB));
    tell("after the upload");
    let path = format!("/tools/attachments/{}/content", created.text_at("/data/id"));
    for range in ["bytes=536870912-536875007", "bytes=0-"] {
        let begun = Instant::now();
        let request = admin.request(Method::GET, &path).header("Range", range);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 206);
        let mut parts = response.bytes_stream();
        let mut received = 0;
        while let Some(part) = parts.next().await {
            received += part.unwrap().len();
        }
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!("{received} bytes of `{range}` in {seconds:.3} s");
        tell("after the download");
    }
    let after = tell("at the end");
    assert!(
        after - before < 64,
        "{before} MiB before, {after} MiB after"
    );
}
