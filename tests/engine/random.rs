//! Transitions made at random.
