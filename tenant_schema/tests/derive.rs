//! What the derives accept, and the words in which they refuse the rest.

#[test]
fn a_sound_model_compiles_and_a_mistake_is_told_where_it_stands() {
    // One run for both: with a mere check of the failing ones, the dependencies would be built twice.
    let cases = trybuild::TestCases::new();
    cases.pass("tests/derive/pass/*.rs");
    cases.compile_fail("tests/derive/fail/*.rs");
}
