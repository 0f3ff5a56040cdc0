//! Reading one table: known keys only, values of the right type and range.

use core::ops::RangeInclusive;
use core::time::Duration;

use super::duration::{format_duration, parse_duration};
use super::error::{Place, Problem};
use super::keys::known_keys;
use super::nearest;
use super::tree::{Node, Table, Value};

/// One table of the file.
pub(super) struct Section<'a> {
    table: Option<&'a Table>,
}

impl<'a> Section<'a> {
    /// The table at a node, `None` reading as an empty one. `title` names it in errors.
    pub(super) fn new(node: Option<&'a Node>, title: &str, known: &[&str]) -> Result<Self, Problem> {
        let Some(node) = node else { return Ok(Self { table: None }) };
        let Value::Table(table) = &node.value else {
            let message = format!("{title} must be a table, not {}", node.value.kind());
            return Err(Problem::new(&node.place, message));
        };
        let unknown = table.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        if let Some((key, entry)) = unknown.min_by(|a, b| a.1.key.cmp(&b.1.key)) {
            let near = nearest::hint(key, known.iter().copied());
            let hint = if near.is_empty() { elsewhere(key) } else { near };
            return Err(Problem::new(&entry.key, format!("unknown key `{key}` in {title}{hint}")));
        }
        Ok(Self { table: Some(table) })
    }

    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        self.table?.get(key).map(|entry| &entry.node)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, Problem> {
        let Some(node) = self.node(key) else { return Ok(None) };
        match &node.value {
            Value::String(text) => Ok(Some(text)),
            other => Err(wrong_type(key, node, "a string", other)),
        }
    }

    pub(super) fn integer(&self, key: &str, range: RangeInclusive<u32>) -> Result<Option<u32>, Problem> {
        self.node(key).map(|node| integer(key, node, range)).transpose()
    }

    pub(super) fn truth(&self, key: &str) -> Result<Option<bool>, Problem> {
        let Some(node) = self.node(key) else { return Ok(None) };
        match node.value {
            Value::Boolean(truth) => Ok(Some(truth)),
            _ => Err(wrong_type(key, node, "true or false", &node.value)),
        }
    }

    pub(super) fn duration(&self, key: &str, least: Duration) -> Result<Option<Duration>, Problem> {
        self.node(key).map(|node| duration(key, node, least)).transpose()
    }

    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>, Problem> {
        let Some(node) = self.node(key) else { return Ok(None) };
        match node.value {
            Value::Boolean(flag) => Ok(Some(flag)),
            ref other => Err(wrong_type(key, node, "true or false", other)),
        }
    }

    /// One of the words of `choices`.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>, Problem> {
        self.node(key).map(|node| choice(key, node, choices)).transpose()
    }
}

/// The value, or a problem at `place` if the key is missing.
pub(super) fn required<T>(key: &str, value: Option<T>, place: &Place, example: &str) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::new(place, format!("`{key}` is missing; add {key} = {example}")))
}

pub(super) fn integer(key: &str, node: &Node, range: RangeInclusive<u32>) -> Result<u32, Problem> {
    let Value::Integer(number) = node.value else {
        return Err(wrong_type(key, node, "a whole number", &node.value));
    };
    let fits = number.and_then(|number| u32::try_from(number).ok()).filter(|number| range.contains(number));
    let (least, most) = range.into_inner();
    fits.ok_or_else(|| Problem::new(&node.place, format!("`{key}` must be from {least} to {most}")))
}

pub(super) fn duration(key: &str, node: &Node, least: Duration) -> Result<Duration, Problem> {
    let Value::String(text) = &node.value else {
        return Err(wrong_type(key, node, "a duration such as \"50ms\"", &node.value));
    };
    let duration =
        parse_duration(text).map_err(|wrong| Problem::new(&node.place, format!("`{key}` {wrong}")))?;
    if duration < least {
        let message = format!("`{key}` is \"{text}\"; it must be at least {}", format_duration(least));
        return Err(Problem::new(&node.place, message));
    }
    Ok(duration)
}

pub(super) fn choice<T: Copy>(key: &str, node: &Node, choices: &[(&str, T)]) -> Result<T, Problem> {
    let Value::String(text) = &node.value else {
        return Err(wrong_type(key, node, "a string", &node.value));
    };
    if let Some((_, value)) = choices.iter().find(|(word, _)| word == text) {
        return Ok(*value);
    }
    let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let hint = nearest::hint(text, choices.iter().map(|(word, _)| *word));
    let only = if words.len() == 1 { "" } else { "one of " };
    let message = format!("`{key}` is \"{text}\"; it must be {only}{}{hint}", words.join(", "));
    Err(Problem::new(&node.place, message))
}

pub(super) fn wrong_type(key: &str, node: &Node, wanted: &str, found: &Value) -> Problem {
    Problem::new(&node.place, format!("`{key}` must be {wanted}, not {}", found.kind()))
}

/// Where else there is such a key: most that are unknown are of another table.
fn elsewhere(key: &str) -> String {
    let tables: Vec<String> = known_keys()
        .filter(|(table, known)| *known == key && !table.is_empty())
        .map(|(table, _)| format!("[{table}]"))
        .collect();
    match tables.as_slice() {
        [] => String::new(),
        tables => format!("; {} has such a key", tables.join(" or ")),
    }
}
