//! The last admin of a tenant stays one, however many would change that at once (rule 42).

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::json;
use test_app::{Answer, Caller, TestApp};
use tokio_postgres::Client;

use crate::user_permissions::rule;
use crate::user_roles::{own_path, set_roles};

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// What would take an admin from a tenant.
const DEEDS: [&str; 4] = ["demote", "deny", "disable", "delete"];

/// Takes the admin whose path it is from the tenant.
async fn take(deed: &str, caller: &Caller, path: &str) -> Answer {
    match deed {
        "demote" => set_roles(caller, path, &["viewer"]).await,
        "deny" => rule(caller, path, &[("tasks.delete", "deny")]).await,
        "disable" => {
            caller
                .patch(path, "*", &json!({ "is_active": false }))
                .await
        }
        _ => caller.delete(path, "*").await,
    }
}

/// Undoes it, by an admin who is left.
async fn give_back(deed: &str, caller: &Caller, path: &str) {
    let answer = match deed {
        "demote" => set_roles(caller, path, &["admin"]).await,
        "deny" => rule(caller, path, &[]).await,
        "disable" => caller.patch(path, "*", &json!({ "is_active": true })).await,
        _ => caller.restore(path).await,
    };
    answer.expect_status(200);
}

fn is_done(answer: &Answer) -> bool {
    let is_done = answer.status.is_success();
    assert!(is_done || answer.code() == "conflict", "{answer:#?}");
    is_done
}

#[tokio::test]
async fn the_last_admin_is_neither_deleted_nor_demoted_denied_or_disabled() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let path = own_path(&alice).await;
    // Who is no admin, or cannot sign in, is no other admin.
    alice.create_user("bob", &["manager"]).await;
    let carol = alice
        .create_user("carol", &["admin"])
        .await
        .text_at("/data/id");
    let carol = format!("/users/{carol}");
    alice
        .patch(&carol, "*", &json!({ "is_active": false }))
        .await
        .expect_status(200);
    let before = alice.get(&path).await.at("/data");
    let put = json!({ "email": "alice@acme.example", "username": "alice", "is_active": false });
    alice.put(&path, "*", &put).await.expect_status(409);
    for deed in DEEDS {
        let refused = take(deed, &alice, &path).await;
        assert!(!is_done(&refused), "{deed}");
        assert_eq!(alice.get(&path).await.at("/data"), before, "{deed}");
    }
    alice
        .patch(&carol, "*", &json!({ "is_active": true }))
        .await
        .expect_status(200);
    for deed in DEEDS {
        assert!(is_done(&take(deed, &alice, &carol).await), "{deed}");
        // The other one is the last again.
        assert!(!is_done(&take("demote", &alice, &path).await), "{deed}");
        give_back(deed, &alice, &carol).await;
    }
    let rules = [("users.read", "grant")];
    rule(&alice, &path, &rules).await.expect_status(200);
    assert!(is_done(&take("demote", &alice, &path).await));
    alice.get("/roles").await.expect_status(403);
}

/// Of two admins who would leave the tenant to themselves at the same time, one does, and the other is refused with 409.
#[tokio::test]
async fn of_two_admins_who_take_each_other_from_the_tenant_at_once_one_is_refused() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["admin"]).await;
    let admins = [&alice, &bob];
    let paths = [own_path(&alice).await, own_path(&bob).await];
    let gate = Gate::new(&app).await;
    let pairs = DEEDS
        .iter()
        .flat_map(|one| DEEDS.map(|other| (*one, other)));
    for (one, other) in pairs {
        gate.close().await;
        let both = join(take(one, &alice, &paths[1]), take(other, &bob, &paths[0]));
        let (answers, ()) = join(both, gate.open_for(2)).await;
        let done = [is_done(&answers.0), is_done(&answers.1)];
        assert!(done[0] ^ done[1], "{one} and {other}: {answers:#?}");
        let (left, taken) = if done[0] { (0, 1) } else { (1, 0) };
        let deed = [one, other][left];
        give_back(deed, admins[left], &paths[taken]).await;
    }
}

#[tokio::test]
async fn of_four_admins_who_demote_each_other_in_turn_at_once_one_stays() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let mut admins = vec![alice.clone()];
    for name in ["bob", "carol", "dave"] {
        admins.push(alice.colleague(name, &["admin"]).await);
    }
    let mut paths = Vec::new();
    for admin in &admins {
        paths.push(own_path(admin).await);
    }
    let gate = Gate::new(&app).await;
    for _ in 0..5 {
        gate.close().await;
        let next = paths.iter().cycle().skip(1);
        let deeds = admins.iter().zip(next);
        let deeds = join_all(deeds.map(|(admin, path)| take("demote", admin, path)));
        let (answers, ()) = join(deeds, gate.open_for(4)).await;
        let done = answers.iter().filter(|answer| is_done(answer)).count();
        assert_eq!(done, 3, "{answers:#?}");
        let kept = answers.iter().position(|answer| !is_done(answer)).unwrap();
        let last = &admins[(kept + 1) % 4];
        for path in &paths {
            set_roles(last, path, &["admin"]).await.expect_status(200);
        }
    }
}

/// Keeps those who would take an admin waiting, until enough of them wait to go on at once.
struct Gate {
    client: Client,
    schema: String,
}

impl Gate {
    async fn new(app: &TestApp) -> Self {
        Self {
            client: app.database().client().await,
            schema: app.acme.tenant.schema.clone(),
        }
    }

    async fn close(&self) {
        let schema = &self.schema;
        let sql = format!("BEGIN; SELECT FROM {schema}.roles WHERE name = 'admin' FOR UPDATE");
        self.client.batch_execute(&sql).await.unwrap();
    }

    async fn open_for(&self, others: usize) {
        let waiting = format!(
            "SELECT FROM pg_locks WHERE NOT granted AND (transactionid = pg_current_xact_id()::xid \
             OR locktype = 'tuple' AND relation = '{}.roles'::regclass)",
            self.schema
        );
        let begun = Instant::now();
        while self.client.query(&waiting, &[]).await.unwrap().len() < others {
            assert!(begun.elapsed() < PATIENCE, "too few wait");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.client.batch_execute("COMMIT").await.unwrap();
    }
}
