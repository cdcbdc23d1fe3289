//! Runs a plan: its transactions in order, each under a path that holds the schema alone.

use connection::PlatformConn;
use rowhouse::provisioner::namespace::Namespace;
use rowhouse::provisioner::plan::{Plan, Transaction};

/// Runs all transactions; the first failure ends it, and names its step.
pub(crate) async fn apply(
    plan: &Plan,
    schema: &Namespace,
    conn: &PlatformConn,
) -> Result<(), String> {
    for transaction in &plan.transactions {
        let applied = if transaction.atomic {
            together(transaction, schema, conn).await
        } else {
            alone(transaction, schema, conn).await
        };
        if applied.is_err() {
            // A failure outside a transaction leaves nothing to roll back, of which PostgreSQL only warns.
            let _ = conn.batch("ROLLBACK").await;
        }
        applied?;
    }
    Ok(())
}

async fn together(
    transaction: &Transaction,
    schema: &Namespace,
    conn: &PlatformConn,
) -> Result<(), String> {
    run("BEGIN", conn).await?;
    run(&schema.set_local_path(), conn).await?;
    steps(transaction, conn).await?;
    run("COMMIT", conn).await
}

async fn alone(
    transaction: &Transaction,
    schema: &Namespace,
    conn: &PlatformConn,
) -> Result<(), String> {
    let path = format!("SET search_path = {}", schema.quoted());
    run(&path, conn).await?;
    let ran = steps(transaction, conn).await;
    run("SET search_path = ''", conn).await?;
    ran
}

async fn steps(transaction: &Transaction, conn: &PlatformConn) -> Result<(), String> {
    for step in &transaction.steps {
        run(&step.sql, conn)
            .await
            .map_err(|error| format!("the step `{}` fails: {error}", step.name))?;
    }
    Ok(())
}

async fn run(sql: &str, conn: &PlatformConn) -> Result<(), String> {
    let ran = conn.batch(sql).await;
    ran.map_err(|error| format!("{error}\n  in: {sql}"))
}
