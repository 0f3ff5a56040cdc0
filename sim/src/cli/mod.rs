//! The command line: one file per command, and the public exit codes.

mod check;
mod codec;
mod compare;
mod explain;
mod list;
mod old_clients;
mod parallel;
mod pool;
mod probe;
mod replay;
mod run;
mod schema;
mod serve;
mod simulate;
mod story;
mod subject;
mod sweep;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How the process ends. The numbers are public and never change their meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// The question was answered, and what the scenario expects (if it expects anything) holds.
    Holds = 0,
    /// What was expected does not hold; for `probe`: a step failed.
    Violated = 1,
    /// The run decides nothing: a fault never bit, no client ever started.
    Unknown = 2,
    /// The same seed gave two different runs.
    Nondeterminism = 3,
    /// The command line is wrong.
    Usage = 64,
    /// The scenario file, or other input data, is wrong.
    BadInput = 65,
    /// A fault of this program.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// What happens to Socket.IO 0.8 users behind load balancers, simulated.
#[derive(Debug, Parser)]
#[command(name = "sio08", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// One variant a command; each command's arguments and code are in its own file.
#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Codec(codec::CodecArgs),
    Compare(compare::CompareArgs),
    Explain(explain::ExplainArgs),
    List(list::ListArgs),
    Merge(sweep::MergeArgs),
    Probe(probe::ProbeArgs),
    Replay(replay::ReplayArgs),
    Run(run::RunArgs),
    /// Prints the JSON schema of scenario files, for editors
    Schema,
    Serve(Box<serve::ServeArgs>),
    Story(story::StoryArgs),
    Sweep(sweep::SweepArgs),
    Validate(validate::ValidateArgs),
}

/// Runs the command that `arguments` name (the first is the program's own name) and tells how to exit.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are not mistakes: clap prints them to standard output.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Holds };
            return if error.print().is_ok() { exit } else { Exit::Internal };
        }
    };
    match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Codec(args) => codec::run(args),
        Command::Compare(args) => compare::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::List(args) => list::run(&args),
        Command::Merge(args) => sweep::run_merge(&args),
        Command::Probe(args) => probe::run(args),
        Command::Replay(args) => replay::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Schema => schema::run(),
        Command::Serve(args) => serve::run(*args),
        Command::Story(args) => story::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Validate(args) => validate::run(&args),
    }
}
