//! What stands between clients and servers: servers that are proxies themselves, nginx and HAProxy in a chain, Flash.

use socketio08_sim::trace::TraceEvent;

use crate::world::{World, run};

/// One client that asks for its page, then for a session.
const PAGE: &str = "duration = \"5s\"\n[clients]\ncount = 1\npage = true\n[app]\ncount = 2\ncost = \"50ms\"\n[balancer]\nkind = \"none\"\n";

/// When each page or handshake of the world was answered, in milliseconds.
fn handshakes(world: &World) -> Vec<u64> {
    world.times(|event| matches!(event, TraceEvent::Handshaken { .. }))
}

#[test]
fn a_server_that_is_a_proxy_answers_pages_when_the_second_stack_has() {
    let own = run(&format!("{PAGE}[servers]\ncount = 1\n"));
    let app = run(&format!("{PAGE}[servers]\ncount = 1\nother_paths = \"app\"\n"));
    let (own, app) = (handshakes(&own), handshakes(&app));
    assert_eq!((own.len(), app.len()), (1, 1));
    assert!((50..53).contains(&(app[0] - own[0])), "{own:?} {app:?}");
}

#[test]
fn a_server_that_is_a_proxy_takes_the_servers_of_the_second_stack_in_turn() {
    let both = run(&PAGE
        .replace("count = 1", "count = 2\narrive_every = \"1ms\"")
        .replace("[balancer]", "[servers]\ncount = 1\nother_paths = \"app\"\n[balancer]"));
    let handshakes = handshakes(&both);
    assert!(
        handshakes[1] - handshakes[0] < 10,
        "one after the other they would take 50 ms more: {handshakes:?}"
    );
}

#[test]
fn the_page_of_a_server_that_was_killed_is_asked_for_again_although_the_second_stack_lives() {
    let world = run(&format!(
        "{PAGE}[servers]\ncount = 1\nother_paths = \"app\"\n[[fault]]\nat = \"20ms\"\nkill = \"s1\"\nrestart_after = \"10ms\"\n"
    ));
    let handshakes = handshakes(&world);
    assert!(handshakes.len() == 1 && handshakes[0] > 1_000, "{handshakes:?}");
}

/// Five clients behind an nginx that drops `Upgrade`.
fn plain_websockets(transports: &str, servers: &str) -> World {
    run(&format!(
        "duration = \"60s\"\n[clients]\ncount = 5\ntransports = {transports}\n[[proxy]]\nkind = \"nginx\"\n\
         [balancer]\nkind = \"none\"\n[servers]\ncount = 1\nbroadcast_every = \"1s\"\n{servers}"
    ))
}

#[test]
fn a_websocket_whose_upgrade_is_dropped_leaves_a_session_that_nobody_ends() {
    let world = plain_websockets("[\"websocket\"]", "");
    let ghosts = world.figures.life.ghosts;
    assert_eq!((world.figures.clients.ever_connected, ghosts.total, ghosts.at_end), (0, 5, 5));
    let ours = plain_websockets("[\"websocket\"]", "store = \"routed\"\n");
    assert_eq!(ours.figures.life.ghosts.total, 0, "ours cut it off, and the handshake is swept");
}

#[test]
fn the_fallback_brings_what_was_broadcast_since_the_websocket_failed() {
    let world = plain_websockets("[\"websocket\", \"xhr-polling\"]", "");
    assert_eq!((world.figures.clients.ever_connected, world.figures.life.ghosts.total), (5, 0));
    let first = world.times(|event| matches!(event, TraceEvent::Connected { .. }))[0];
    let at_once =
        world.times(|event| matches!(event, TraceEvent::TickReceived { client, .. } if client.index() == 0));
    let backlog = at_once.iter().filter(|at| **at == first).count();
    assert!(
        (9..=10).contains(&backlog),
        "one a second for the ten seconds of the connect timeout: {backlog}"
    );
}

/// Two flashsocket clients behind what stands in front of one server.
fn flash(front: &str) -> World {
    run(&format!(
        "duration = \"15s\"\n[clients]\ncount = 2\ntransports = [\"flashsocket\", \"xhr-polling\"]\n[servers]\ncount = 1\n{front}"
    ))
}

fn policies(world: &World) -> (usize, usize) {
    let granted = |wanted: bool| {
        world
            .times(|event| matches!(event, TraceEvent::FlashPolicy { granted, .. } if *granted == wanted))
            .len()
    };
    (granted(true), granted(false))
}

#[test]
fn a_flashsocket_passes_whoever_copies_bytes() {
    let world = flash("[balancer]\nmode = \"tcp\"\n");
    assert_eq!(policies(&world), (2, 0));
    assert!(world.figures.first_connect_ms.is_some_and(|spread| spread.max < 100), "{:?}", world.figures);
}

#[test]
fn whoever_reads_requests_refuses_the_policy_file_and_the_client_goes_on_after_its_connect_timeout() {
    for front in ["[balancer]\nmode = \"http\"\n", "[balancer]\nkind = \"nginx\"\n"] {
        let world = flash(front);
        assert_eq!(policies(&world), (0, 2), "{front}");
        assert_eq!(world.figures.policies_refused, 2);
        assert_eq!(world.figures.clients.connected_at_end, 2);
        assert!(world.figures.first_connect_ms.is_some_and(|spread| spread.median > 10_000), "{front}");
    }
}

#[test]
fn whoever_ends_tls_refuses_the_policy_file_too() {
    let world = flash("[balancer]\nmode = \"tcp\"\n[tls]\nat = \"terminator\"\n");
    assert_eq!(policies(&world), (0, 2));
}

#[test]
fn a_player_asks_for_the_policy_file_once() {
    let world =
        flash("[balancer]\nkind = \"none\"\n[[fault]]\nat = \"5s\"\nkill = \"s1\"\nrestart_after = \"1s\"\n");
    assert_eq!(policies(&world), (2, 0));
    let opens = world.times(|event| matches!(event, TraceEvent::Opened { .. }));
    assert!(opens.len() > 2, "each opened another socket after the fault: {opens:?}");
}

/// A client that polls through a proxy of this kind, whose server is killed between two polls and stays away.
fn behind(proxy: &str) -> Vec<(u64, u16)> {
    let world = run(&format!(
        "duration = \"20s\"\n[clients]\ncount = 1\ntransports = [\"xhr-polling\"]\n[[proxy]]\n{proxy}\n[balancer]\nkind = \"none\"\n\
         [servers]\ncount = 1\n[[fault]]\nat = \"2s\"\nkill = \"s1\"\n"
    ));
    let answered = world.records.iter().filter_map(|record| match record.event {
        TraceEvent::BalancerAnswered { status, .. } => Some((record.at / 1_000, status)),
        _ => None,
    });
    answered.collect()
}

#[test]
fn an_nginx_in_the_chain_answers_502_at_once_where_haproxy_tries_for_three_seconds() {
    let (nginx, haproxy) = (behind("kind = \"nginx\""), behind("kind = \"haproxy\""));
    // The poll in flight, then the attempts of the client to reconnect.
    assert!(nginx.iter().all(|(_, status)| *status == 502) && nginx.len() >= 3, "{nginx:?}");
    assert!(nginx[1].0 < 3_000, "the first attempt fails at once: {nginx:?}");
    // HAProxy hangs up on the poll in flight.
    assert!(haproxy.iter().all(|(at, status)| *status == 503 && *at >= 5_500), "{haproxy:?}");
    assert!(!haproxy.is_empty());
}

/// Forty clients behind a terminator that hides them and a proxy that may tell of them, balanced by X-Forwarded-For.
fn told(forwardfor: bool) -> World {
    run(&format!(
        "duration = \"10s\"\n[clients]\ncount = 40\ntransports = [\"xhr-polling\"]\n[[proxy]]\nkind = \"haproxy\"\n\
         forwardfor = {forwardfor}\n[balancer]\nbalance = \"hdr\"\nheader = \"x-forwarded-for\"\n[servers]\ncount = 4\n"
    ))
}

#[test]
fn a_proxy_that_tells_the_address_lets_the_next_one_stick_by_it() {
    assert_eq!(told(true).figures.opens.rejected, 0);
    assert!(told(false).figures.opens.rejected > 0, "without the header the next server in turn has it");
}

#[test]
fn bad_weather_over_a_server_that_clients_reach_themselves_touches_them() {
    let first = |fault: &str| {
        let world = run(&format!(
            "duration = \"10s\"\n[clients]\ncount = 1\n[balancer]\nkind = \"none\"\n[servers]\ncount = 1\n{fault}"
        ));
        world.figures.first_connect_ms.expect("it connects").median
    };
    let late = "[[fault]]\nat = \"0s\"\ndelay = \"s1\"\nby = \"300ms\"\nfor = \"5s\"\n";
    assert!(first("") < 100);
    assert!(first(late) > 1_000, "four ways of 300 ms at least");
}

#[test]
fn the_connection_test_over_websockets_alone_fails_behind_an_nginx_that_passes_no_upgrades_on() {
    let test = |upgrade: bool| {
        let world = run(&format!(
            "duration = \"30s\"\n[clients]\ncount = 4\ntransports = [\"websocket\"]\nbehaviour = \"connection-test\"\n[[proxy]]\n\
             kind = \"nginx\"\nupgrade = {upgrade}\n[balancer]\nkind = \"none\"\n[servers]\ncount = 1\n"
        ));
        world.figures.tests.expect("they tested").worked.values().sum::<u32>()
    };
    assert_eq!((test(true), test(false)), (4, 0));
}

/// When a lone websocket client that says nothing loses its connection, in milliseconds after it was made; it hears from its server
/// every `broadcast` and else every 20 s.
fn silent(balancer: &str, broadcast: &str) -> Vec<u64> {
    let world = run(&format!(
        "duration = \"30s\"\n[clients]\ncount = 1\ntransports = [\"websocket\"]\n[balancer]\n{balancer}\n[servers]\ncount = 1\n{broadcast}"
    ));
    world.times(|event| matches!(event, TraceEvent::Disconnected { .. }))
}

#[test]
fn a_tunnel_in_which_both_sides_are_silent_for_too_long_is_closed() {
    for balancer in [
        "timeouts = { tunnel = \"3s\" }",
        "timeouts = { server = \"3s\" }",
        "timeouts = { server = \"1m\", tunnel = \"3s\" }",
        "mode = \"tcp\"\ntimeouts = { tunnel = \"3s\" }",
        "kind = \"nginx\"\ntimeouts = { server = \"3s\" }",
    ] {
        let lost = silent(balancer, "");
        assert!(lost.first().is_some_and(|at| (3_000..3_050).contains(at)), "{balancer}: {lost:?}");
    }
}

#[test]
fn a_tunnel_in_which_one_side_talks_stays_open() {
    for balancer in ["timeouts = { tunnel = \"3s\" }", "kind = \"nginx\"\ntimeouts = { server = \"3s\" }"] {
        assert_eq!(silent(balancer, "broadcast_every = \"1s\"\n"), [] as [u64; 0], "{balancer}");
    }
    assert_eq!(silent("timeouts = { tunnel = \"25s\" }", ""), [] as [u64; 0], "a heartbeat comes every 20 s");
}
