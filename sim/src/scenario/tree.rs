//! A TOML document as a tree in which every key and value knows its place.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Place, Problem};

/// A value and where it is.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    String(String),
    /// `None`: beyond 64 bits.
    Integer(Option<i64>),
    Float,
    Boolean(bool),
    Datetime,
    Array(Vec<Node>),
    Table(Table),
}

/// Keys with their places, in the order of the alphabet.
pub(super) type Table = BTreeMap<String, Entry>;

#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where the key is.
    pub(super) key: Place,
    pub(super) node: Node,
}

impl Value {
    /// What it is, for "must be a string, not ...".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::String(_) => "a string",
            Value::Integer(_) => "a whole number",
            Value::Float => "a fraction",
            Value::Boolean(_) => "true or false",
            Value::Datetime => "a date",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    /// The value at a path of keys and (for lists) numbers from zero.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Node> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let next = match &self.value {
            Value::Table(table) => table.get(*first).map(|entry| &entry.node),
            Value::Array(items) => items.get(first.parse::<usize>().ok()?),
            _ => None,
        };
        next?.get(rest)
    }

    /// The place of the longest part of the path that exists.
    pub(super) fn place_of(&self, path: &[&str]) -> Place {
        (0..=path.len()).rev().find_map(|length| self.get(&path[..length])).unwrap_or(self).place.clone()
    }
}

/// The document.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    let lines = Lines::new(text);
    let document = DeTable::parse(text).map_err(|error| {
        let place = error.span().map_or(Place::Whole, |span| lines.place(span.start));
        Problem { place, message: format!("not TOML: {}", error.message().replace('\n', ", ")) }
    })?;
    let place_of = |offset| lines.place(offset);
    Ok(Node { place: Place::Whole, value: Value::Table(convert_table(document.get_ref(), &place_of)) })
}

/// One value as TOML writes it, all of it at `place`; `None` if it is not TOML.
pub(super) fn parse_value(text: &str, place: &Place) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(convert(&value, &|_| place.clone()))
}

fn convert_table(table: &DeTable<'_>, place_of: &dyn Fn(usize) -> Place) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        let key = place_of(key.span().start);
        (name.to_string(), Entry { key, node: convert(value, place_of) })
    };
    table.iter().map(entry).collect()
}

fn convert(spanned: &Spanned<DeValue<'_>>, place_of: &dyn Fn(usize) -> Place) -> Node {
    let value = match spanned.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => {
            Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok())
        }
        DeValue::Float(_) => Value::Float,
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => Value::Array(items.iter().map(|item| convert(item, place_of)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table, place_of)),
    };
    Node { place: place_of(spanned.span().start), value }
}

/// From offsets in bytes to lines and columns.
struct Lines<'a> {
    text: &'a str,
    /// The offset at which each line begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Self { text, starts: core::iter::once(0).chain(after_breaks).collect() }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        Place::At { line, column: before.chars().count() + 1 }
    }
}
