//! `sio08 replay`: takes a way through a model again, that `sio08 check` found.

use std::fs;

use clap::Args;

use super::Exit;
use super::simulate::{Failure, print};
use crate::check::{Story, Way, replay};
use crate::scenario::read_failure;

/// Takes the steps of a counterexample again, and tells them.
#[derive(Args, Debug)]
pub(super) struct ReplayArgs {
    /// A file that `sio08 check` wrote
    file: String,
    /// Draws the sequence diagram into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<String>,
}

/// Runs the command. Exits 1 if the way leads again to the property it was written for, 0 if it does not any more.
pub(super) fn run(args: &ReplayArgs) -> Exit {
    match read(&args.file) {
        Ok((way, story)) => attempt(args, &way, &story).unwrap_or_else(|failure| failure.report()),
        Err(message) => {
            eprintln!("error: {}: {message}", args.file);
            Exit::BadInput
        }
    }
}

fn read(file: &str) -> Result<(Way, Story), String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("{}; sio08 check writes such files", read_failure(&error)))?;
    let way = Way::read(&text).map_err(|error| error.to_string())?;
    let story = replay(&way.setup, &way.steps).map_err(|error| error.to_string())?;
    Ok((way, story))
}

fn attempt(args: &ReplayArgs, way: &Way, story: &Story) -> Result<Exit, Failure> {
    print(&telling(&way.property, story))?;
    write_svg(args.svg.as_deref(), story)?;
    if story.decided.contains(&way.property.as_str()) {
        return Ok(Exit::Violated);
    }
    print(&format!("  {} is not decided by the last state any more.\n", way.property))?;
    Ok(Exit::Holds)
}

/// The numbered story and the diagram.
pub(super) fn telling(property: &str, story: &Story) -> String {
    format!("{property}, {} steps:\n{}\n{}\n", story.steps, story.text(), story.diagram())
}

pub(super) fn write_svg(path: Option<&str>, story: &Story) -> Result<(), Failure> {
    path.map_or(Ok(()), |path| write(path, &story.svg()))
}

pub(super) fn write(path: &str, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::Write { path: path.to_owned(), error })
}
