//! What a scenario file may say, and how it is refused.

mod clients;
mod deploys;
mod harms;
mod impossible;
mod refusals;
mod settings;
mod values;

use super::Scenario;

/// The smallest scenario.
const SMALL: &str = "schema = 1\nname = \"small\"\nduration = \"13s\"\n";

/// [`SMALL`] with more at its end.
fn small(more: &str) -> String {
    format!("{SMALL}{more}")
}

fn parse(text: &str) -> Result<Scenario, String> {
    Scenario::parse("my.toml", text, &[]).map_err(|error| error.to_string())
}

/// The refusal of [`SMALL`] with more at its end.
fn refusal(more: &str) -> String {
    parse(&small(more)).unwrap_err()
}

fn set(text: &str, settings: &[&str]) -> Result<Scenario, String> {
    let settings: Vec<_> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    Scenario::parse("my.toml", text, &settings).map_err(|error| error.to_string())
}
