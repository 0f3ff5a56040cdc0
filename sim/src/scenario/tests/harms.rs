//! Faults that end no server.

use core::time::Duration;

use super::{parse, refusal, small};
use crate::scenario::{Harm, HarmKind, Road, ServerIx, Weather};

const SECOND: Duration = Duration::from_secs(1);

fn fault(text: &str) -> Result<Vec<Harm>, String> {
    let groups = "[[clients.group]]\nname = \"desks\"\ncount = 1\n";
    parse(&small(&format!("{groups}[[fault]]\nat = \"1s\"\n{text}"))).map(|world| world.harms)
}

#[test]
fn every_verb_is_read_with_its_way_and_its_time() {
    let road = |road, weather| HarmKind::Road { road, weather };
    let s2 = ServerIx(1);
    let rows = [
        ("pause = \"s2\"\n", HarmKind::Pause(s2)),
        ("slow = \"s2\"\nfactor = 3\n", HarmKind::Slow { server: s2, factor: 3 }),
        ("delay = \"s2\"\nby = \"1s\"\n", road(Road::Server(s2), Weather::Delay(SECOND))),
        ("lose = \"clients\"\nper_cent = 7\n", road(Road::Clients, Weather::Lose(70))),
        ("cut = \"desks\"\n", road(Road::Group(0), Weather::Cut)),
        ("disconnect = \"desks\"\n", HarmKind::Disconnect(Road::Group(0))),
    ];
    for (text, kind) in rows {
        assert_eq!(fault(text), Ok(vec![Harm { at: SECOND, kind, lasts: None }]), "{text}");
        let lasting = fault(&format!("{text}for = \"2s\"\n"));
        assert_eq!(lasting, Ok(vec![Harm { at: SECOND, kind, lasts: Some(SECOND * 2) }]), "{text}");
    }
}

#[test]
fn what_a_fault_cannot_be_is_refused() {
    let rows = [
        ("slow = \"s2\"\n", "`factor` is missing"),
        ("pause = \"s2\"\nfactor = 3\n", "`pause` has no `factor`; take it away"),
        ("pause = \"s2\"\nrestart_after = \"3s\"\n", "`pause` has no `restart_after`; write for = \"10s\""),
        ("pause = \"s2\"\nkill = \"s2\"\n", "`kill` and `pause` exclude each other"),
        (
            "cut = \"phones\"\n",
            "`cut` is \"phones\"; write \"clients\", \"desks\" or a server such as \"s2\"",
        ),
        ("disconnect = \"s2\"\n", "`disconnect` is of clients"),
        ("pause = \"s9\"\n", "`pause` is of \"s9\", but [servers] count = 4"),
        ("cut = \"s2\"\nfor = \"12s\"\n", "the fault would be over at 13s, but the run ends at 13s"),
        ("pause = \"s2\"\n[[fault]]\nat = \"2s\"\npause = \"s2\"\n", "the same fault lasts since 1s"),
    ];
    for (text, expected) in rows {
        let error = fault(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn an_error_of_one_fault_among_others_has_its_own_place() {
    let error = refusal("[[fault]]\nat = \"1s\"\npause = \"s1\"\n[[fault]]\nat = \"2s\"\nkill = \"s9\"\n");
    assert!(error.starts_with("my.toml:9:8: "), "{error}");
}
