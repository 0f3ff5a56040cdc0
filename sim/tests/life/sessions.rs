//! Routed and portable sessions: any balancing will do, and what the end of a server costs.

use socketio08_sim::engine::{Engine, Turmoil};
use socketio08_sim::report::Figures;
use socketio08_sim::scenario::Scenario;
use socketio08_sim::trace::{Record, TraceEvent};
use socketio08_sim::world::seed::Seed;

use crate::world::{World, run, run_with};

fn round_robin(store: &str, transport: &str, more: &str) -> String {
    format!(
        "duration = \"30s\"\n[clients]\ncount = 12\ntransports = [\"{transport}\"]\nsend_every = \"1s\"\nquiet_at_end = \"2s\"\n\
         [balancer]\nbalance = \"roundrobin\"\nredispatch = true\nretries = 3\n\
         check = {{ inter = \"500ms\", fall = 2, rise = 2 }}\n\
         [servers]\ncount = 3\nstore = \"{store}\"\nbroadcast_every = \"1s\"\n{more}"
    )
}

fn forwarded(figures: &Figures) -> u64 {
    figures.servers.iter().filter_map(|server| server.holds).map(|holds| holds.shared.forwarded).sum()
}

fn nobody_was_rejected(world: &World, of: &str) {
    let figures = &world.figures;
    assert_eq!(figures.opens.rejected, 0, "{of}");
    assert_eq!((figures.clients.connected_at_end, figures.clients.ever_disconnected), (12, 0), "{of}");
    assert_eq!((figures.up.lost, figures.up.duplicated), (0, 0), "{of}");
    assert_eq!((figures.down.lost, figures.down.duplicated), (0, 0), "{of}");
}

#[test]
fn routed_sessions_work_over_every_transport_behind_round_robin() {
    for transport in ["xhr-polling", "jsonp-polling", "htmlfile", "websocket"] {
        let world = run(&round_robin("routed", transport, ""));
        nobody_was_rejected(&world, transport);
        assert!(forwarded(&world.figures) > 0, "{transport}");
    }
}

#[test]
fn portable_sessions_work_over_polling_and_websockets_behind_round_robin() {
    for transport in ["xhr-polling", "jsonp-polling", "websocket"] {
        let world = run(&round_robin("portable", transport, ""));
        assert_eq!(world.figures.opens.rejected, 0, "{transport}");
        assert_eq!(world.figures.clients.ever_disconnected, 0, "{transport}");
        assert_eq!((world.figures.up.lost, world.figures.up.duplicated), (0, 0), "{transport}");
    }
}

#[test]
fn routed_sessions_work_whatever_the_balancer() {
    let kinds = [
        "balance = \"leastconn\"",
        "balance = \"random\"",
        "mode = \"tcp\"",
        "kind = \"nginx\"",
        "kind = \"cluster\"",
    ];
    for kind in kinds {
        let text = format!(
            "duration = \"12s\"\n[clients]\ncount = 6\ntransports = [\"xhr-polling\"]\nsend_every = \"1s\"\nquiet_at_end = \"2s\"\n\
             [balancer]\n{kind}\n[servers]\ncount = 3\nstore = \"routed\"\n"
        );
        let figures = run(&text).figures;
        assert_eq!((figures.opens.rejected, figures.up.lost), (0, 0), "{kind}");
        assert_eq!(figures.clients.connected_at_end, 6, "{kind}");
    }
}

#[test]
fn a_websocket_of_another_server_is_one_tunnel_whose_messages_are_not_forwarded_one_by_one() {
    let figures = run(&round_robin("routed", "websocket", "")).figures;
    assert!(forwarded(&figures) <= 12, "one upgrade for each client at most");
    assert!(figures.up.received > 100);
}

/// How many sessions a server had before its end, and how many clients were cut off within a second of it.
fn toll(world: &World, at_millis: u64) -> (usize, usize) {
    let cut = world.times(|event| matches!(event, TraceEvent::Disconnected { .. }));
    let soon = cut.iter().filter(|at| (at_millis..at_millis + 1_000).contains(*at)).count();
    let impact = world.figures.impacts.iter().find(|impact| impact.at_ms == at_millis);
    (impact.map_or(0, |impact| impact.its_clients.clients as usize), soon)
}

#[test]
fn a_killed_server_loses_its_routed_sessions_and_the_polls_that_it_relayed() {
    let world = run(&round_robin(
        "routed",
        "xhr-polling",
        "[[fault]]\nat = \"8s\"\nkill = \"s2\"\nrestart_after = \"6s\"\n",
    ));
    let (its, cut) = toll(&world, 8_000);
    assert!(its >= 3, "{its}");
    assert!(cut > its, "{cut} of {its}: relayed polls of others are cut as well");
    assert_eq!(world.figures.clients.connected_at_end, 12);
}

#[test]
fn the_websocket_of_a_killed_owner_is_closed_by_the_server_that_relays_it() {
    let world = run(&round_robin(
        "routed",
        "websocket",
        "[[fault]]\nat = \"8s\"\nkill = \"s2\"\nrestart_after = \"6s\"\n",
    ));
    let (its, cut) = toll(&world, 8_000);
    assert!(cut >= its && its >= 3, "{cut} of {its}");
    assert_eq!(world.figures.clients.connected_at_end, 12);
}

const STOP: &str = "[[fault]]\nat = \"8s\"\nstop = \"s2\"\nrestart_after = \"1s\"\n";

#[test]
fn a_server_that_is_stopped_hands_its_portable_sessions_over_and_a_killed_one_does_not() {
    let kill = STOP.replace("stop", "kill");
    let handshakes = |more: &str| -> Vec<u64> {
        let of =
            |seed| run_with(&round_robin("portable", "xhr-polling", more), seed).figures.handshakes.total;
        (1..=3).map(of).collect()
    };
    let (stopped, killed) = (handshakes(STOP), handshakes(&kill));
    assert!(stopped.iter().all(|count| *count <= 13), "{stopped:?}: requests on their way may be lost");
    assert!(killed.iter().all(|count| *count >= 14), "{killed:?}");
}

#[test]
fn a_server_that_is_stopped_lets_go_of_every_portable_session_before_it_is_down() {
    let world = run(&round_robin("portable", "xhr-polling", STOP));
    let down = world.times(|event| matches!(event, TraceEvent::ServerDown { .. }));
    let handed = world.times(|event| matches!(event, TraceEvent::HandedOver { server, .. } if server.0 == 1));
    assert_eq!(down, [8_000]);
    assert!(handed.contains(&8_000), "{handed:?}");
}

#[test]
fn a_server_that_waits_for_the_store_before_it_ends_sends_nothing_more() {
    // It waits for 200 ms, and would send ten times more.
    let often = format!("[redis]\nlatency = \"100ms\"\n{}", STOP.replace("s2", "s1"));
    let text = round_robin("portable", "xhr-polling", &often)
        .replace("every = \"1s\"\n[redis]", "every = \"20ms\"\n[redis]");
    let world = run(&text.replace("restart_after = \"1s\"\n", ""));
    let mut after = world.records.iter().skip_while(|of| !matches!(of.event, TraceEvent::ServerDown { .. }));
    let last = after.next().expect("the server is stopped").at;
    let sent = |of: &&Record| matches!(of.event, TraceEvent::TickSent { server, .. } if server.0 == 0);
    let sent: Vec<u64> = after.filter(sent).map(|of| of.at - last).collect();
    assert!(sent.is_empty(), "{sent:?} us after it was stopped");
}

#[test]
fn sessions_stay_where_they_are_while_the_store_is_away_and_requests_elsewhere_wait_for_its_return() {
    let away = "[[fault]]\nat = \"8s\"\nredis = \"kill\"\nrestart_after = \"1s\"\n";
    let websocket = run(&round_robin("portable", "websocket", away)).figures;
    assert_eq!(websocket.clients.ever_disconnected, 0, "a websocket needs no store");
    let polling = run(&round_robin("portable", "xhr-polling", away)).figures;
    assert!(polling.clients.ever_disconnected > 0, "a poll at another server does");
    assert_eq!(polling.clients.connected_at_end, 12);
}

#[test]
fn a_pool_with_portable_sessions_reads_and_writes_records_and_keeps_one_for_each_session() {
    let figures = run(&round_robin("portable", "xhr-polling", "")).figures;
    let redis = figures.redis.expect("the servers share a Redis");
    assert!(redis.commands.reads > 12 && redis.commands.writes > 24, "{redis:?}");
    assert_eq!(redis.records, 12);
    assert!(redis.record_bytes > 12 * 50);
    let asked: u64 =
        figures.servers.iter().filter_map(|server| server.holds).map(|holds| holds.shared.store_reads).sum();
    assert_eq!(asked, redis.commands.reads);
}

#[test]
fn the_turmoil_engine_refuses_both_by_name() {
    for store in ["routed", "portable"] {
        let text = format!("schema = 1\nname = \"x\"\n{}", round_robin(store, "xhr-polling", ""));
        let scenario = Scenario::parse("x.toml", &text, &[]).expect("the scenario is good");
        let mut records: Vec<Record> = Vec::new();
        let refused = Turmoil.run(&scenario, Seed(1), &mut records, &mut |_| {}).expect_err("it is refused");
        assert!(refused.to_string().contains(&format!("servers.store = \"{store}\"")), "{refused}");
    }
}
