//! The connections that nobody holds, and which of them is lent next.

use super::super::binding::Binding;
use super::physical::Physical;

/// Connections that nobody holds, longest idle first.
#[derive(Debug, Default)]
pub(super) struct Idle(Vec<Physical>);

impl Idle {
    /// The one that was used last among those bound as asked, else the one that has idled longest. Those that the server
    /// has closed meanwhile are dropped.
    pub(super) fn take(&mut self, binding: &Binding) -> Option<Physical> {
        self.0
            .retain_mut(|physical| connection::is_open(&mut physical.connection));
        let position = self
            .0
            .iter()
            .rposition(|physical| physical.binding == *binding);
        position
            .or((!self.0.is_empty()).then_some(0))
            .map(|position| self.0.remove(position))
    }

    /// Takes back one that was lent.
    pub(super) fn give_back(&mut self, physical: Physical) {
        self.0.push(physical);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
