//! `--set key=value`: a change to the tree of a scenario before it is judged.

use super::error::{Place, Problem};
use super::tree::{self, Entry, Node, Table, Value};

/// The value that takes a key away.
const NONE: &str = "none";

/// Applies one `path.to.key=value`. The value is TOML, or else a string without its quotes; `none` takes the key away.
/// Members of a list are counted from 1: `fault.1.at=9s`. Tables that do not exist are made.
pub(super) fn apply(root: &mut Node, setting: &str) -> Result<(), Problem> {
    let place = Place::Setting(setting.to_owned());
    let Some((path, text)) = setting.split_once('=') else {
        return Err(Problem::new(&place, "has no `=`; write --set clients.count=80"));
    };
    let path: Vec<&str> = path.trim().split('.').map(str::trim).collect();
    if path.iter().any(|part| part.is_empty()) {
        return Err(Problem::new(&place, "has no key before the `=`; write --set clients.count=80"));
    }
    let text = text.trim();
    let value = if text == NONE { None } else { Some(value(text, &place)?) };
    put(root, &path, value, &place)
}

fn value(text: &str, place: &Place) -> Result<Node, Problem> {
    if text.is_empty() {
        return Err(Problem::new(place, "has no value; `none` takes a key away"));
    }
    if let Some(node) = tree::parse_value(text, place) {
        return Ok(node);
    }
    if text.starts_with(['{', '[', '"', '\'']) {
        return Err(Problem::new(place, "the value is not TOML: a bracket or quote is missing, or a key is"));
    }
    Ok(Node { place: place.clone(), value: Value::String(text.to_owned()) })
}

fn put(node: &mut Node, path: &[&str], value: Option<Node>, place: &Place) -> Result<(), Problem> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    match &mut node.value {
        Value::Table(table) if rest.is_empty() => {
            put_here(table, first, value, place);
            Ok(())
        }
        Value::Table(table) => {
            let fresh = || Entry {
                key: place.clone(),
                node: Node { place: place.clone(), value: Value::Table(Table::new()) },
            };
            put(&mut table.entry((*first).to_owned()).or_insert_with(fresh).node, rest, value, place)
        }
        Value::Array(items) => {
            let count = items.len();
            let index = first.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let Some(item) = index.and_then(|index| items.get_mut(index)) else {
                return Err(Problem::new(
                    place,
                    format!("`{first}` is not one of the {count} in the list, counting from 1"),
                ));
            };
            match (rest.is_empty(), value) {
                (true, Some(value)) => *item = value,
                (true, None) => {
                    items.remove(index.unwrap_or(0));
                }
                (false, value) => put(item, rest, value, place)?,
            }
            Ok(())
        }
        other => Err(Problem::new(place, format!("there is no `{first}` inside {}", other.kind()))),
    }
}

/// A key that is there keeps nothing of its old value; a new one has the setting as its place.
fn put_here(table: &mut Table, key: &str, value: Option<Node>, place: &Place) {
    match value {
        Some(node) => {
            table.insert(key.to_owned(), Entry { key: place.clone(), node });
        }
        None => {
            table.remove(key);
        }
    }
}
