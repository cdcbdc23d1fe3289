//! Choices made from a list of numbers. A shorter list, and smaller numbers, make a simpler schema: so proptest shrinks.

/// A reader of numbers that gives zeros when it has read all.
#[derive(Debug)]
pub(crate) struct Choices<'a> {
    numbers: std::slice::Iter<'a, u16>,
}

impl<'a> Choices<'a> {
    /// Choices made from these numbers.
    pub(crate) fn new(numbers: &'a [u16]) -> Self {
        Self {
            numbers: numbers.iter(),
        }
    }

    /// A number below `limit`, which is not zero.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.numbers.next().copied().unwrap_or_default()) % limit
    }

    /// Whether something happens that does in this percentage of cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    /// One of several.
    pub(crate) fn pick<'b, T>(&mut self, among: &'b [T]) -> &'b T {
        &among[self.below(among.len())]
    }

    /// One of several, taken out; none when none is left.
    pub(crate) fn take<T>(&mut self, among: &mut Vec<T>) -> Option<T> {
        (!among.is_empty()).then(|| among.remove(self.below(among.len())))
    }

    /// A comment, seldom.
    pub(crate) fn comment(&mut self) -> Option<String> {
        let texts = [
            "plain",
            "it's \"quoted\"",
            "back\\slash",
            "two\nlines",
            "漢字 🦀",
        ];
        self.chance(12).then(|| (*self.pick(&texts)).to_owned())
    }
}
