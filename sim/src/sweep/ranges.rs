//! `[sweep]`: the ranges a scenario states for its keys, and what a seed draws from them.
//!
//! A key of `[sweep]` is a dotted path of the scenario (`clients.count`, written as nested tables or in quotes). A list is a
//! choice, each member equally likely, `"none"` taking the key away; a table of `min` and `max` is a range of integers or of
//! durations, both bounds included. Each key draws from a stream of its own, so that adding one moves no other.

use toml::{Table, Value};

use crate::scenario::{format_duration, parse_duration};
use crate::world::seed::Seed;

use super::document;

/// What is wrong with `[sweep]`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RangeError {
    /// Neither a choice nor a range.
    #[error("[sweep] {path}: write a list of choices, or {{ min = .., max = .. }}")]
    Shape {
        /// The key.
        path: String,
    },
    /// Bounds of different types, or the wrong way round.
    #[error(
        "[sweep] {path}: `min` and `max` must both be whole numbers or both durations, `min` not above `max`"
    )]
    Bounds {
        /// The key.
        path: String,
    },
}

/// The document of `base` in which every key of `[sweep]` has what `seed` draws.
///
/// # Errors
/// [`RangeError`]: `[sweep]` cannot be read.
pub fn draw(base: &Table, seed: Seed) -> Result<Table, RangeError> {
    let mut drawn = base.clone();
    let Some(sweep) = drawn.remove("sweep") else { return Ok(drawn) };
    let Value::Table(ranges) = sweep else { return Err(RangeError::Shape { path: String::new() }) };
    for (path, range) in flatten("", &ranges) {
        let value = value(&path, range, seed)?;
        document::put(&mut drawn, &path, value);
    }
    Ok(drawn)
}

/// The dotted paths with their choices and ranges, in the order of the alphabet.
fn flatten<'a>(prefix: &str, table: &'a Table) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) if !inner.contains_key("min") => found.extend(flatten(&path, inner)),
            value => found.push((path, value)),
        }
    }
    found
}

fn value(path: &str, range: &Value, seed: Seed) -> Result<Value, RangeError> {
    let shape = || RangeError::Shape { path: path.to_owned() };
    let bounds = || RangeError::Bounds { path: path.to_owned() };
    let mut stream = seed.stream(&format!("sweep/{path}"));
    match range {
        Value::Array(choices) => {
            let index = usize::try_from(stream.below(choices.len() as u64)).unwrap_or(0);
            choices.get(index).cloned().ok_or_else(shape)
        }
        Value::Table(table) => match (table.get("min"), table.get("max")) {
            (Some(Value::Integer(min)), Some(Value::Integer(max))) => {
                let span = u64::try_from(max.checked_sub(*min).ok_or_else(bounds)?).map_err(|_| bounds())?;
                let step = i64::try_from(stream.below(span.saturating_add(1))).map_err(|_| bounds())?;
                Ok(Value::Integer(min + step))
            }
            (Some(Value::String(min)), Some(Value::String(max))) => {
                let read = |text: &str| parse_duration(text).ok();
                let (min, max) =
                    read(min).zip(read(max)).filter(|(min, max)| min <= max).ok_or_else(bounds)?;
                Ok(Value::String(format_duration(stream.duration(min, max))))
            }
            _ => Err(bounds()),
        },
        _ => Err(shape()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(sweep: &str, seed: u64) -> Result<Table, RangeError> {
        draw(&format!("name = \"base\"\n[sweep]\n{sweep}").parse().unwrap(), Seed(seed))
    }

    #[test]
    fn a_range_of_integers_reaches_both_bounds_and_nothing_else() {
        let counts: Vec<i64> = (0..50)
            .map(|seed| drawn("clients.count = { min = 2, max = 4 }", seed).unwrap())
            .map(|table| document::get(&table, "clients.count").unwrap().as_integer().unwrap())
            .collect();
        assert!((2..=4).all(|count| counts.contains(&count)) && counts.iter().all(|n| (2..=4).contains(n)));
    }

    #[test]
    fn a_range_of_durations_is_drawn_between_its_bounds() {
        let table = drawn("\"network.latency\" = { min = \"1ms\", max = \"2ms\" }", 3).unwrap();
        let latency = document::get(&table, "network.latency").unwrap().as_str().unwrap();
        let latency = parse_duration(latency).unwrap();
        assert!(latency.as_micros() >= 1_000 && latency.as_micros() <= 2_000);
    }

    #[test]
    fn none_among_the_choices_takes_the_key_away() {
        let some = |seed| drawn("name = [\"none\", \"other\"]", seed).unwrap().contains_key("name");
        assert!((0..20).any(some) && (0..20).any(|seed| !some(seed)));
    }

    #[test]
    fn one_more_key_moves_no_other() {
        let one = drawn("clients.count = { min = 1, max = 1000 }", 5).unwrap();
        let two = drawn("clients.count = { min = 1, max = 1000 }\nservers.count = { min = 1, max = 9 }", 5)
            .unwrap();
        assert_eq!(document::get(&one, "clients.count"), document::get(&two, "clients.count"));
    }

    #[test]
    fn what_is_neither_a_choice_nor_a_range_is_refused_with_its_key() {
        assert_eq!(
            drawn("clients.count = 3", 1),
            Err(RangeError::Shape { path: "clients.count".to_owned() })
        );
        let error = drawn("servers.count = { min = 3, max = 2 }", 1);
        assert_eq!(error, Err(RangeError::Bounds { path: "servers.count".to_owned() }));
    }
}
