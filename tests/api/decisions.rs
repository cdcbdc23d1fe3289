//! The decision as the server makes it, against the rules of the contract, for rules of all kinds in a real tenant (rule 40); and
//! when it is in force (rule 44).

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};
use test_app::{Answer, Caller, TestApp};

use crate::endings::node;
use crate::role_walk;
use crate::roles::{new_role, role_named};
use crate::user_permissions::rule;
use crate::user_roles::{own_path, set_roles};

/// Users with rules of their own. Each has three roles at most, and six grants and denials.
const USERS: usize = 12;

const PATTERNS: [&str; 14] = [
    "users.read",
    "users.*",
    "roles.read",
    "roles.*",
    "permissions.read",
    "permissions.*",
    "teams.read",
    "teams.*",
    "teams.create",
    "tasks.read",
    "tasks.*",
    "notes.delete",
    "*",
    "analytics.read_team",
];

const ROLES: [&str; 4] = ["red", "green", "blue", "grey"];

/// Paths, and the permissions that reading them takes.
const GUARDED: [(&str, &str); 4] = [
    ("/users", "users.read"),
    ("/roles", "roles.read"),
    ("/permissions", "permissions.read"),
    ("/teams", "teams.read"),
];

/// The rules of one user.
#[derive(Debug, Default)]
struct Ruled {
    /// What the test began with: it makes the same rules again.
    seed: u64,
    roles: Vec<&'static str>,
    granted: Vec<&'static str>,
    denied: Vec<&'static str>,
}

fn covers(pattern: &str, permission: &str) -> bool {
    let resource = pattern.strip_suffix(".*");
    pattern == "*"
        || pattern == permission
        || resource.is_some_and(|resource| permission.split('.').next() == Some(resource))
}

impl Ruled {
    /// Explicit denial, then grants.
    fn allow(&self, permission: &str, roles: &BTreeMap<&str, Vec<&'static str>>) -> bool {
        let by_role = self.roles.iter().flat_map(|role| &roles[role]);
        let mut granted = by_role.chain(&self.granted);
        let mut denied = self.denied.iter();
        !denied.any(|name| covers(name, permission)) && granted.any(|name| covers(name, permission))
    }
}

fn some<T: Copy>(random: &mut fastrand::Rng, of: &[T], most: usize) -> Vec<T> {
    let count = random.usize(0..=most);
    random.choose_multiple(of.iter().copied(), count)
}

#[tokio::test]
async fn what_the_server_decides_is_what_the_rules_say() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let mut roles = BTreeMap::new();
    for name in ROLES {
        let granted = some(&mut random, &PATTERNS, 4);
        new_role(&alice, name, 10, &granted).await;
        roles.insert(name, granted);
    }
    for index in 0..USERS {
        let name = format!("user{index}");
        let user = alice.colleague(&name, &[]).await;
        let path = own_path(&user).await;
        let has_ended = random.u8(0..4) == 0;
        let mut ruled = Ruled {
            seed,
            roles: some(&mut random, &ROLES, 3),
            ..Ruled::default()
        };
        let mut own = Vec::new();
        for permission in some(&mut random, &PATTERNS, 6) {
            let (effect, list) = if random.bool() {
                ("grant", &mut ruled.granted)
            } else {
                ("deny", &mut ruled.denied)
            };
            let ends = random.bool().then_some("2999-01-01T00:00:00Z");
            own.push(json!({ "permission": permission, "effect": effect, "valid_until": ends }));
            if !(has_ended && ends.is_some()) {
                list.push(permission);
            }
        }
        set_roles(&alice, &path, &ruled.roles)
            .await
            .expect_status(200);
        let put = alice
            .put(&format!("{path}/permissions"), "*", &json!(own))
            .await;
        put.expect_status(200);
        if has_ended {
            let sql = "UPDATE user_permissions SET valid_until = now() - interval '1 second' \
                       FROM users WHERE users.id = user_id AND valid_until IS NOT NULL";
            app.sql_in(&app.acme, &format!("{sql} AND username = '{name}'"))
                .await;
        }
        compare(&alice, &user, &path, &ruled, &roles).await;
    }
}

async fn compare(
    alice: &Caller,
    user: &Caller,
    path: &str,
    ruled: &Ruled,
    roles: &BTreeMap<&str, Vec<&'static str>>,
) {
    let what = format!("seed {}: {ruled:?} {roles:?}", ruled.seed);
    let effective = alice.get(&format!("{path}/effective-permissions")).await;
    let effective = effective.expect_status(200).at("/data");
    let mut allowed = Vec::new();
    for decided in effective.as_array().unwrap() {
        let permission = decided["permission"].as_str().unwrap();
        let expected = ruled.allow(permission, roles);
        assert_eq!(decided["allowed"], json!(expected), "{permission}, {what}");
        if expected {
            allowed.push(permission.to_owned());
        }
    }
    let me = user
        .get("/auth/me")
        .await
        .expect_status(200)
        .at("/data/permissions");
    let mut own: Vec<String> = serde_json::from_value(me).unwrap();
    own.sort_unstable();
    assert_eq!(own, allowed);
    for (path, permission) in GUARDED {
        let status = if ruled.allow(permission, roles) {
            200
        } else {
            403
        };
        let answer = user.get(path).await;
        assert_eq!(answer.status, status, "{path}, {what}");
    }
}

/// A key of a user who may nothing any more, not even make one.
async fn robot_of(user: &Caller, path: &str, admin: &Caller) -> Caller {
    let key = [("api_keys.create", "grant"), ("roles.read", "grant")];
    rule(admin, path, &key).await.expect_status(200);
    let body = json!({ "name": "robot", "scopes": ["*"] });
    let key = user.post("/api-keys", &body).await.expect_status(201);
    rule(admin, path, &[]).await.expect_status(200);
    user.with_token(&key.text_at("/data/key"))
}

/// Rule 44: what one node changes is in force on another at the next request, with a token and with a key.
#[tokio::test]
async fn a_change_of_rights_is_in_force_on_every_node() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let (address, second) = node(&app).await;
    let (role, _) = new_role(&alice, "greeter", 20, &["users.read"]).await;
    let bob = alice.colleague("bob", &[]).await;
    let path = own_path(&bob).await;
    let robot = robot_of(&bob, &path, &alice).await;
    let elsewhere = |caller: &Caller| {
        let anonymous = Caller::anonymous(&address).at("acme");
        anonymous.with_token(caller.token())
    };
    let (bob_elsewhere, robot_elsewhere) = (elsewhere(&bob), elsewhere(&robot));
    let is_in_force = async |what: &str, status: u16| {
        bob.get("/users").await.expect_status(status);
        robot.get("/users").await.expect_status(status);
        second.changes.catch_up().await;
        for caller in [&bob_elsewhere, &robot_elsewhere] {
            let answer = caller.get("/users").await;
            assert_eq!(answer.status, status, "{what}: {answer:#?}");
        }
    };
    is_in_force("nothing", 403).await;
    set_roles(&alice, &path, &["greeter"])
        .await
        .expect_status(200);
    is_in_force("a role", 200).await;
    let none = json!({ "permissions": [] });
    alice.patch(&role, "*", &none).await.expect_status(200);
    is_in_force("a role that grants less", 403).await;
    let some = json!({ "permissions": ["users.*"] });
    alice.patch(&role, "*", &some).await.expect_status(200);
    is_in_force("a role that grants more", 200).await;
    rule(&alice, &path, &[("users.read", "deny")])
        .await
        .expect_status(200);
    is_in_force("a denial", 403).await;
    rule(&alice, &path, &[]).await.expect_status(200);
    is_in_force("no denial", 200).await;
    alice.delete(&role, "*").await.expect_status(204);
    is_in_force("a deleted role", 403).await;
    alice.restore(&role).await.expect_status(200);
    is_in_force("a restored role", 200).await;
    alice
        .patch(&path, "*", &json!({ "is_active": false }))
        .await
        .expect_status(200);
    is_in_force("a disabled user", 401).await;
}

/// All that somebody could change of a role, a team or a user, and what they could learn of a user's rights.
async fn deeds(caller: &Caller, collection: &str, path: &str) -> Vec<Answer> {
    let (named, list) = (json!({ "name": "x", "permissions": [] }), json!([]));
    let mut answers = vec![
        caller.patch(path, "*", &named).await,
        caller.put(path, "*", &named).await,
        caller.delete(path, "*").await,
        caller.restore(path).await,
    ];
    let lists: &[&str] = match collection {
        "/users" => &["roles", "permissions"],
        "/teams" => &["members"],
        _ => &[],
    };
    for sub in lists {
        let path = format!("{path}/{sub}");
        answers.push(caller.put(&path, "*", &list).await);
    }
    if collection == "/users" {
        answers.push(caller.get(&format!("{path}/permissions")).await);
    }
    answers
}

/// Rule 39: who is refused has changed nothing, and whoever may not see something is not told whether there is any.
#[tokio::test]
async fn who_is_refused_changes_nothing_and_learns_nothing() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    let (role, _) = role_named(&alice, "manager").await;
    let team = alice.post("/teams", &json!({ "name": "Blue" })).await;
    let team = format!("/teams/{}", team.expect_status(201).text_at("/data/id"));
    let user = own_path(&alice).await;
    let nobody = "019a0000-0000-7000-8000-000000000000";
    let state = async || {
        let mut state: Vec<Value> = Vec::new();
        for path in [
            &role,
            &team,
            &user,
            &format!("{team}/members"),
            &format!("{user}/permissions"),
        ] {
            state.push(alice.get(path).await.expect_status(200).json());
        }
        state
    };
    let before = state().await;
    for of in [role.as_str(), team.as_str(), user.as_str()] {
        let (collection, _) = of.rsplit_once('/').unwrap();
        for path in [of.to_owned(), format!("{collection}/{nobody}")] {
            for (caller, expected) in [(&victor, 403), (&anonymous.at("acme"), 401)] {
                for answer in deeds(caller, collection, &path).await {
                    answer.expect_status(expected);
                }
            }
        }
    }
    assert_eq!(state().await, before);
}

/// Rule 48: the fields of an answer, and that no role is shown other ones.
#[tokio::test]
async fn every_role_that_sees_something_sees_the_same_fields_of_it() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let team = alice.post("/teams", &json!({ "name": "Blue" })).await;
    let members = format!("/teams/{}/members", team.text_at("/data/id"));
    let alices = own_path(&alice).await;
    let id = alices.replace("/users/", "");
    let body = json!([{ "user_id": id }]);
    alice.put(&members, "*", &body).await.expect_status(200);
    let granted = [("tasks.read", "grant")];
    rule(&alice, &alices, &granted).await.expect_status(200);
    let (own, effective) = (
        format!("{alices}/permissions"),
        format!("{alices}/effective-permissions"),
    );
    let shown = [
        (
            "/users",
            "created_at deleted_at display_name email first_name id image is_active last_name \
             middle_name roles timezone updated_at username working_hours",
        ),
        (
            "/roles",
            "created_at deleted_at description id is_system name permissions priority updated_at \
             working_hours",
        ),
        ("/permissions", "action description name resource"),
        (
            "/teams",
            "created_at deleted_at description id name updated_at",
        ),
        (
            &members,
            "created_at display_name is_leader user_id username",
        ),
        (&own, "effect permission valid_until"),
        (&effective, "allowed permission reason"),
    ];
    let mut seen = String::new();
    for role in role_walk::ROLES {
        let caller = alice.colleague(role, &[role]).await;
        let mut count = 0;
        for (path, fields) in shown {
            let answer = caller.get(path).await;
            if answer.status != 403 {
                let first = answer.expect_status(200).at("/data/0");
                let names = first.as_object().unwrap().keys();
                let names: Vec<&str> = names.map(String::as_str).collect();
                assert_eq!(names.join(" "), fields, "{path} as {role}");
                count += 1;
            }
        }
        writeln!(seen, "{role} {count}").unwrap();
    }
    insta::assert_snapshot!(seen, @r"
    admin 7
    manager 7
    developer 3
    auditor 7
    employee 3
    user 0
    viewer 3
    ");
}
