//! A plan as an SQL script for one schema: what `apply` does, for people and for psql.

use std::fmt::Write as _;

use super::super::namespace::Namespace;
use super::step::Step;
use super::{Plan, Transaction};

impl Plan {
    /// The script. Batched steps stand in it as the one statement that they amount to.
    pub fn script(&self, schema: &Namespace) -> String {
        let transactions = self.transactions.iter();
        let parts: Vec<String> = transactions
            .map(|transaction| transaction.script(schema))
            .collect();
        parts.join("\n")
    }
}

impl Transaction {
    fn script(&self, schema: &Namespace) -> String {
        let mut sql = String::new();
        if self.atomic {
            let _ = writeln!(sql, "BEGIN;\nSET LOCAL search_path = {};", schema.quoted());
        } else {
            let _ = writeln!(sql, "SET search_path = {};", schema.quoted());
        }
        let local = if self.atomic { "LOCAL " } else { "" };
        let mut limits = None;
        for step in &self.steps {
            let _ = writeln!(sql, "-- {}", step.name.replace('\n', " "));
            if limits != Some((step.lock_timeout_ms, step.statement_timeout_ms)) {
                let _ = writeln!(sql, "{}", set_limits(step, local));
                limits = Some((step.lock_timeout_ms, step.statement_timeout_ms));
            }
            let _ = writeln!(sql, "{};", step.sql);
        }
        sql.push_str(if self.atomic {
            "COMMIT;\n"
        } else {
            "RESET search_path;\nRESET lock_timeout;\nRESET statement_timeout;\n"
        });
        sql
    }
}

fn set_limits(step: &Step, local: &str) -> String {
    format!(
        "SET {local}lock_timeout = '{}ms';\nSET {local}statement_timeout = '{}ms';",
        step.lock_timeout_ms, step.statement_timeout_ms
    )
}
