//! The commands of `docs/ENGINE.md`, run as they stand there: each prints what the manual says that it prints.

use std::process::Command;

use super::shell::Shell;

/// A command of the manual and what it prints.
#[derive(Debug, Default)]
struct Example {
    command: String,
    prints: String,
}

/// What stands in the manual's console blocks: `$` begins a command, `>` goes on with it.
fn examples() -> Vec<Example> {
    let manual = include_str!("../../docs/ENGINE.md");
    let blocks = manual.split("```console\n").skip(1);
    let mut examples: Vec<Example> = Vec::new();
    for line in blocks.flat_map(|block| block.split("```").next().unwrap().lines()) {
        if let Some(command) = line.strip_prefix("$ ") {
            examples.push(Example {
                command: format!("{command}\n"),
                ..Example::default()
            });
            continue;
        }
        let example = examples.last_mut().unwrap();
        let (text, line) = match line.strip_prefix("> ") {
            Some(rest) => (&mut example.command, rest),
            None => (&mut example.prints, line),
        };
        text.push_str(line);
        text.push('\n');
    }
    examples
}

#[tokio::test]
async fn the_examples_of_the_manual_print_what_it_says() {
    let shell = Shell::open().await;
    let provision = std::path::Path::new(env!("CARGO_BIN_EXE_provision")).parent();
    let psql = shell.database().program("psql");
    let folders =
        [provision.unwrap(), psql.parent().unwrap()].map(|folder| folder.to_str().unwrap());
    let examples = examples();
    assert!(examples.len() >= 5, "{examples:#?}");
    for Example { command, prints } in &examples {
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("PATH=$PROGRAMS:$PATH\n{command}")])
            .current_dir(shell.folder())
            .env("PROGRAMS", folders.join(":"))
            .env("DATABASE_URL", shell.database().url());
        let output = bash.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            &String::from_utf8(output.stdout).unwrap(),
            prints,
            "{command}{said}"
        );
    }
}
