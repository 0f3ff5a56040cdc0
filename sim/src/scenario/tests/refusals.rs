//! Unknown keys, wrong types, values and ranges: the line, the column and the remedy.

use super::{parse, refusal};
use crate::scenario::{Scenario, ScenarioErrorKind};

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_key() {
    let error = refusal("[balancer]\nmode = \"http\"\nbalanse = \"source\"\n");
    assert_eq!(error, "my.toml:6:1: unknown key `balanse` in [balancer]; did you mean `balance`?");
}

#[test]
fn an_unknown_key_near_nothing_gets_no_hint() {
    assert_eq!(refusal("[clients]\n  zebra = 1\n"), "my.toml:5:3: unknown key `zebra` in [clients]");
}

#[test]
fn the_first_unknown_key_of_a_table_is_the_one_named() {
    assert!(refusal("[clients]\nzz = 1\naa = 1\n").starts_with("my.toml:5:1: unknown key `zz`"));
}

#[test]
fn an_unknown_table_is_refused_like_a_key() {
    assert_eq!(
        refusal("[client]\n"),
        "my.toml:4:2: unknown key `client` in the scenario; did you mean `clients`?"
    );
}

#[test]
fn unknown_keys_inside_inline_tables_have_their_own_place() {
    let error = refusal("[balancer]\ncheck = { inter = \"2s\", fal = 3 }\n");
    assert_eq!(error, "my.toml:5:25: unknown key `fal` in [balancer] check; did you mean `fall`?");
}

#[test]
fn columns_count_characters() {
    let error = refusal("[network]\nlatency = { min = \"1s\", \"é\" = 1, x = 1 }\n");
    assert!(error.starts_with("my.toml:5:25: unknown key `é`"), "{error}");
}

#[test]
fn wrong_types_say_what_is_wanted_and_what_was_found() {
    let rows = [
        ("[clients]\ncount = \"40\"\n", "5:9: `count` must be a whole number, not a string"),
        ("[clients]\ncount = 1.5\n", "5:9: `count` must be a whole number, not a fraction"),
        (
            "[clients]\nsend_every = 1\n",
            "5:14: `send_every` must be a duration such as \"50ms\", not a whole number",
        ),
        (
            "[clients]\ntransports = \"websocket\"\n",
            "5:14: `transports` must be a list such as [\"xhr-polling\"], not a string",
        ),
        (
            "[clients]\naddresses = 5\n",
            "5:13: `addresses` must be a block such as \"127.0.1.0/24\", not a whole number",
        ),
        ("[balancer]\nbalance = true\n", "5:11: `balance` must be a string, not true or false"),
        (
            "[balancer]\nredispatch = \"yes\"\n",
            "5:14: `redispatch` must be true, false or a whole number, not a string",
        ),
        ("[balancer]\ncheck = true\n", "5:9: [balancer] check must be a table, not true or false"),
        (
            "[network]\nlatency = 5\n",
            "5:11: `latency` must be a duration such as \"50ms\", not a whole number",
        ),
        (
            "[[fault]]\nat = \"1s\"\nkill = 2\n",
            "6:8: `kill` must be a server such as \"s2\", not a whole number",
        ),
        ("clients = 5\n", "4:11: [clients] must be a table, not a whole number"),
        ("question = 1979-05-27\n", "4:12: `question` must be a string, not a date"),
    ];
    for (text, expected) in rows {
        assert_eq!(refusal(text), format!("my.toml:{expected}"));
    }
}

#[test]
fn wrong_words_say_which_are_right() {
    let rows = [
        (
            "[balancer]\nbalance = \"roundrobbin\"\n",
            "5:11: `balance` is \"roundrobbin\"; it must be one of \"roundrobin\", \"static-rr\", \"source\", \"uri\", \"url_param\", \"hdr\", \"leastconn\", \"random\", \"ip_hash\", \"hash\"; did you mean `roundrobin`?",
        ),
        (
            "[servers]\nstore = \"rediss\"\n",
            "5:9: `store` is \"rediss\"; it must be one of \"memory\", \"redis\", \"routed\", \"portable\"; did you mean `redis`?",
        ),
        (
            "[clients]\ntransports = [\"websocket\", \"script\"]\n",
            "5:28: `transports` is \"script\"; it must be one of \"websocket\", \"flashsocket\", \"htmlfile\", \"xhr-polling\", \"jsonp-polling\"",
        ),
        ("[clients]\ntransports = []\n", "5:14: `transports` is empty; a client needs at least one"),
        (
            "[clients]\ntransports = [\"websocket\", \"websocket\"]\n",
            "5:28: `transports` names websocket twice",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(refusal(text), format!("my.toml:{expected}"));
    }
}

#[test]
fn wrong_ranges_say_the_range() {
    let rows = [
        ("[servers]\ncount = 0\n", "5:9: `count` must be from 1 to 1000"),
        ("[clients]\ncount = 0\n", "5:9: `count` must be from 1 to 1000000"),
        ("[clients]\ncount = -1\n", "5:9: `count` must be from 1 to 1000000"),
        ("[clients]\ncount = 99999999999999999999\n", "5:9: `count` must be from 1 to 1000000"),
        ("[balancer]\nredispatch = 0\n", "5:14: `redispatch` must be from 1 to 100"),
        ("[balancer]\ncheck = { fall = 0 }\n", "5:18: `fall` must be from 1 to 1000"),
        ("[clients]\nsend_every = \"0s\"\n", "5:14: `send_every` is \"0s\"; it must be at least 1ms"),
        ("[network]\nlatency = \"25h\"\n", "5:11: `latency` is \"25h\", which is longer than 24h"),
    ];
    for (text, expected) in rows {
        assert_eq!(refusal(text), format!("my.toml:{expected}"));
    }
}

#[test]
fn durations_without_a_unit_are_refused_with_an_example() {
    let remedy = "write a whole number and one of us, ms, s, m, h: \"1500ms\"";
    let error = refusal("[clients]\nsend_every = \"1.5s\"\n");
    assert_eq!(error, format!("my.toml:5:14: `send_every` is \"1.5s\", which is no duration; {remedy}"));
}

#[test]
fn address_blocks_must_be_blocks() {
    let rows = [
        (
            "127.0.1.5/24",
            "`addresses` is \"127.0.1.5/24\", which is inside a block; the block is \"127.0.1.0/24\"",
        ),
        ("127.0.1.0", "`addresses` is \"127.0.1.0\"; write an IPv4 block such as \"127.0.1.0/24\""),
        ("127.0.1.0/33", "`addresses` is \"127.0.1.0/33\"; write an IPv4 block such as \"127.0.1.0/24\""),
        ("::1/64", "`addresses` is \"::1/64\"; write an IPv4 block such as \"127.0.1.0/24\""),
    ];
    for (block, expected) in rows {
        assert_eq!(
            refusal(&format!("[clients]\naddresses = \"{block}\"\n")),
            format!("my.toml:5:13: {expected}")
        );
    }
}

#[test]
fn what_is_missing_is_named_with_an_example() {
    assert_eq!(parse("").unwrap_err(), "my.toml: `schema` is missing; add schema = 1");
    assert_eq!(parse("schema = 1\n").unwrap_err(), "my.toml: `name` is missing; add name = \"my-scenario\"");
    let error = parse("schema = 1\nname = \"x\"\n").unwrap_err();
    assert_eq!(error, "my.toml: `duration` is missing; add duration = \"13s\"");
    assert_eq!(refusal("[[fault]]\nkill = \"s1\"\n"), "my.toml:4:1: `at` is missing; add at = \"8s\"");
    assert_eq!(refusal("[deploy]\nstart = \"1s\"\n"), "my.toml:4:1: `down` is missing; add down = \"1s\"");
    assert!(refusal("[network]\nlatency = { min = \"1s\" }\n").contains("`max` is missing"));
}

#[test]
fn another_schema_is_refused_before_its_keys_are_judged() {
    let error = parse("schema = 2\nname = \"x\"\nnovelty = 1\n").unwrap_err();
    assert_eq!(error, "my.toml:1:10: `schema` must be 1, the only version this program reads");
}

#[test]
fn text_that_is_not_toml_is_refused_where_it_stops_being_so() {
    let error = refusal("[clients\n");
    assert!(error.starts_with("my.toml:4:") && error.contains("not TOML"), "{error}");
    let error = refusal("count = 1\ncount = 2\n");
    assert!(error.starts_with("my.toml:5:1: not TOML: duplicate key"), "{error}");
}

#[test]
fn a_fault_is_one_of_kill_and_stop_and_in_double_brackets() {
    let both = "[[fault]]\nat = \"1s\"\nkill = \"s1\"\nstop = \"s1\"\n";
    assert_eq!(refusal(both), "my.toml:7:8: `stop` and `kill` exclude each other; take one away");
    let none = "[[fault]]\nat = \"1s\"\n";
    assert_eq!(refusal(none), "my.toml:4:1: the fault does nothing; add kill = \"s2\" or stop = \"s2\"");
    let single = "[fault]\nat = \"1s\"\n";
    assert_eq!(refusal(single), "my.toml:4:1: faults are a list: write [[fault]] with two brackets");
    for name in ["2", "s", "s0", "s+1", "server2", ""] {
        let error = refusal(&format!("[[fault]]\nat = \"1s\"\nkill = \"{name}\"\n"));
        assert!(error.contains("servers are named \"s1\", \"s2\" and so on"), "{error}");
    }
}

#[test]
fn both_arrivals_at_once_are_refused() {
    let error = refusal("[clients]\narrive_every = \"1ms\"\narrive_over = \"1s\"\n");
    assert_eq!(error, "my.toml:6:15: `arrive_over` and `arrive_every` exclude each other; take one away");
}

#[test]
fn an_unknown_scenario_gets_the_nearest_name() {
    let error = Scenario::load("round-robbin", &[]).unwrap_err();
    assert_eq!(error.kind(), ScenarioErrorKind::UnknownScenario);
    assert!(
        error.to_string().starts_with("round-robbin: no scenario of this name; did you mean `round-robin`?"),
        "{error}"
    );
}

#[test]
fn a_file_that_does_not_exist_is_refused_as_a_file() {
    let error = Scenario::load("./no-such-file.toml", &[]).unwrap_err();
    assert_eq!(error.kind(), ScenarioErrorKind::Unreadable);
    assert_eq!(error.to_string(), "./no-such-file.toml: there is no such file");
}

/// Whatever the text, the answer is a scenario or a refusal, never a panic.
#[test]
fn every_prefix_and_every_damaged_line_of_a_scenario_is_read_or_refused() {
    let text = include_str!("../../../scenarios/server-failure.toml");
    assert!(parse(text).is_ok());
    for (end, _) in text.char_indices() {
        let _ = parse(&text[..end]);
        for damage in ["\"", "[", "=", "9999999999999999999", "é"] {
            let _ = parse(&format!("{}{damage}{}", &text[..end], &text[end..]));
        }
    }
}
