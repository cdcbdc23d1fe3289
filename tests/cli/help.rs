//! Help and completions, which need no database.

use assert_cmd::Command;

use super::shell::Outcome;

fn without_database(program: &str, arguments: &[&str]) -> Outcome {
    Outcome::of(Command::new(program).args(arguments).env_clear())
}

fn help(program: &str, arguments: &[&str]) -> String {
    let outcome = without_database(program, arguments);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    outcome.stdout
}

#[test]
fn provision_explains_itself() {
    insta::assert_snapshot!(help(env!("CARGO_BIN_EXE_provision"), &["--help"]));
}

#[test]
fn tenant_create_explains_itself() {
    let arguments = ["tenant", "create", "--help"];
    insta::assert_snapshot!(help(env!("CARGO_BIN_EXE_provision"), &arguments));
}

/// The help of a command, from its usage to the options that all commands have.
fn own_help(command: &str) -> String {
    let help = help(env!("CARGO_BIN_EXE_provision"), &[command, "-h"]);
    help.split("\nGeneral:").next().unwrap().to_owned()
}

#[test]
fn the_commands_of_the_engine_explain_themselves() {
    for command in ["plan", "upgrade", "verify", "repair", "diff"] {
        insta::assert_snapshot!(command, own_help(command));
    }
}

#[test]
fn rowhouse_explains_itself() {
    insta::assert_snapshot!(help(env!("CARGO_BIN_EXE_rowhouse"), &["--help"]));
}

#[test]
fn completions_name_the_commands() {
    let script = help(env!("CARGO_BIN_EXE_provision"), &["completions", "bash"]);
    for word in ["_provision()", "tenant", "orphans", "--password-stdin"] {
        assert!(script.contains(word), "no `{word}`");
    }
}

#[test]
fn without_a_command_the_help_is_shown_and_the_usage_is_wrong() {
    let outcome = without_database(env!("CARGO_BIN_EXE_provision"), &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(outcome.stderr.contains("Usage: provision"));
}
