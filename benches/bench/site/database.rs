//! The database of one schema: its name tells what it was built from, and one of another build is dropped.

use anyhow::Context;
use rowhouse::database::migrations;
use rowhouse::provisioner::blueprint::Blueprint;
use tenant_schema::catalog::Catalog;
use tokio_postgres::{Client, NoTls};

/// Finds or makes the database of this build and drops those of others. Gives its name and its URL.
pub(super) async fn prepare(server: &str) -> anyhow::Result<(String, String)> {
    let blueprint = Blueprint::of(Catalog::of_models());
    let name = format!("bench_{}_{}", migrations::version(), blueprint.version());
    let client = connect(server).await?;
    let sql = "SELECT datname::text FROM pg_database WHERE datname LIKE 'bench\\_%'";
    let rows = client.query(sql, &[]).await?;
    let mut exists = false;
    for row in rows {
        let other: String = row.try_get(0)?;
        if other == name {
            exists = true;
        } else {
            drop_database(&other, server, &client).await?;
        }
    }
    if !exists {
        let sql = format!("CREATE DATABASE {name}");
        client.batch_execute(&sql).await?;
    }
    let url = url_of(&name, server)?;
    Ok((name, url))
}

/// Connects as the login role.
pub(super) async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, driver) = tokio_postgres::connect(url, NoTls)
        .await
        .context("Failed to connect to PostgreSQL")?;
    tokio::spawn(driver);
    Ok(client)
}

/// The server's URL names its own database last.
fn url_of(name: &str, server: &str) -> anyhow::Result<String> {
    let (server, _) = server
        .rsplit_once('/')
        .context("a URL without a database")?;
    Ok(format!("{server}/{name}"))
}

/// Drops a database with its tenants' roles, which belong to the server and would slow every `SET ROLE` down.
async fn drop_database(name: &str, server: &str, client: &Client) -> anyhow::Result<()> {
    let tenants = connect(&url_of(name, server)?).await?;
    let sql = "SELECT schema_name::text FROM shared.tenants";
    let rows = tenants.query(sql, &[]).await.unwrap_or_default();
    drop(tenants);
    let sql = format!("DROP DATABASE {name} WITH (FORCE)");
    client.batch_execute(&sql).await?;
    for row in rows {
        let sql = format!("DROP ROLE IF EXISTS {}", row.try_get::<_, String>(0)?);
        client.batch_execute(&sql).await?;
    }
    Ok(())
}
