//! The judge is judged: it passes a right plan, and catches wrong ones.
