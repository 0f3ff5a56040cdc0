//! `--set key=value`.

use core::time::Duration;

use super::{SMALL, set, small};
use crate::scenario::{Balance, Check, Expect, Scenario};

const FAULT: &str = "[[fault]]\nat = \"8s\"\nkill = \"s2\"\n";

#[test]
fn a_setting_replaces_or_adds_a_value() {
    let world = set(SMALL, &["clients.count=80", "balancer.balance=source", "duration=20s"]).unwrap();
    assert_eq!((world.clients.count, world.balancer.balance), (80, Balance::Source));
    assert_eq!(world.duration, Duration::from_secs(20));
}

#[test]
fn values_are_toml_and_bare_words_are_strings() {
    let settings = ["name = \"a = b\"", "clients.transports=[\"websocket\"]", "clients.addresses=10.0.0.0/8"];
    let world = set(SMALL, &settings).unwrap();
    assert_eq!((world.name.as_str(), world.clients.addresses.prefix), ("a = b", 8));
    assert_eq!(world.clients.transports, [socketio08::Transport::Websocket]);
}

#[test]
fn a_path_makes_the_tables_it_needs() {
    let world = set(SMALL, &["balancer.check.fall=2", "network.latency={min=\"1ms\",max=\"2ms\"}"]).unwrap();
    assert_eq!(world.balancer.check, Some(Check { fall: 2, ..Check::default() }));
    assert_eq!(world.network.latency.max, Duration::from_millis(2));
}

#[test]
fn members_of_a_list_count_from_one() {
    let world = set(&small(FAULT), &["fault.1.at=9s"]).unwrap();
    assert_eq!(world.faults[0].at, Duration::from_secs(9));
    let error = set(&small(FAULT), &["fault.2.at=9s"]).unwrap_err();
    assert_eq!(error, "--set fault.2.at=9s: `2` is not one of the 1 in the list, counting from 1");
}

#[test]
fn none_takes_a_key_away() {
    let world = set(&small(FAULT), &["fault=none"]).unwrap();
    assert_eq!(world.faults, []);
    let world = set(&small(FAULT), &["fault.1=none", "fault.1.at=none"]);
    assert!(world.is_err(), "no member 1 is left");
}

#[test]
fn errors_name_the_setting_and_the_nearest_key() {
    let rows = [
        ("clients.cout=80", "unknown key `cout` in [clients]; did you mean `count`?"),
        ("client.count=80", "unknown key `client` in the scenario; did you mean `clients`?"),
        ("clients.count=many", "`count` must be a whole number, not a string"),
        (
            "balancer.balance=sorce",
            "`balance` is \"sorce\"; it must be one of \"roundrobin\", \"static-rr\", \"source\", \"uri\", \"url_param\", \"hdr\", \"leastconn\", \"random\", \"ip_hash\", \"hash\"; did you mean `source`?",
        ),
        ("clients.count", "has no `=`; write --set clients.count=80"),
        ("=80", "has no key before the `=`; write --set clients.count=80"),
        ("clients..count=80", "has no key before the `=`; write --set clients.count=80"),
        ("clients.count=", "has no value; `none` takes a key away"),
        ("network.latency={min=1ms}", "the value is not TOML: a bracket or quote is missing, or a key is"),
        ("duration.hours=1", "there is no `hours` inside a string"),
        (
            "clients.count=1000",
            "127.0.1.0/24 has 254 addresses for 1000; take a larger block, or share with addresses_count = 254",
        ),
    ];
    for (setting, expected) in rows {
        let error = set(SMALL, &[setting]).unwrap_err();
        let at_fault = format!("--set {setting}: {expected}");
        assert!(error == at_fault || error == format!("my.toml: {expected}"), "{error}");
    }
}

#[test]
fn what_a_setting_makes_impossible_is_refused() {
    let error = set(&small(FAULT), &["servers.count=1"]).unwrap_err();
    assert_eq!(error, "my.toml:6:8: fault kills \"s2\", but [servers] count = 1 makes only s1");
}

#[test]
fn a_changed_world_has_none_of_the_expectations_of_its_file() {
    let as_written = Scenario::load("round-robin", &[]).unwrap();
    assert!(as_written.expect.is_some() && !as_written.finding.is_empty());
    let changed = Scenario::load("round-robin", &["servers.count=1".to_owned()]).unwrap();
    assert_eq!((changed.expect, changed.expectation.as_str(), changed.finding.as_str()), (None, "", ""));
}

#[test]
fn an_expectation_that_is_set_holds_for_the_changed_world() {
    let settings = ["servers.count=1".to_owned(), "expect=works".to_owned()];
    assert_eq!(Scenario::load("round-robin", &settings).unwrap().expect, Some(Expect::Works));
}
