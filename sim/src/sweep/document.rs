//! A scenario as a TOML document: what a seed draws, a shrinker makes smaller, and a file holds.

use toml::{Table, Value};

use crate::scenario::{Scenario, ScenarioError};

/// The text of the scenario that `target` names: a built-in one, or a file.
///
/// # Errors
/// [`ScenarioError`], as [`Scenario::load`].
pub fn load(target: &str) -> Result<Table, ScenarioError> {
    let (source, text) = Scenario::source(target)?;
    // Reading it as a scenario first gives the errors their places and remedies, and leaves none for the second reading.
    Scenario::parse(&source, &text, &[])?;
    Ok(text.parse().unwrap_or_default())
}

/// The scenario of a document. What its file expects of one world is not said of all that are drawn.
///
/// # Errors
/// [`ScenarioError`]: the world cannot be.
pub fn scenario(document: &Table) -> Result<Scenario, ScenarioError> {
    let mut document = document.clone();
    for key in ["sweep", "expect", "expectation", "finding"] {
        document.remove(key);
    }
    if document.get("fault").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        document.remove("fault");
    }
    Scenario::parse("the drawn scenario", &document.to_string(), &[])
}

/// The value at a dotted path; members of lists are not reached.
pub fn get<'a>(document: &'a Table, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let first = document.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.as_table()?.get(part))
}

/// Puts `value` at a dotted path, making the tables on the way; the string `none` takes the key away, as `--set` does.
pub fn put(document: &mut Table, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        if value.as_str() == Some("none") {
            document.remove(path);
        } else {
            document.insert(path.to_owned(), value);
        }
        return;
    };
    let inner = document.entry(first).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        put(inner, rest, value);
    }
}
