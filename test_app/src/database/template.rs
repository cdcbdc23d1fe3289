//! The template: the database that those of the tests are copies of. It is migrated and knows what tenants should be like.

use rowhouse::database::{Connector, migrations};
use rowhouse::provisioner::Provisioner;
use rowhouse::provisioner::blueprint::Blueprint;
use tenant_schema::catalog::Catalog;
use tokio::sync::OnceCell;

use super::server::{connect, server, url_of};
use super::{STATEMENT_TIMEOUT, sweep};

/// Held while the template is made. The key is the bytes of `template`.
const LOCK: &str = "SELECT pg_advisory_lock(x'74656d706c617465'::bigint)";

/// The template's name, once it is there.
static NAME: OnceCell<String> = OnceCell::const_new();

/// Name of the template, made by the first process that needs it; other migrations and other models have another one.
pub(super) async fn name() -> &'static str {
    NAME.get_or_init(find_or_make).await
}

async fn find_or_make() -> String {
    let blueprint = Blueprint::of(Catalog::of_models());
    let name = format!("template_{}_{}", migrations::version(), blueprint.version());
    let client = connect(server().url()).await;
    client
        .batch_execute(LOCK)
        .await
        .expect("the template's lock");
    let exists = client
        .query_opt(
            "SELECT FROM pg_database WHERE datname = $1 AND NOT datallowconn",
            &[&name],
        )
        .await;
    if exists.expect("a list of databases").is_none() {
        sweep(&client).await;
        client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .expect("no half-made template");
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .expect("the template");
        fill(&url_of(&name)).await;
        // Nobody may connect to a database while it is copied.
        let close = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        client
            .batch_execute(&close)
            .await
            .expect("the template is closed");
    }
    name
}

/// Makes the platform without tenants, and the reference schema that the first tenant would have made.
async fn fill(url: &str) {
    let connector = Connector::new(url, STATEMENT_TIMEOUT).expect("a connector");
    migrations::run(&connector)
        .await
        .expect("the platform is migrated");
    let provisioner = Provisioner::open(&connector, &crate::config(url).pool).await;
    let conn = connector.connect().await.expect("a connection");
    provisioner
        .expect("a provisioner")
        .reference(&conn)
        .await
        .expect("the reference schema");
}
