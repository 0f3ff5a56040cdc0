//! `--vary key=a,b,c`: every combination of the values of some keys.

use crate::scenario::known_keys;

/// The key whose values may be words for ways to keep a client at its server.
const BALANCE: &str = "balancer.balance";

/// Those words, with the cookie and the stick table that they stand for; new sessions go round robin.
const KEEPING: [(&str, &str, &str); 2] = [
    ("cookie", "{ name = \"SERVERID\", mode = \"insert\" }", "none"),
    ("session", "none", "{ on = \"response\" }"),
];

/// One `--vary`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Axis {
    /// The key as it was typed, for the table.
    pub(super) label: String,
    /// The whole key.
    key: String,
    values: Vec<String>,
}

impl Axis {
    /// Reads `key=a,b,c`. The key may leave its table out if no other table has such a key: `balance` is
    /// `balancer.balance`. Commas inside brackets, braces and quotes do not part values.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some((label, values)) = text.split_once('=') else {
            return Err(format!("--vary {text}: has no `=`; write --vary balance=roundrobin,source"));
        };
        let label = label.trim();
        let values = split(values);
        if values.iter().any(String::is_empty) {
            return Err(format!("--vary {text}: has an empty value"));
        }
        Ok(Self { label: label.to_owned(), key: whole_key(label)?, values })
    }

    /// What makes one of its values. `balance` may also be told in one word how clients are kept at their server; the other
    /// algorithms keep nobody then.
    fn settings(&self, value: &str) -> Vec<String> {
        let keeps = |value: &str| KEEPING.iter().find(|(word, ..)| *word == value);
        if self.key != BALANCE || !self.values.iter().any(|value| keeps(value).is_some()) {
            return vec![format!("{}={value}", self.key)];
        }
        let (algorithm, cookie, stick) =
            keeps(value).map_or((value, "none", "none"), |(_, cookie, stick)| ("roundrobin", cookie, stick));
        // The kind of hash belongs to the algorithms that hash.
        let hash = (algorithm == "roundrobin").then(|| "balancer.hash_type=none".to_owned());
        let settings = [("balance", algorithm), ("cookie", cookie), ("stick", stick)];
        let settings = settings.map(|(key, value)| format!("balancer.{key}={value}"));
        settings.into_iter().chain(hash).collect()
    }

    /// How many values it has.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

/// `balancer.balance` for `balance`. A key with a dot is taken as it is: the scenario's reader judges it.
fn whole_key(label: &str) -> Result<String, String> {
    if label.contains('.') {
        return Ok(label.to_owned());
    }
    let found: Vec<String> = known_keys()
        .filter(|(_, key)| *key == label)
        .map(|(table, key)| if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") })
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!("--vary {label}: no table of a scenario has this key (docs/SCENARIOS.md)")),
        several => Err(format!("--vary {label}: which one? {}", several.join(", "))),
    }
}

fn split(values: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0_usize, None);
    for character in values.chars() {
        match (character, quote) {
            (',', None) if depth == 0 => {
                parts.push(core::mem::take(&mut part).trim().to_owned());
                continue;
            }
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth = depth.saturating_sub(1),
            ('"' | '\'', None) => quote = Some(character),
            (closing, Some(open)) if closing == open => quote = None,
            _ => {}
        }
        part.push(character);
    }
    parts.push(part.trim().to_owned());
    parts
}

/// One combination: the values for the table, and the settings that make it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Combination {
    pub(super) values: Vec<String>,
    pub(super) settings: Vec<String>,
}

/// Every combination, the last axis changing fastest.
pub(super) fn combinations(axes: &[Axis]) -> Vec<Combination> {
    let mut all = vec![Combination::default()];
    for axis in axes {
        let longer = |combination: &Combination| {
            let begun = combination.clone();
            axis.values.iter().map(move |value| {
                let mut next = begun.clone();
                next.values.push(value.clone());
                next.settings.extend(axis.settings(value));
                next
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(text: &str) -> Axis {
        Axis::parse(text).unwrap()
    }

    #[test]
    fn a_key_that_only_one_table_has_needs_no_table() {
        assert_eq!(axis("balance=source").key, "balancer.balance");
        assert_eq!(axis("duration=1s").key, "duration");
        assert_eq!(axis("balancer.check.fall=1").key, "balancer.check.fall");
    }

    #[test]
    fn a_key_of_several_tables_or_of_none_is_refused() {
        let several = Axis::parse("count=1,2").unwrap_err();
        assert!(several.contains("clients.count") && several.contains("servers.count"), "{several}");
        assert!(Axis::parse("balanse=source").unwrap_err().contains("no table"));
    }

    #[test]
    fn commas_inside_lists_tables_and_quotes_do_not_part_values() {
        let values = axis("clients.transports=[\"websocket\",\"xhr-polling\"],[\"websocket\"]").values;
        assert_eq!(values, ["[\"websocket\",\"xhr-polling\"]", "[\"websocket\"]"]);
        assert_eq!(axis("network.latency={ min = \"1ms\", max = \"2ms\" },1ms").len(), 2);
    }

    #[test]
    fn the_last_axis_changes_fastest() {
        let all = combinations(&[axis("balance=roundrobin,source"), axis("retries=0,3")]);
        let values: Vec<_> = all.iter().map(|combination| combination.values.join(" ")).collect();
        assert_eq!(values, ["roundrobin 0", "roundrobin 3", "source 0", "source 3"]);
        assert_eq!(all[3].settings, ["balancer.balance=source", "balancer.retries=3"]);
    }

    #[test]
    fn what_is_no_list_of_values_is_refused() {
        assert!(Axis::parse("balance").is_err());
        assert!(Axis::parse("balance=").is_err());
        assert!(Axis::parse("balance=source,,random").is_err());
    }
}
