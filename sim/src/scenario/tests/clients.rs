//! What clients are like: groups, arrivals, platforms and habits.

use core::time::Duration;

use socketio08::Transport;

use super::{parse, refusal, small};
use crate::scenario::{
    Arrival, Background, Clients, Death, Delays, Leaves, Leaving, Moves, PageOrigin, Phase, Reconnect, Sizes,
    Span,
};

const SECOND: Duration = Duration::from_secs(1);

fn clients(text: &str) -> Clients {
    parse(&small(&format!("[clients]\n{text}"))).unwrap().clients
}

#[test]
fn habits_are_read() {
    let clients = clients(
        "cookies = false\npage = true\nsend_every = { min = \"1s\", max = \"3s\" }\nmessage_size = { min = 1, max = 9 }\n\
         reconnect = { delay = \"1s\", cap = \"5s\", attempts = 3, jitter = 50 }\n\
         moves = { every = \"2s\", connections = \"reset\" }\naddresses_shares = [3, 1]\n\
         background = { after = \"1s\", every = \"2s\", delays = \"all\" }\nleaves = { after = \"4s\", how = \"silent\" }\n",
    );
    assert_eq!((clients.cookies, clients.page, clients.addresses_shares), (false, true, vec![3, 1]));
    assert_eq!(clients.send_every, Some(Span { min: SECOND, max: SECOND * 3 }));
    assert_eq!(clients.message_size, Sizes { min: 1, max: 9 });
    let reconnect = Reconnect { delay: SECOND, cap: Some(SECOND * 5), attempts: 3, jitter: 500 };
    assert_eq!(clients.reconnect, reconnect);
    assert_eq!(clients.moves, Some(Moves { every: Span::fixed(SECOND * 2), connections: Death::Reset }));
    let background = Background { after: SECOND, every: SECOND * 2, delays: Delays::All };
    assert_eq!(clients.background, Some(background));
    assert_eq!(clients.leaves, Some(Leaves { after: Span::fixed(SECOND * 4), how: Leaving::Silent }));
}

#[test]
fn every_transport_can_be_chosen() {
    let all = clients(
        "transports = [\"websocket\", \"flashsocket\", \"htmlfile\", \"xhr-polling\", \"jsonp-polling\"]\n",
    );
    assert_eq!(all.transports, Transport::ALL);
}

#[test]
fn a_browser_has_an_origin_and_perhaps_flash() {
    let platform = clients("browser = \"ie8\"\norigin = \"cross\"\nflash = true\n").platform.unwrap();
    assert_eq!((platform.browser.name, platform.origin, platform.flash), ("ie8", PageOrigin::Cross, true));
    let error = refusal("clients.origin = \"cross\"\n");
    assert_eq!(error, "my.toml:4:18: `origin` is a browser's; add browser = \"chrome\"");
}

#[test]
fn a_client_that_has_none_of_its_transports_is_refused() {
    let error = refusal("[clients]\nbrowser = \"ie8\"\ntransports = [\"websocket\"]\n");
    let has = "htmlfile, xhr-polling, jsonp-polling";
    assert_eq!(
        error,
        format!("my.toml:6:14: Internet Explorer 8 can open none of `transports` there; it has {has}")
    );
}

#[test]
fn groups_have_what_clients_have_but_for_what_they_say() {
    let all = clients(
        "send_every = \"1s\"\n[[clients.group]]\nname = \"desks\"\ncount = 3\n\
         [[clients.group]]\ncount = 2\nprofile = \"improved\"\n",
    );
    assert_eq!((all.count, all.groups.len()), (5, 2));
    let [desks, others] = &all.groups[..] else { panic!("two groups") };
    assert_eq!((desks.name.as_str(), others.name.as_str()), ("desks", "group 2"));
    assert_eq!((desks.send_every, others.send_every), (all.send_every, all.send_every));
    assert_ne!(desks.profile, others.profile);
    let error = refusal("[clients]\ncount = 9\n[[clients.group]]\ncount = 3\n");
    assert!(error.starts_with("my.toml:5:9: `count` of [clients] and groups exclude each other"), "{error}");
}

#[test]
fn phases_count_the_clients() {
    let all = clients("arrive_phases = [{ count = 7 }, { at = \"2s\", count = 3, mean = \"10ms\" }]\n");
    let second = Phase { at: SECOND * 2, count: 3, arrival: Arrival::Mean(SECOND / 100) };
    let first = Phase { at: Duration::ZERO, count: 7, arrival: Arrival::Every(Duration::ZERO) };
    assert_eq!((all.count, all.arrival), (10, Arrival::Phases(vec![first, second])));
    let error = refusal("[clients]\ncount = 9\narrive_phases = [{ count = 7 }]\n");
    assert!(error.contains("`arrive_phases` has 7 clients"), "{error}");
}

#[test]
fn two_ways_to_arrive_exclude_each_other() {
    let error = refusal("[clients]\narrive_every = \"1s\"\narrive_mean = \"1s\"\n");
    assert_eq!(error, "my.toml:6:15: `arrive_mean` and `arrive_every` exclude each other; take one away");
}

#[test]
fn what_would_happen_to_clients_after_the_end_is_refused() {
    for (key, value) in [
        ("leaves", "{ after = \"13s\" }"),
        ("moves", "{ every = \"13s\" }"),
        ("background", "{ after = \"13s\", every = \"1s\" }"),
    ] {
        let error = refusal(&format!("[clients]\n{key} = {value}\n"));
        assert!(error.contains(&format!("`{key}` would happen at 13s at the earliest")), "{error}");
    }
}

#[test]
fn clients_that_move_need_twice_the_addresses() {
    let error = refusal("[clients]\ncount = 200\narrive_every = \"1ms\"\nmoves = { every = \"1s\" }\n");
    assert!(error.contains("127.0.1.0/24 has 254 addresses for 400"), "{error}");
}
