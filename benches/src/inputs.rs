//! The inputs of `inputs.json`, on which the genuine parser (`report/measure.js`) and the peers are measured too.

use serde_json::Value;
use socketio08::Text;

/// One measured input: a packet, or a payload as its packets.
pub struct Input {
    /// What tables call it.
    pub name: String,
    /// One packet, or those of the payload.
    pub packets: Vec<Text>,
}

/// The inputs of the list `packets` or `payloads`.
///
/// # Panics
/// If the file has no such list.
pub fn inputs(list: &str) -> Vec<Input> {
    let file = file();
    let inputs = file[list].as_array().cloned().unwrap_or_default();
    assert!(!inputs.is_empty(), "inputs.json has no {list}");
    inputs.iter().map(input).collect()
}

/// A kind of text in the sweeps over sizes, with the bytes of its unit.
pub struct Kind {
    /// `ascii`, `mixed` or `emoji`.
    pub name: String,
    unit: String,
}

impl Kind {
    /// A message of this text, of at least `len` bytes without its three colons.
    #[must_use]
    pub fn message(&self, len: usize) -> Text {
        Text::from(format!("3:::{}", self.unit.repeat(len.div_ceil(self.unit.len()))))
    }
}

/// Sweeps: the kinds of text, the lengths of messages in bytes, and the numbers of packets in a payload.
pub struct Sweeps {
    /// What messages are made of.
    pub kinds: Vec<Kind>,
    /// Lengths of messages, bytes.
    pub lengths: Vec<usize>,
    /// Numbers of packets in a payload.
    pub counts: Vec<usize>,
    /// Length of each message of a payload, bytes.
    pub message_len: usize,
}

/// The sweeps over sizes.
#[must_use]
pub fn sweeps() -> Sweeps {
    let sweeps = &file()["sweeps"];
    let numbers = |name: &str| sweeps[name].as_array().into_iter().flatten().filter_map(number).collect();
    let kinds = sweeps["kinds"].as_object().into_iter().flatten();
    Sweeps {
        kinds: kinds
            .map(|(name, unit)| Kind { name: name.clone(), unit: unit.as_str().unwrap_or("x").to_owned() })
            .collect(),
        lengths: numbers("lengths"),
        counts: numbers("counts"),
        message_len: number(&sweeps["message_len"]).unwrap_or(16),
    }
}

fn file() -> Value {
    serde_json::from_str(include_str!("../inputs.json")).unwrap_or_default()
}

fn number(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|number| usize::try_from(number).ok())
}

fn input(input: &Value) -> Input {
    let packet = input.get("packet").unwrap_or(input);
    let part = |name: &str| packet[name].as_str().unwrap_or_default();
    let text = format!(
        "{}{}{}",
        part("head"),
        part("unit").repeat(number(&packet["times"]).unwrap_or(0)),
        part("tail")
    );
    let name = input["name"].as_str().unwrap_or_default().to_string();
    Input { name, packets: vec![Text::from(text); number(&input["count"]).unwrap_or(1)] }
}
