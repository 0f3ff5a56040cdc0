use socketio08::Transport;
use socketio08::server::Cause;
use socketio08_sim::trace::TraceEvent;

use super::world::{World, run};

/// One client, one server, a minute and a half; latencies of 200 us.
fn alone(more: &str) -> World {
    run(&format!("duration = \"90s\"\nservers.count = 1\n[clients]\ncount = 1\n{more}"))
}

fn ended(world: &World) -> Vec<(u64, Cause)> {
    let end = |record: &socketio08_sim::trace::Record| match record.event {
        TraceEvent::SessionEnded { cause, .. } => Some((record.at / 1_000, cause)),
        _ => None,
    };
    world.records.iter().filter_map(end).collect()
}

#[test]
fn every_transport_connects_and_brings_messages_both_ways() {
    for transport in Transport::ALL {
        // Of one server; flashsockets need a balancer that only copies.
        let world = run(&format!(
            "duration = \"30s\"\n[balancer]\nmode = \"tcp\"\n[servers]\ncount = 1\nbroadcast_every = \"1s\"\n[clients]\ncount = 5\n\
             transports = [\"{transport}\"]\nsend_every = \"1s\"\nquiet_at_end = \"2s\"\n"
        ));
        let figures = &world.figures;
        assert_eq!(figures.clients.stable_5s, 5, "{transport}");
        assert_eq!((figures.up.lost, figures.down.lost, figures.up.duplicated), (0, 0, 0), "{transport}");
        assert!(figures.up.sent >= 130 && figures.down.sent >= 140, "{transport}");
        let how = |event: &TraceEvent| matches!(event, TraceEvent::Connected { transport: how, .. } if *how == transport);
        assert_eq!(world.times(how).len(), 5, "{transport}");
    }
}

#[test]
fn a_browser_without_websocket_polls_at_once_and_handshakes_by_a_script_abroad() {
    let world = alone(
        "browser = \"ie7\"\norigin = \"cross\"\ntransports = [\"websocket\", \"xhr-polling\", \"jsonp-polling\"]\n",
    );
    let connected = world
        .times(|event| matches!(event, TraceEvent::Connected { transport: Transport::JsonpPolling, .. }));
    assert!(connected.first().is_some_and(|at| *at < 100), "{connected:?}");
    assert_eq!(world.figures.handshakes.total, 1);
}

#[test]
fn the_page_comes_before_the_handshake() {
    let world = alone("page = true\n");
    let started = world.times(|event| matches!(event, TraceEvent::ClientStarted { .. }));
    assert!(started.first().is_some_and(|at| *at >= 1), "after a round trip, not at once: {started:?}");
    assert_eq!(world.figures.clients.connected_at_end, 1);
}

#[test]
fn a_page_that_does_not_come_is_asked_for_again() {
    let world = run(
        "duration = \"30s\"\n[clients]\ncount = 1\npage = true\narrive_from = \"1s\"\n[servers]\ncount = 1\n\
                     [[fault]]\nat = \"500ms\"\nkill = \"s1\"\nrestart_after = \"10s\"\n",
    );
    let started = world.times(|event| matches!(event, TraceEvent::ClientStarted { .. }));
    assert!(started.first().is_some_and(|at| (10_500..14_000).contains(at)), "{started:?}");
}

#[test]
fn a_websocket_that_dies_in_silence_ends_35_s_after_its_last_heartbeat() {
    // Heartbeats every 20 s are given 15 s (real stack T: 35.0 s after the connection).
    let world = alone("transports = [\"websocket\"]\nleaves = { after = \"5s\", how = \"silent\" }\n");
    let ends = ended(&world);
    assert!(matches!(ends[..], [(34_990..=35_100, Cause::HeartbeatTimeout)]), "{ends:?}");
}

#[test]
fn a_polling_client_that_dies_in_silence_ends_with_its_poll_and_the_close_timeout() {
    // 20 s until the noop, then 25 s (real stack, item 18: 44 s after it left a poll one second old).
    let world = alone("leaves = { after = \"5s\", how = \"silent\" }\n");
    let ends = ended(&world);
    assert!(matches!(ends[..], [(44_900..=45_200, Cause::CloseTimeout)]), "{ends:?}");
}

#[test]
fn a_client_that_leaves_cleanly_ends_its_session_at_once() {
    for transport in ["websocket", "xhr-polling"] {
        let world = alone(&format!(
            "transports = [\"{transport}\"]\nleaves = {{ after = \"5s\", how = \"clean\" }}\n"
        ));
        let ends = ended(&world);
        assert!(matches!(ends[..], [(5_000..=5_010, _)]), "{transport}: {ends:?}");
        assert_eq!((world.figures.clients.left, world.figures.clients.ever_disconnected), (1, 0));
    }
}

#[test]
fn a_websocket_whose_page_is_closed_ends_by_its_connection() {
    let world = alone("transports = [\"websocket\"]\nleaves = { after = \"5s\" }\n");
    let ends = ended(&world);
    assert!(matches!(ends[..], [(5_000..=5_010, Cause::SocketEnd | Cause::SocketClose)]), "{ends:?}");
}

#[test]
fn what_is_broadcast_after_a_client_has_left_is_not_lost_and_its_goodbye_cuts_nobody_off() {
    for (transport, how) in [("websocket", "clean"), ("xhr-polling", "clean"), ("xhr-polling", "unload")] {
        let world = run(&format!(
            "duration = \"20s\"\nservers = {{ count = 1, broadcast_every = \"300ms\" }}\n[clients]\ncount = 1\n\
             transports = [\"{transport}\"]\nleaves = {{ after = \"5s\", how = \"{how}\" }}\n"
        ));
        let down = world.figures.down;
        assert!(down.received >= 14, "{transport}, {how}: {down:?}");
        assert_eq!((down.sent, down.lost), (down.received, 0), "{transport}, {how}");
        assert_eq!(world.figures.life.storm.longest, None, "{transport}, {how}");
    }
}

#[test]
fn a_client_that_left_says_nothing_more() {
    let world = alone("send_every = \"1s\"\nleaves = { after = \"5s\", how = \"silent\" }\n");
    let last = world
        .records
        .iter()
        .rposition(|record| matches!(record.event, TraceEvent::UpSent { .. } | TraceEvent::Requested { .. }));
    assert!(last.is_some_and(|last| world.records[last].at < 5_001_000));
}

#[test]
fn a_reset_of_the_address_is_noticed_at_once_and_the_server_learns_by_its_timers() {
    let world = alone("transports = [\"websocket\"]\nmoves = { every = \"50s\", connections = \"reset\" }\n");
    let lost = world.times(|event| matches!(event, TraceEvent::Disconnected { .. }));
    assert_eq!(lost, [50_000]);
    let back = world.times(|event| matches!(event, TraceEvent::Reconnected { .. }));
    assert!(matches!(back[..], [50_500..=50_510]), "{back:?}");
    let ends = ended(&world);
    assert!(
        matches!(ends[..], [(75_000.., Cause::HeartbeatTimeout)]),
        "not before a heartbeat is missed: {ends:?}"
    );
}

#[test]
fn a_silent_move_leaves_the_genuine_websocket_connected_to_nothing() {
    let world = alone("transports = [\"websocket\"]\nmoves = { every = \"10s\" }\n");
    let noticed = world.times(|event| matches!(event, TraceEvent::Disconnected { .. }));
    // Its heartbeat watch is 15 s from the last heartbeat, if any came (facts 10.8).
    assert!(noticed.iter().all(|at| *at > 20_000), "{noticed:?}");
}

#[test]
fn a_page_in_the_background_polls_late() {
    let server = "duration = \"60s\"\n[servers]\ncount = 1\nbroadcast_every = \"1s\"\n[clients]\ncount = 1\n";
    let late =
        run(&format!("{server}background = {{ after = \"5s\", every = \"10s\", delays = \"all\" }}\n"));
    let polls = late.times(|event| matches!(event, TraceEvent::Opened { .. }));
    let later: Vec<u64> = polls.into_iter().filter(|at| *at > 6_000).collect();
    assert!(!later.is_empty() && later.iter().all(|at| at % 10_000 - 5_000 < 5), "{later:?}");
    let awake = run(server);
    assert!(awake.times(|event| matches!(event, TraceEvent::Opened { .. })).len() > 50);
}

#[test]
fn jitter_spreads_the_first_attempt_and_the_genuine_client_has_none() {
    let storm = |profile: &str| {
        run(&format!(
            "duration = \"30s\"\n[clients]\ncount = 40\nprofile = \"{profile}\"\ntransports = [\"websocket\"]\n\
             [servers]\ncount = 1\n[[fault]]\nat = \"10s\"\nkill = \"s1\"\nrestart_after = \"10ms\"\n"
        ))
        .times(|event| matches!(event, TraceEvent::Reconnecting { attempt: 1, .. }))
    };
    let genuine = storm("genuine-0.8.7");
    assert!(genuine.iter().all(|at| (10_500..10_510).contains(at)), "{genuine:?}");
    let improved = storm("improved");
    let early = improved.iter().filter(|at| **at < 10_250).count();
    assert!(improved.len() == 40 && (10..30).contains(&early), "{improved:?}");
}

#[test]
fn a_client_that_asks_every_five_seconds_gets_each_message_once_and_late() {
    let world = run(
        "duration = \"60s\"\n[clients]\ncount = 4\nask_every = \"5s\"\nsend_every = \"7s\"\nquiet_at_end = \"5s\"\n\
                     [servers]\ncount = 1\nbroadcast_every = \"1s\"\n",
    );
    let figures = &world.figures;
    assert_eq!((figures.clients.stable_5s, figures.up.lost, figures.down.duplicated), (4, 0, 0));
    let delay = figures.life.down_delay_us.unwrap();
    assert!((1_500_000..3_500_000).contains(&delay.median) && delay.max <= 5_000_000, "{delay:?}");
    let traffic = figures.life.traffic.unwrap();
    assert_eq!(
        traffic.requests,
        4 * 12 + 1 + figures.up.sent,
        "twelve polls each, one at the very end, and a POST for each message"
    );
}

#[test]
fn bytes_and_requests_for_each_message_fall_from_periodic_to_long_polling_to_sockets() {
    let traffic = |more: &str| {
        let text = format!(
            "duration = \"60s\"\n[servers]\ncount = 1\nbroadcast_every = \"10s\"\n[clients]\ncount = 4\n{more}"
        );
        run(&text).figures.life.traffic.unwrap()
    };
    let periodic = traffic("ask_every = \"2s\"\n");
    let long = traffic("transports = [\"xhr-polling\"]\n");
    let sockets = traffic("transports = [\"websocket\"]\n");
    assert!(periodic.requests > 2 * long.requests && long.requests > 2 * sockets.requests);
    assert!(periodic.bytes_up > long.bytes_up && long.bytes_up > 2 * sockets.bytes_up);
}

#[test]
fn a_request_waits_while_all_connections_of_its_client_are_in_use() {
    let posts = |connections_max: u32| {
        let world = alone(&format!(
            "transports = [\"xhr-polling\"]\nsend_every = \"1s\"\nquiet_at_end = \"85s\"\nconnections_max = {connections_max}\n"
        ));
        world.times(|event| matches!(event, TraceEvent::UpReceived { .. }))
    };
    assert_eq!(posts(2).first().map(|at| at / 1_000), Some(1), "at once, beside the poll");
    // The only connection is the poll's, which the server answers after 20 s.
    assert_eq!(posts(1).first().map(|at| at / 1_000), Some(20));
}
