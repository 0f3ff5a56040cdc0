//! Cases by the grammar, and what is nearly one.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// One question to both parsers.
pub(crate) enum Case {
    DecodePacket(String),
    EncodePacket(Value),
    DecodePayload(String),
    EncodePayload(Vec<String>),
}

/// On what the grammars turn, and what JavaScript takes for something else than it seems.
const TOKENS: [&str; 64] = [
    ":",
    "::",
    ":::",
    "+",
    "++",
    "-",
    "0",
    "1",
    "7",
    "9",
    "00",
    "01",
    "1e0",
    "0x7",
    ".",
    " ",
    "\n",
    "\r",
    "\t",
    "\u{0}",
    "\u{b}",
    "\u{7f}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{fffd}",
    "\u{fffd}3\u{fffd}",
    "\u{fffd}0\u{fffd}",
    "\u{fffd}-4\u{fffd}",
    "é",
    "日",
    "😀",
    "\"",
    "\\",
    "\\\"",
    "\\u0041",
    "\\ud83d",
    "\\ude00",
    "\\u",
    "\\x41",
    "{",
    "}",
    "[",
    "]",
    "[]",
    "{}",
    ",",
    "null",
    "true",
    "false",
    "undefined",
    "NaN",
    "Infinity",
    "length",
    "constructor",
    "__proto__",
    "toString",
    "\"name\":",
    "\"args\":",
    "\"name\":\"x\",",
    "'",
    "/*",
    "//",
];

const PROPERTIES: [&str; 10] = [
    "length",
    "push",
    "constructor",
    "toString",
    "valueOf",
    "__proto__",
    "hasOwnProperty",
    "concat",
    "map",
    "name",
];

const NUMBERS: [&str; 30] = [
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1.50",
    "1e3",
    "1E+3",
    "1e-7",
    "1e21",
    "123456789012345678901234567890",
    "0.1",
    "1e400",
    "-1e400",
    "1e-400",
    "4.9e-324",
    "9007199254740993",
    "01",
    "+1",
    "1.",
    ".5",
    "-",
    "1e",
    "0x10",
    "1_0",
    "NaN",
    "-Infinity",
    "2147483648",
    "0e9",
    "-0.0",
];

pub(crate) fn case(random: &mut Random) -> Case {
    match random.below(20) {
        0..=9 => Case::DecodePacket(near(random, packet)),
        10..=13 => Case::DecodePayload(near(random, payload)),
        14..=17 => Case::EncodePacket(description(random)),
        _ => Case::EncodePayload((0..random.below(6)).map(|_| near(random, packet)).collect()),
    }
}

/// A text by the grammar, three in five times; else one that was edited or cut, or tokens in any order.
fn near(random: &mut Random, by_grammar: fn(&mut Random) -> String) -> String {
    match random.below(10) {
        0..=5 => by_grammar(random),
        6..=7 => {
            let text = by_grammar(random);
            edited(random, text)
        }
        8 => {
            let mut text = by_grammar(random);
            text.truncate(random.cut(&text));
            text
        }
        _ => (0..random.below(12)).map(|_| random.pick(&TOKENS)).collect(),
    }
}

fn edited(random: &mut Random, mut text: String) -> String {
    for _ in 0..=random.below(3) {
        let (from, to) = (random.cut(&text), random.cut(&text));
        let (from, to) = (from.min(to), from.max(to));
        match random.below(4) {
            0 | 1 => text.insert_str(from, random.pick(&TOKENS)),
            2 => text.replace_range(from..to, ""),
            _ => text.replace_range(from..to, random.pick(&TOKENS)),
        }
    }
    text
}

fn packet(random: &mut Random) -> String {
    let packet_type = random.below(9);
    let id = if random.one_in(3) { digits(random) } else { String::new() };
    let plus = if random.one_in(4) { "+" } else { "" };
    let endpoint = endpoint(random);
    let data = match packet_type {
        1 if random.one_in(2) => String::from("?a=b&c=%20:d"),
        3 => words(random),
        4 => json_text(random, 3),
        5 => event(random),
        6 => ack(random),
        7 => error(random),
        0 | 2 | 8 if random.one_in(8) => words(random),
        _ => String::new(),
    };
    let separator = if data.is_empty() && !random.one_in(6) { "" } else { ":" };
    format!("{packet_type}:{id}{plus}:{endpoint}{separator}{data}")
}

fn digits(random: &mut Random) -> String {
    let len_max = if random.one_in(8) { 30 } else { 3 };
    (0..=random.below(len_max)).map(|_| char::from(b'0' + random.below(10) as u8)).collect()
}

fn endpoint(random: &mut Random) -> String {
    String::from(random.pick(&[
        "",
        "",
        "",
        "/chat",
        "/",
        "/a?b=c",
        "chat",
        "/é 😀",
        "/\n",
        "+",
        "1",
        "{\"name\"",
    ]))
}

fn words(random: &mut Random) -> String {
    const WORDS: [&str; 12] =
        ["hello", "a:b", " ", "é", "日本", "😀", "\n", "\u{fffd}", "\u{2028}", "0", "3:::x", "\u{0}"];
    (0..random.below(6)).map(|_| random.pick(&WORDS)).collect()
}

fn event(random: &mut Random) -> String {
    let name = string(random);
    let args = json_text(random, 3);
    match random.below(16) {
        0 => json_text(random, 2),
        1 => format!("{{\"args\":[{args}]}}"),
        2 => format!("{{\"name\":{name}}}"),
        3 => format!("{{\"name\":{args},\"args\":[]}}"),
        4 => format!("{{\"name\":{name},\"args\":{args}}}"),
        5 => format!("{{\"args\":[{args}],\"x\":{args},\"name\":{name}}}"),
        6 => format!("{{\"name\":{name},\"name\":{name},\"args\":[]}}"),
        7 => format!("{{\"name\":{name},\"args\":[1],\"args\":[{args}]}}"),
        8 => format!(" {{ \"name\" : {name} , \"args\" : [ {args} ] }} "),
        9 => format!("{{\"n\\u0061me\":{name},\"args\":[{args},{args}]}}"),
        _ => format!("{{\"name\":{name},\"args\":[{args}]}}"),
    }
}

fn ack(random: &mut Random) -> String {
    let args = json_text(random, 2);
    let id = digits(random);
    match random.below(8) {
        0 => id,
        1 => format!("{id}[{args}]"),
        2 => format!("{id}+{args}"),
        3 => format!("{id}+[{args},\n{args}]"),
        4 => format!("+[{args}]"),
        5 => format!("{id}++[{args}]"),
        _ => format!("{id}+[{args}]"),
    }
}

fn error(random: &mut Random) -> String {
    let part = |random: &mut Random| {
        if random.one_in(4) {
            random.pick(&PROPERTIES)
        } else {
            random.pick(&["0", "1", "2", "3", "", "01", "undefined", "x"])
        }
    };
    let mut text = String::from(part(random));
    for _ in 0..random.below(3) {
        text.push('+');
        text.push_str(part(random));
    }
    text
}

/// JSON, mostly; what each kind of value gets wrong in some implementation.
fn json_text(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0 => {
            String::from(random.pick(&["null", "true", "false", "[]", "{}", "\"\"", " 1 ", "\u{feff}1", ""]))
        }
        1 | 2 => String::from(random.pick(&NUMBERS)),
        3 | 4 => string(random),
        5 if random.one_in(100) => {
            let deep = 100 + random.below(60);
            "[".repeat(deep) + &"]".repeat(deep)
        }
        5 | 6 => {
            let items: Vec<String> = (0..random.below(4)).map(|_| json_text(random, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => {
            let field = |random: &mut Random| format!("{}:{}", key(random), json_text(random, depth - 1));
            let fields: Vec<String> = (0..random.below(4)).map(|_| field(random)).collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

fn key(random: &mut Random) -> String {
    if random.one_in(3) {
        return string(random);
    }
    let keys = ["a", "b", "10", "2", "name", "args", "constructor", "toString", "__proto__", "", "\\u0061"];
    format!("\"{}\"", random.pick(&keys))
}

fn string(random: &mut Random) -> String {
    const PIECES: [&str; 22] = [
        "a",
        "name",
        "é",
        "日",
        "😀",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\u{2028}",
        "\u{7f}",
        ":",
        "\u{fffd}",
        "0",
        " ",
        "\\b\\f\\r\\t",
        "__proto__",
        "message",
        "\\u0000",
    ];
    const BAD: [&str; 6] = ["\\ud83d", "\\ude00", "\\x", "\n", "\\u12", "\t"];
    let mut text = String::from("\"");
    for _ in 0..random.below(4) {
        text.push_str(if random.one_in(40) { random.pick(&BAD) } else { random.pick(&PIECES) });
    }
    text + "\""
}

fn payload(random: &mut Random) -> String {
    let count = random.below(5);
    let packets: Vec<String> = (0..count).map(|_| packet(random)).collect();
    if count == 1 {
        return packets.concat();
    }
    packets.iter().map(|packet| frame(random, packet)).collect()
}

/// A frame with its length, or now and then with another, or one that only JavaScript reads as a number.
fn frame(random: &mut Random, packet: &str) -> String {
    let units = packet.encode_utf16().count();
    let length = match random.below(24) {
        0 => (units + random.below(3)).to_string(),
        1 => units.saturating_sub(random.below(3)).to_string(),
        2 => {
            let spelled =
                ["0x{}", " {}", "{}\n", "{}.0", "{}e0", "+{}", "-{}", "", "x", "Infinity", "1e9", "٣"];
            random.pick(&spelled).replace("{}", &units.to_string())
        }
        3 => format!("00{units}"),
        _ => units.to_string(),
    };
    format!("\u{fffd}{length}\u{fffd}{packet}")
}

/// A packet as an application of the genuine server describes it.
fn description(random: &mut Random) -> Value {
    const TYPES: [&str; 10] =
        ["disconnect", "connect", "heartbeat", "message", "json", "event", "ack", "error", "noop", "other"];
    let packet_type = if random.one_in(40) { "other" } else { random.pick(&TYPES[..9]) };
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.into(), value));
    put("type", packet_type.into());
    if !random.one_in(4) {
        put("endpoint", random.pick(&["", "/chat", "/é 😀", "/a?b=c"]).into());
    }
    if random.one_in(2) {
        put("id", if random.one_in(3) { json!(random.below(30)) } else { digits(random).into() });
        put("ack", if random.one_in(2) { "data".into() } else { true.into() });
    }
    match packet_type {
        "connect" if random.one_in(2) => put("qs", "?a=b".into()),
        "message" => put("data", if random.one_in(20) { value(random, 1) } else { words(random).into() }),
        "json" => put("data", value(random, 3)),
        "event" => {
            put("name", words(random).into());
            if !random.one_in(4) {
                put("args", arguments(random));
            }
        }
        "ack" => {
            put("ackId", digits(random).into());
            if !random.one_in(4) {
                put("args", arguments(random));
            }
        }
        "error" => {
            put(
                "reason",
                random
                    .pick(&["", "transport not supported", "client not handshaken", "unauthorized", "x"])
                    .into(),
            );
            put("advice", random.pick(&["", "", "reconnect", "x"]).into());
        }
        _ => {}
    }
    Value::Object(fields)
}

fn arguments(random: &mut Random) -> Value {
    (0..random.below(4)).map(|_| value(random, 2)).collect()
}

fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 5 } else { 7 }) {
        0 => random.pick(&[None, Some(true), Some(false)]).map_or(Value::Null, Value::Bool),
        1 | 2 => {
            let number: Result<Value, _> = serde_json::from_str(random.pick(&NUMBERS[..11]));
            number.unwrap_or_default()
        }
        3 | 4 => words(random).into(),
        5 => (0..random.below(4)).map(|_| value(random, depth - 1)).collect(),
        _ => {
            let keys = ["a", "b", "10", "2", "name", "é", "constructor"];
            let fields =
                (0..random.below(4)).map(|_| (String::from(random.pick(&keys)), value(random, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}
