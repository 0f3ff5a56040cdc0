//! Reads what valgrind's callgrind writes.

use std::collections::BTreeMap;

/// The instructions that a profile counts outside the C library and its loader: which of its routines those choose for copying
/// depends on the processor.
///
/// ```
/// use socketio08_benches::callgrind::instructions;
///
/// let profile = "ob=(1) /usr/bin/program\nfn=(1) main\n12 30\ncob=(2) /lib/libc.so.6\ncfn=(2) memcpy\ncalls=1 0\n12 500\n\
///     +1 4\nob=(2)\nfn=(2)\n0 500\n\ntotals: 534\n";
/// assert_eq!(instructions(profile), 34);
/// ```
#[must_use]
pub fn instructions(profile: &str) -> u64 {
    let mut objects = BTreeMap::new();
    let (mut counts, mut of_a_call, mut sum) = (true, false, 0);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            counts = !is_of_the_c_library(name(&mut objects, object));
        } else if let Some(object) = line.strip_prefix("cob=") {
            name(&mut objects, object);
        } else if line.starts_with("calls=") {
            of_a_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // The line after a call repeats what the function called has cost.
            let cost = if of_a_call || !counts { None } else { line.split(' ').nth(1) };
            sum += cost.and_then(|cost| cost.parse().ok()).unwrap_or(0);
            of_a_call = false;
        }
    }
    sum
}

/// `(3) /lib/libc.so.6` names an object, and `(3)` alone is that one again.
fn name<'a>(objects: &mut BTreeMap<&'a str, &'a str>, object: &'a str) -> &'a str {
    match object.split_once(' ') {
        Some((number, name)) => {
            objects.insert(number, name);
            name
        }
        None => objects.get(object).copied().unwrap_or_default(),
    }
}

fn is_of_the_c_library(object: &str) -> bool {
    let file = object.rsplit('/').next().unwrap_or_default();
    file.starts_with("libc.so") || file.starts_with("libc-") || file.starts_with("ld-")
}
