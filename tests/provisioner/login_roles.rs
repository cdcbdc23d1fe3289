//! Login roles: each takes the roles of its own tenants, whatever their number was before.

use std::collections::BTreeSet;

use platform_schema::{LoginRole, LoginRoleNumber, TenantId};
use rowhouse::config::Isolation;
use rowhouse::database::Connector;
use rowhouse::platform::Platform;
use rowhouse::provisioner::doctor::{Finding, Verdict};
use test_app::{TestPlatform, config, provision};
use tokio_postgres::error::SqlState;

/// Which login role can take which tenant's role, as `login tenant`. The membership of the platform's role in the login
/// roles is none of them.
const LENT: &str = "
    SELECT concat_ws(' ', l.rolname, t.id) FROM pg_auth_members m
      JOIN pg_roles l ON l.oid = m.member JOIN pg_roles r ON r.oid = m.roleid
      JOIN shared.tenants t ON t.schema_name = r.rolname
     ORDER BY t.id, l.rolname";

/// The platform again, as another process that works with so many login roles.
async fn reopened(site: &TestPlatform, count: u16) -> Platform {
    let mut config = config(site.url());
    config.pool.login_roles = count;
    Platform::open(&config).await.unwrap()
}

/// Registers tenants with a role and nothing else.
async fn register(site: &TestPlatform, count: usize) -> BTreeSet<TenantId> {
    let ids: BTreeSet<TenantId> = (0..count).map(|_| TenantId::generate()).collect();
    for id in &ids {
        site.run(&format!(
            "INSERT INTO shared.tenants (id, slug, name, schema_name) VALUES ('{id}', 't-{id}', 't', 'tenant_{id}');
             CREATE ROLE tenant_{id} NOLOGIN NOINHERIT"
        ))
        .await;
    }
    ids
}

/// What [`LENT`] says when every tenant's role is lent to its own login role and to no other.
async fn as_dealt(site: &TestPlatform, tenants: &BTreeSet<TenantId>, count: u16) -> Vec<String> {
    let names = site
        .texts("SELECT name FROM shared.login_roles ORDER BY number")
        .await;
    let lent = tenants.iter().map(|id| {
        let number = usize::from(LoginRoleNumber::of(id, count).number());
        let name = number
            .checked_sub(1)
            .map_or("rowhouse", |place| names.get(place).unwrap());
        format!("{name} {id}")
    });
    lent.collect()
}

fn verdict(findings: &[Finding], check: &str) -> Verdict {
    let mut of_check = findings.iter().filter(|finding| finding.check == check);
    of_check.next().unwrap().verdict
}

#[tokio::test]
async fn without_login_roles_the_platforms_role_takes_the_tenants() {
    let site = TestPlatform::open().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant.id;
    assert_eq!(site.texts(LENT).await, [format!("rowhouse {acme}")]);
    let roles = "SELECT name FROM shared.login_roles";
    assert_eq!(site.texts(roles).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_tenants_role_is_lent_to_its_login_role_alone() {
    let site = TestPlatform::open_with(|config| config.pool.login_roles = 3).await;
    let mut tenants = BTreeSet::new();
    for slug in ["acme", "globex", "initech", "umbrella"] {
        tenants.insert(provision(&site.platform, slug, "alice").await.tenant.id);
    }
    let dealt = as_dealt(&site, &tenants, 3).await;
    assert_eq!(site.texts(LENT).await, dealt);
    let provisioner = &site.platform.provisioner;
    let lendings = provisioner.lendings().await.unwrap();
    let sums = lendings.iter().fold((0, 0), |sums, lending| {
        (sums.0 + lending.tenants, sums.1 + lending.too_many)
    });
    assert_eq!((lendings.len(), sums), (4, (4, 0)));
}

#[tokio::test]
async fn another_number_lends_what_is_missing_and_takes_back_only_when_asked() {
    let site = TestPlatform::open().await;
    let tenants = register(&site, 40).await;
    assert_eq!(site.texts(LENT).await, Vec::<String>::new());
    let three = reopened(&site, 3).await;
    let dealt_to_three = as_dealt(&site, &tenants, 3).await;
    assert_eq!(site.texts(LENT).await, dealt_to_three);

    let two = reopened(&site, 2).await;
    let dealt_to_two = as_dealt(&site, &tenants, 2).await;
    let either: BTreeSet<String> = [dealt_to_three, dealt_to_two.clone()]
        .concat()
        .into_iter()
        .collect();
    let lent: BTreeSet<String> = site.texts(LENT).await.into_iter().collect();
    assert_eq!(lent, either);
    let findings = two.provisioner.examine().await.unwrap();
    assert_eq!(verdict(&findings, "login roles"), Verdict::Warning);

    let withdrawn = two.provisioner.withdraw().await.unwrap();
    assert_eq!(withdrawn, either.len() - tenants.len());
    assert_eq!(site.texts(LENT).await, dealt_to_two);
    assert_eq!(two.provisioner.withdraw().await.unwrap(), 0);
    let findings = two.provisioner.examine().await.unwrap();
    assert_eq!(verdict(&findings, "login roles"), Verdict::Good);
    drop(three);

    let none = reopened(&site, 0).await;
    none.provisioner.withdraw().await.unwrap();
    assert_eq!(site.texts(LENT).await, as_dealt(&site, &tenants, 0).await);
    let remnants = format!(
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE '{}\\_login\\_%'
         UNION ALL SELECT name FROM shared.login_roles",
        site.texts("SELECT current_database()::text").await[0]
    );
    assert_eq!(site.texts(&remnants).await, Vec::<String>::new());
}

#[tokio::test]
async fn several_processes_that_start_at_once_make_each_login_role_once() {
    let site = TestPlatform::open().await;
    let tenants = register(&site, 10).await;
    let starts = (0..4).map(|_| reopened(&site, 5));
    futures_util::future::join_all(starts).await;
    let count = "SELECT count(*)::text FROM shared.login_roles";
    assert_eq!(site.texts(count).await, ["5"]);
    assert_eq!(site.texts(LENT).await, as_dealt(&site, &tenants, 5).await);
}

#[tokio::test]
async fn login_roles_that_the_server_lost_are_made_again_with_the_same_password() {
    let site = TestPlatform::open_with(|config| config.pool.login_roles = 2).await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant.id;
    let stored = "SELECT concat_ws(' ', name, password) FROM shared.login_roles ORDER BY number";
    let before = site.texts(stored).await;
    let database = site.texts("SELECT current_database()::text").await;
    for number in 1..=2 {
        let name = format!("{}_login_0{number}", database[0]);
        site.run(&format!("DROP OWNED BY {name}; DROP ROLE {name}"))
            .await;
    }
    reopened(&site, 2).await;
    assert_eq!(site.texts(stored).await, before);
    let tenants = BTreeSet::from([acme]);
    assert_eq!(site.texts(LENT).await, as_dealt(&site, &tenants, 2).await);
}

#[tokio::test]
async fn a_repair_lends_the_role_again() {
    let site = TestPlatform::open_with(|config| config.pool.login_roles = 2).await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let lent = site.texts(LENT).await;
    let login = lent[0].split(' ').next().unwrap();
    site.run(&format!("REVOKE {} FROM {login}", acme.schema))
        .await;
    let key = "acme".parse().unwrap();
    let order = test_app::order(&site.platform, "nobody", "alice").await;
    let repaired = site.platform.provisioner.initialize(&key, &order.requester);
    repaired.await.unwrap();
    assert_eq!(site.texts(LENT).await, lent);
}

/// A connection of a tenant's login role that no lease has bound: the worst that `RESET ROLE` can come to.
#[tokio::test]
async fn a_login_role_has_no_rights_and_no_path_and_takes_no_other_login_roles_tenants() {
    let site = TestPlatform::open_with(|config| config.pool.login_roles = 16).await;
    let connector = site.platform.provisioner.connector();
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let mut others = register(&site, 60).await;
    reopened(&site, 16).await;
    let own = connector.login_role_of(&acme.id);
    let (mates, strangers): (Vec<_>, Vec<_>) = std::mem::take(&mut others)
        .into_iter()
        .partition(|id| connector.login_role_of(id) == own);
    assert!(!strangers.is_empty());

    let conn = connector.for_login_role(own).connect().await.unwrap();
    let refused = async |sql: &str| {
        let error = conn.batch(sql).await.expect_err(sql);
        error.to_string()
    };
    assert_eq!(
        refused("SELECT FROM users").await,
        "relation \"users\" does not exist"
    );
    for sql in [
        format!("SELECT FROM {}.users", acme.schema),
        "SELECT FROM shared.tenants".to_owned(),
        "SELECT password FROM shared.login_roles".to_owned(),
        "CREATE TEMPORARY TABLE users ()".to_owned(),
        "CREATE SCHEMA mine".to_owned(),
        "SET ROLE rowhouse".to_owned(),
    ] {
        let message = refused(&sql).await;
        assert!(message.starts_with("permission denied"), "{sql}: {message}");
    }
    for id in &strangers {
        let message = refused(&format!("SET ROLE tenant_{id}")).await;
        assert!(message.starts_with("permission denied"), "{message}");
    }
    for id in mates.iter().chain([&acme.id]) {
        conn.batch(&format!("SET ROLE tenant_{id}")).await.unwrap();
    }
}

#[tokio::test]
async fn the_passwords_of_login_roles_stay_with_the_platform() {
    let site = TestPlatform::open_with(|config| config.pool.login_roles = 1).await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let login_role = LoginRole::list(&site.platform.pools.platform().await.unwrap()).await;
    let login_role = login_role.unwrap().remove(0);
    assert!(!format!("{login_role:?}").contains(&login_role.password));
    for role in [&login_role.name, &acme.schema] {
        site.run(&format!("SET ROLE {role}")).await;
        let error = site
            .client
            .batch_execute("SELECT FROM shared.login_roles")
            .await;
        let state = error.unwrap_err().code().cloned();
        assert_eq!(state, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{role}");
        site.run("RESET ROLE").await;
    }
}

#[tokio::test]
async fn the_doctor_warns_of_many_tenants_on_one_login_role() {
    let site = TestPlatform::open().await;
    site.run(
        "INSERT INTO shared.tenants (id, slug, name, schema_name)
         SELECT id, 't-' || id, 't', 'tenant_' || id FROM (SELECT '0' || lpad(to_hex(n), 11, '0') AS id FROM generate_series(1, 2001) n) n;
         DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT schema_name FROM shared.tenants LOOP
                 EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT; GRANT %I TO CURRENT_USER', name, name);
             END LOOP;
         END $$",
    )
    .await;
    let check = "tenants per login role";
    let findings = site.platform.provisioner.examine().await.unwrap();
    assert_eq!(verdict(&findings, check), Verdict::Warning);
    let several = reopened(&site, 4).await;
    several.provisioner.withdraw().await.unwrap();
    let findings = several.provisioner.examine().await.unwrap();
    assert_eq!(verdict(&findings, check), Verdict::Good);
}

#[tokio::test]
async fn login_roles_need_tenants_roles() {
    let mut config = config("postgres://localhost/nothing");
    config.pool.login_roles = 2;
    config.check().unwrap();
    config.pool.isolation = Isolation::Path;
    let message = config.check().unwrap_err().to_string();
    assert!(message.starts_with("`LOGIN_ROLES` deals out"), "{message}");
}

#[tokio::test]
async fn the_start_stops_at_a_login_role_that_the_server_keeps_out() {
    let site = TestPlatform::open_with(|config| config.pool.login_roles = 2).await;
    let database = site.texts("SELECT current_database()::text").await;
    site.run(&format!("ALTER ROLE {}_login_02 NOLOGIN", database[0]))
        .await;
    let mut config = config(site.url());
    config.pool.login_roles = 2;
    let message = Platform::open(&config).await.unwrap_err().to_string();
    assert!(
        message.contains("login_02\" is not permitted to log in"),
        "{message}"
    );
    let connector = Connector::new(site.url(), 60).unwrap();
    assert_eq!(connector.login_role_count(), 0);
}
