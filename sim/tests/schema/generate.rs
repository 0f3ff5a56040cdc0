//! From the tables of `docs/SCENARIOS.md`, which a test holds against the reader, to a JSON schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use socketio08_sim::scenario::known_keys;

/// One row of a table of the manual.
#[derive(Clone, Debug)]
struct Row {
    key: String,
    kind: String,
    default: String,
    range: String,
    what: String,
}

/// The schema of scenario files.
pub(crate) fn schema(manual: &str) -> Value {
    let tables = rows_by_table(manual);
    let mut root = table("", &tables);
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".to_owned(), json!("A scenario of sio08"));
    Value::Object(root)
}

/// The rows of each table, by the name that [`known_keys`] gives it. A table of the manual belongs to the table of the
/// reader that has the same keys.
fn rows_by_table(manual: &str) -> BTreeMap<&'static str, Vec<Row>> {
    let mut known: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
    for (table, key) in known_keys() {
        known.entry(table).or_default().insert(key);
    }
    let mut tables: Vec<Vec<Row>> = Vec::new();
    for line in manual.lines() {
        if line.starts_with("| key | type |") {
            tables.push(Vec::new());
        } else if let (Some(row), Some(table)) = (row(line), tables.last_mut()) {
            table.push(row);
        }
    }
    let keys = |rows: &Vec<Row>| rows.iter().map(|row| row.key.clone()).collect::<BTreeSet<_>>();
    known
        .into_iter()
        .map(|(name, wanted)| {
            let wanted: BTreeSet<String> = wanted.into_iter().map(str::to_owned).collect();
            let place = tables.iter().position(|rows| keys(rows) == wanted);
            let place = place
                .unwrap_or_else(|| panic!("the manual has no table with the keys of `{name}`: {wanted:?}"));
            (name, tables[place].clone())
        })
        .collect()
}

/// `| `key` | type | default | range | what it is |`.
fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let key = cells.first()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
    let cell = |index: usize| cells.get(index).copied().unwrap_or("").to_owned();
    (cells.len() >= 4).then(|| Row { key, kind: cell(1), default: cell(2), range: cell(3), what: cell(4) })
}

fn table(name: &str, tables: &BTreeMap<&'static str, Vec<Row>>) -> Map<String, Value> {
    let rows = &tables[name];
    let mut properties = Map::new();
    for row in rows {
        let path = if name.is_empty() { row.key.clone() } else { format!("{name}.{}", row.key) };
        let mut property = property(row, &path, tables);
        if let Value::Object(property) = &mut property {
            property.insert("description".to_owned(), json!(row.what));
        }
        properties.insert(row.key.clone(), property);
    }
    let required: Vec<&str> =
        rows.iter().filter(|row| row.default == "required").map(|row| row.key.as_str()).collect();
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("additionalProperties".to_owned(), json!(false));
    out.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

/// `duration or table` is any of both.
fn property(row: &Row, path: &str, tables: &BTreeMap<&'static str, Vec<Row>>) -> Value {
    let mut kinds: Vec<Value> = row
        .kind
        .split(" or ")
        .flat_map(|part| part.split(", "))
        .map(|kind| one_kind(kind.trim(), row, path, tables))
        .collect();
    kinds.dedup();
    if kinds.len() == 1 { kinds.remove(0) } else { json!({ "anyOf": kinds }) }
}

fn one_kind(kind: &str, row: &Row, path: &str, tables: &BTreeMap<&'static str, Vec<Row>>) -> Value {
    let known = tables.keys().find(|name| **name == path);
    match kind {
        "string" => {
            words(&row.range).map_or_else(|| json!({ "type": "string" }), |words| json!({ "enum": words }))
        }
        "duration" => json!({ "type": "string", "pattern": "^[0-9]+(us|ms|s|m|h)$" }),
        "integer" => integer(&row.range),
        "boolean" | "`true`" | "`false`" => json!({ "type": "boolean" }),
        "table" => {
            known.map_or_else(|| json!({ "type": "object" }), |name| Value::Object(table(name, tables)))
        }
        "list" | "list of tables" => {
            let items = match (known, words(&row.range)) {
                (Some(name), _) => Value::Object(table(name, tables)),
                (None, Some(words)) => json!({ "enum": words }),
                (None, None) => json!({}),
            };
            json!({ "type": "array", "items": items })
        }
        literal if literal.starts_with('`') => json!({ "enum": [literal.trim_matches('`')] }),
        other => panic!("the manual gives `{path}` the type \"{other}\", which no schema knows"),
    }
}

/// The words of `` `http`, `tcp` ``; none if the range says anything else.
fn words(range: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = range
        .split(", ")
        .map(|word| word.strip_prefix('`')?.strip_suffix('`').filter(|word| !word.contains('`')))
        .collect::<Option<_>>()?;
    (!words.is_empty()).then_some(words)
}

/// `1 to 100`, or `1`.
fn integer(range: &str) -> Value {
    let numbers: Vec<u64> =
        range.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    match (range.contains(" to "), numbers.as_slice()) {
        (true, [least, most]) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        (false, [one]) if !range.contains("from") => json!({ "const": one }),
        (_, [least]) => json!({ "type": "integer", "minimum": least }),
        _ => json!({ "type": "integer" }),
    }
}
