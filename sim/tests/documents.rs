//! The commands of the documents for operators are run, and print what the documents quote.
//!
//! A block marked `console` holds commands (`$ sio08 ...`), each with lines of its output below it: some of them, in
//! order, each as printed. `SIO08_BLESS=1 cargo test -p socketio08-sim --test documents` writes there what each line says
//! now; a quoted line is known by its beginning: up to the first two spaces, at most the width of a report's first column.
//! The first command of the README is quoted whole, but for the time that the machine took.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

/// The documents whose commands are run.
const DOCUMENTS: [&str; 2] = ["QUESTIONS.md", "CLAIMS.md"];

/// The width of a report's first column.
const COLUMN: usize = 19;

fn path(document: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(document)
}

/// The words of a command as a shell would take them; single quotes only.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in command.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn output(command: &str) -> String {
    let words = words(command);
    assert_eq!(words[0], "sio08", "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_sio08")).args(&words[1..]).output().expect("sio08 runs");
    assert!(output.stderr.is_empty(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What a quoted line is known by.
fn label(line: &str) -> &str {
    let first = line.trim().split("  ").next().unwrap_or("");
    first.char_indices().nth(COLUMN).map_or(first, |(end, _)| &first[..end])
}

/// The document with every quoted line as it is printed now; a quote that is not printed any more is a failure.
fn run(document: &str) -> String {
    let text = std::fs::read_to_string(path(document)).expect("a document");
    let (mut out, mut console, mut printed) = (String::new(), false, Vec::new());
    for line in text.lines() {
        let mut line = line.to_owned();
        if line.starts_with("```") {
            console = line == "```console";
            printed.clear();
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| console) {
            printed = output(command).lines().rev().map(str::to_owned).collect();
        } else if console && !line.is_empty() {
            line = loop {
                let next = printed.pop();
                let next = next.unwrap_or_else(|| panic!("{document}: not printed any more: {line}"));
                if label(&next) == label(&line) {
                    break next;
                }
            };
        }
        writeln!(out, "{}", line.trim_end()).expect("a string takes everything");
    }
    out
}

fn check(document: &str) {
    let now = run(document);
    if std::env::var_os("SIO08_BLESS").is_some() {
        return std::fs::write(path(document), now).expect("the document is written");
    }
    let text = std::fs::read_to_string(path(document)).expect("a document");
    let differs = text.lines().zip(now.lines()).find(|(quoted, printed)| quoted != printed);
    assert_eq!(differs, None, "docs/{document} quotes what is not printed: SIO08_BLESS=1 writes it");
}

#[test]
fn the_answers_to_the_questions_of_operators_are_what_is_printed() {
    check(DOCUMENTS[0]);
}

#[test]
fn the_verdicts_on_the_claims_of_the_chapter_are_what_is_printed() {
    check(DOCUMENTS[1]);
}

/// The first screen of the README as it is printed now, with the machine's time as it was quoted.
#[test]
fn the_first_screen_of_the_readme_is_what_is_printed() {
    const COMMAND: &str = "\n$ cargo run --release -p socketio08-sim -- run round-robin\n";
    let readme = path("../README.md");
    let text = std::fs::read_to_string(&readme).expect("the README");
    let (before, rest) = text.split_once(COMMAND).expect("the first command");
    let (quoted, after) = rest.split_once("```").expect("the end of its output");
    let took = |text: &str| text.lines().find(|line| line.contains(" simulated in ")).map(str::to_owned);
    let printed = output("sio08 run round-robin");
    let (now, then) = (took(&printed).expect("a time"), took(quoted).expect("a time"));
    let printed = format!("{}\n", printed.trim_matches('\n').replace(&now, &then));
    if std::env::var_os("SIO08_BLESS").is_some() {
        let blessed = format!("{before}{COMMAND}{printed}```{after}");
        return std::fs::write(readme, blessed).expect("the README is written");
    }
    assert_eq!(quoted, printed, "SIO08_BLESS=1 writes it");
}
