//! "Did you mean": the nearest of the known words.

/// `; did you mean `x`?`, or nothing if no known word is near.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// The known word with the fewest edits from `word`, if those are at most a third of its letters (but one is always
/// allowed), or that begins with it.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    let near = |candidate: &&str| {
        edits(word, candidate) <= allowed || (word.len() > 1 && candidate.starts_with(word))
    };
    known.into_iter().filter(near).min_by_key(|candidate| edits(word, candidate))
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.iter().enumerate() {
        let mut next = vec![line + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = row[column] + usize::from(letter != other);
            let mut best = replaced.min(row[column + 1] + 1).min(next[column] + 1);
            let swapped = line > 0 && column > 0 && *letter == to[column - 1] && from[line - 1] == *other;
            if swapped {
                best = best.min(above[column - 1] + 1);
            }
            next.push(best);
        }
        above = core::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_count_insertions_deletions_replacements_and_swaps() {
        assert_eq!(edits("balanse", "balance"), 1);
        assert_eq!(edits("cout", "count"), 1);
        assert_eq!(edits("cuont", "count"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn a_word_far_from_all_has_no_neighbour() {
        assert_eq!(nearest("zebra", ["count", "balance"]), None);
        assert_eq!(nearest("round", ["source", "round-robin"]), Some("round-robin"));
        assert_eq!(hint("balanse", ["balance"]), "; did you mean `balance`?");
    }
}
