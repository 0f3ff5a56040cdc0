//! What a sweep prints: one JSON line for each seed, and how the lines of several shards become those of one run.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Violation;
use crate::world::seed::Seed;

/// One seed's line. It holds nothing of the machine or the time of day, so that shards merge to the very bytes of one run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Line {
    /// The version of the format.
    pub schema: u32,
    /// What was swept: the scenario's name as typed, or `everything`.
    pub sweep: String,
    /// The seed.
    pub seed: u64,
    /// `holds` or `violated`.
    pub verdict: &'static str,
    /// Whether liveness was checked: only a world in which sessions are found again can be asked to heal.
    pub liveness: bool,
    /// How many records the trace has.
    pub records: u64,
    /// The digest of the trace, as `sio08 run --json` writes it.
    pub digest: String,
    /// What is broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// The file of the small scenario that still fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<String>,
    /// The world that was drawn.
    pub world: Value,
}

/// `i/n`: which seeds of a range are this process's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shard {
    /// From 1.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

impl Shard {
    /// Everything.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Whether the seed is this shard's. Every `n`-th is, so that costly neighbours are shared out.
    pub fn has(self, seed: Seed) -> bool {
        seed.0 % self.of == self.index - 1
    }
}

/// A shard that cannot be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("write the shard as 1/4 to 4/4: the first number from 1, not above the second")]
pub struct ShardError;

/// Reads `i/n`.
///
/// # Errors
/// [`ShardError`].
pub fn parse_shard(text: &str) -> Result<Shard, ShardError> {
    let (index, of) = text.split_once('/').ok_or(ShardError)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| ShardError);
    let shard = Shard { index: number(index)?, of: number(of)? };
    if shard.index == 0 || shard.index > shard.of { Err(ShardError) } else { Ok(shard) }
}

/// The lines of all shards in the order of their seeds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Merged {
    /// The lines as they were, each with its end.
    pub text: String,
    /// How many seeds.
    pub seeds: u64,
    /// Those that broke a rule.
    pub violated: Vec<u64>,
    /// How many seeds are missing between the first and the last, and the first that is, if any.
    pub missing: Option<(u64, u64)>,
}

/// Why lines do not merge.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MergeError {
    /// Not a line of a sweep.
    #[error("{name}:{line}: not a line of `sio08 sweep`; give files that it wrote")]
    Foreign {
        /// The file.
        name: String,
        /// From 1.
        line: usize,
    },
    /// Lines of two sweeps.
    #[error(
        "{name}:{line}: a line of the sweep of {other}, but the lines before are of {sweep}; merge one sweep at a time"
    )]
    Mixed {
        /// The file.
        name: String,
        /// From 1.
        line: usize,
        /// What the line sweeps.
        other: String,
        /// What those before sweep.
        sweep: String,
    },
    /// One seed, two results.
    #[error(
        "{name}:{line}: seed {seed} again, with another result: the shards ran different programs or scenarios, or a run is not deterministic"
    )]
    Differs {
        /// The file.
        name: String,
        /// From 1.
        line: usize,
        /// The seed.
        seed: u64,
    },
}

/// Merges the texts of several shards, each with its name for errors. A seed that occurs twice with the same line counts once.
///
/// # Errors
/// [`MergeError`], with the file and the line.
pub fn merge<'a>(shards: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Merged, MergeError> {
    let mut lines: BTreeMap<u64, &str> = BTreeMap::new();
    let (mut sweep, mut merged) = (None::<String>, Merged::default());
    for (name, text) in shards {
        for (index, line) in text.lines().enumerate() {
            let (name, number) = (name.to_owned(), index + 1);
            let Some((seed, swept, violated)) = read(line) else {
                return Err(MergeError::Foreign { name, line: number });
            };
            if let Some(sweep) = sweep.as_ref().filter(|sweep| **sweep != swept) {
                return Err(MergeError::Mixed { name, line: number, other: swept, sweep: sweep.clone() });
            }
            sweep = Some(swept);
            match lines.insert(seed, line) {
                Some(before) if before != line => {
                    return Err(MergeError::Differs { name, line: number, seed });
                }
                None if violated => merged.violated.push(seed),
                Some(_) | None => {}
            }
        }
    }
    merged.violated.sort_unstable();
    merged.seeds = lines.len() as u64;
    merged.missing = missing(&lines);
    for line in lines.values() {
        merged.text.push_str(line);
        merged.text.push('\n');
    }
    Ok(merged)
}

fn missing(lines: &BTreeMap<u64, &str>) -> Option<(u64, u64)> {
    let (first, last) = (lines.first_key_value()?.0, lines.last_key_value()?.0);
    let gap = (*first..).zip(lines.keys()).find(|(expected, seed)| expected != *seed);
    // The span of all seeds has one more than a number holds: the last seed is counted apart.
    gap.map(|(seed, _)| (last - first - (lines.len() as u64 - 1), seed))
}

/// The seed of a line, what it sweeps, and whether a rule is broken.
fn read(line: &str) -> Option<(u64, String, bool)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
    Some((value.get("seed")?.as_u64()?, text("sweep")?, text("verdict")? == "violated"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seed: u64, verdict: &str) -> String {
        format!("{{\"sweep\":\"x\",\"seed\":{seed},\"verdict\":\"{verdict}\"}}\n")
    }

    #[test]
    fn shards_part_a_range_without_overlap_and_without_rest() {
        let of = |index| Shard { index, of: 3 };
        for seed in (0..100).map(Seed) {
            assert_eq!((1..=3).filter(|index| of(*index).has(seed)).count(), 1);
        }
    }

    #[test]
    fn a_shard_that_cannot_be_is_refused() {
        for text in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert_eq!(parse_shard(text), Err(ShardError), "{text}");
        }
        assert_eq!(parse_shard("2/3"), Ok(Shard { index: 2, of: 3 }));
    }

    #[test]
    fn lines_are_merged_in_the_order_of_seeds_whatever_the_order_of_files() {
        let (odd, even) = ([line(1, "holds"), line(3, "violated")].concat(), line(2, "holds"));
        let merged = merge([("even", even.as_str()), ("odd", odd.as_str())]).unwrap();
        assert_eq!(merged.text, [line(1, "holds"), line(2, "holds"), line(3, "violated")].concat());
        assert_eq!((merged.seeds, merged.violated, merged.missing), (3, vec![3], None));
    }

    #[test]
    fn the_seeds_missing_in_the_widest_span_are_counted() {
        let text = [line(0, "holds"), line(3, "holds"), line(u64::MAX, "holds")].concat();
        assert_eq!(merge([("one", text.as_str())]).unwrap().missing, Some((u64::MAX - 2, 1)));
    }

    #[test]
    fn a_seed_with_two_results_is_refused_and_a_repeated_line_is_not() {
        let (one, other) = (line(1, "holds"), line(1, "violated"));
        assert_eq!(merge([("a", one.as_str()), ("b", one.as_str())]).unwrap().seeds, 1);
        let error = merge([("a", one.as_str()), ("b", other.as_str())]);
        assert_eq!(error, Err(MergeError::Differs { name: "b".to_owned(), line: 1, seed: 1 }));
    }

    #[test]
    fn lines_of_something_else_or_of_another_sweep_are_refused_with_their_place() {
        let ours = line(1, "holds");
        assert_eq!(merge([("a", "{}")]), Err(MergeError::Foreign { name: "a".to_owned(), line: 1 }));
        let other = ours.replace("\"x\"", "\"y\"");
        let mixed = merge([("a", ours.as_str()), ("b", other.as_str())]);
        assert!(matches!(mixed, Err(MergeError::Mixed { line: 1, .. })), "{mixed:?}");
    }

    #[test]
    fn missing_seeds_are_counted_and_the_first_is_named() {
        let text = [line(1, "holds"), line(5, "holds"), line(7, "holds")].concat();
        assert_eq!(merge([("a", text.as_str())]).unwrap().missing, Some((4, 2)));
    }
}
