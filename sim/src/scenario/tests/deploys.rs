//! Plans of deploys.

use super::{parse, refusal, small};
use crate::world::fault;

/// `(milliseconds, server, what)` of each action.
fn plan(deploy: &str) -> Vec<String> {
    let text =
        format!("schema = 1\nname = \"deploy\"\nduration = \"2m\"\n[servers]\ncount = 3\n[deploy]\n{deploy}");
    let actions = fault::plan(&parse(&text).unwrap());
    let row =
        |action: fault::Action| format!("{} {} {:?}", action.at.as_millis(), action.server, action.change);
    actions.into_iter().map(row).collect()
}

#[test]
fn all_at_once() {
    let plan = plan("kind = \"all\"\nstart = \"8s\"\ndown = \"1s\"\n");
    let ends = ["s1", "s2", "s3"].map(|server| format!("8000 {server} End(Term)"));
    let starts = ["s1", "s2", "s3"].map(|server| format!("9000 {server} Start"));
    assert_eq!(plan, [ends, starts].concat());
}

#[test]
fn a_drained_server_is_used_again_when_it_listens_unless_the_file_says() {
    let ready = |more: &str| {
        let text = format!(
            "schema = 1\nname = \"deploy\"\nduration = \"1m\"\nservers = {{ count = 2, start_time = \"200ms\" }}\n\
             [deploy]\nkind = \"rolling-drain\"\nstart = \"8s\"\ndrain = \"1s\"\ndown = \"1s\"\ngap = \"9s\"\n{more}"
        );
        let plan = fault::plan(&parse(&text).unwrap());
        let last = plan.iter().rev().map(|action| (action.at.as_millis(), action.change));
        last.take(2).map(|(at, change)| format!("{at} {change:?}")).collect::<Vec<_>>()
    };
    assert_eq!(ready(""), ["19200 Administer(Ready)", "19200 Start"]);
    assert_eq!(ready("ready = \"1s\"\n"), ["20000 Administer(Ready)", "19200 Start"]);
}

#[test]
fn a_drained_server_gets_no_clients_says_goodbye_is_restarted_and_is_used_again() {
    let plan = plan(
        "kind = \"rolling-drain\"\nstart = \"8s\"\ndrain = \"10s\"\ndown = \"500ms\"\nready = \"1s\"\ngap = \"13s\"\ngoodbye = 5\n",
    );
    let turn = |at: u64, server: &str| {
        [
            format!("{at} {server} Administer(Drain)"),
            format!("{at} {server} Goodbye(5)"),
            format!("{} {server} End(Term)", at + 10_000),
            format!("{} {server} Start", at + 10_500),
            format!("{} {server} Administer(Ready)", at + 11_500),
        ]
    };
    assert_eq!(plan, [turn(8_000, "s1"), turn(21_000, "s2"), turn(34_000, "s3")].concat());
}

#[test]
fn blue_and_green_change_places_at_one_moment_and_the_old_are_stopped_later() {
    let plan = plan("kind = \"blue-green\"\nstart = \"8s\"\nnew = 1\nstop_after = \"12s\"\n");
    let wanted = [
        "0 s3 Administer(Maintenance)",
        "8000 s3 Administer(Ready)",
        "8000 s1 Administer(Maintenance)",
        "8000 s2 Administer(Maintenance)",
        "20000 s1 End(Term)",
        "20000 s2 End(Term)",
    ];
    assert_eq!(plan, wanted);
}

#[test]
fn a_pool_grows_and_shrinks_again() {
    let plan =
        plan("kind = \"scale\"\nstart = \"8s\"\nnew = 1\nback_after = \"14s\"\nstop_after = \"12s\"\n");
    let wanted = [
        "0 s3 Administer(Maintenance)",
        "8000 s3 Administer(Ready)",
        "22000 s3 Administer(Maintenance)",
        "34000 s3 End(Term)",
    ];
    assert_eq!(plan, wanted);
}

#[test]
fn what_a_kind_has_not_is_refused_and_what_it_needs_is_asked_for() {
    let rows = [
        (
            "kind = \"all\"\nstart = \"1s\"\ndown = \"1s\"\ngap = \"1s\"\n",
            "a deploy of kind \"all\" has no `gap`; take it away",
        ),
        ("kind = \"blue-green\"\nstart = \"1s\"\n", "`new` is missing"),
        ("kind = \"rolling-drain\"\nstart = \"1s\"\ndown = \"1s\"\ngap = \"1s\"\n", "`drain` is missing"),
        (
            "kind = \"scale\"\nstart = \"1s\"\nnew = 4\n",
            "`new` is 4, but [servers] count = 4 must have old ones too",
        ),
        ("kind = \"reload\"\nstart = \"13s\"\n", "the deploy would be done at 13s, but the run ends at 13s"),
        (
            "kind = \"blue-green\"\nstart = \"1s\"\nnew = 1\nstop_after = \"12s\"\n",
            "the deploy would be done at 13s, but the run ends at 13s",
        ),
    ];
    for (text, expected) in rows {
        let error = refusal(&format!("[deploy]\n{text}"));
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert!(parse(&small("[deploy]\nkind = \"reload\"\nstart = \"8s\"\n")).is_ok());
}
