//! Grouping: drafts in their order, cut into transactions.

use tenant_schema::definition::{SchemaDefinition, TableDefinition};

use super::super::introspect::LiveSchema;
use super::super::plan::hazard::Refusal;
use super::super::plan::{ColumnOrder, Plan, Transaction};
use super::draft::{Draft, Phase};
use super::helper_object::is_helper;

/// Puts the drafts in order and groups them.
pub(super) fn plan(
    from: &LiveSchema,
    to: &LiveSchema,
    mut drafts: Vec<Draft>,
    refusals: Vec<Refusal>,
) -> Plan {
    drafts.sort_by_key(|draft| draft.phase);
    Plan {
        from: from.fingerprint.clone(),
        to: to.fingerprint.clone(),
        transactions: group(drafts),
        refusals,
        unmanaged: (from.unmanaged.iter())
            .filter(|object| !is_helper(&object.name))
            .cloned()
            .collect(),
        column_orders: column_orders(&from.structure, &to.structure),
    }
}

/// A transaction ends before and after a step that wants to be alone, and after the labels of enum types.
fn group(drafts: Vec<Draft>) -> Vec<Transaction> {
    let mut transactions: Vec<Transaction> = Vec::new();
    let mut is_open = false;
    let mut labels = false;
    for draft in drafts {
        let adds_label = draft.phase == Phase::AddLabels;
        let joins = is_open && !draft.alone && labels == adds_label;
        match transactions.last_mut() {
            Some(last) if joins => last.steps.push(draft.step),
            _ => transactions.push(Transaction {
                atomic: draft.step.transactional && draft.step.batches.is_none(),
                steps: vec![draft.step],
            }),
        }
        is_open = !draft.alone;
        labels = adds_label;
    }
    transactions
}

/// Tables that are there before and after with their columns in another order.
fn column_orders(before: &SchemaDefinition, after: &SchemaDefinition) -> Vec<ColumnOrder> {
    let names = |table: &TableDefinition| {
        let columns = table.columns.iter();
        columns
            .map(|column| column.name.clone())
            .collect::<Vec<_>>()
    };
    let order = |table: &TableDefinition| {
        let known = before.table(&table.name)?;
        let desired = names(table);
        let kept = names(known)
            .into_iter()
            .filter(|name| desired.contains(name));
        let mut actual: Vec<String> = kept.collect();
        let added: Vec<String> = (desired.iter())
            .filter(|name| !actual.contains(name))
            .cloned()
            .collect();
        actual.extend(added);
        (actual != desired).then(|| ColumnOrder {
            table: table.name.clone(),
            actual,
            desired,
        })
    };
    after.tables.iter().filter_map(order).collect()
}
