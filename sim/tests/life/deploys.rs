use socketio08_sim::trace::TraceEvent;

use super::world::{World, run};

fn deploy(transport: &str, balance: &str, servers: u32, deploy: &str) -> World {
    run(&format!(
        "duration = \"60s\"\n[clients]\ntransports = [\"{transport}\"]\nsend_every = \"1s\"\nquiet_at_end = \"3s\"\n\
         [balancer]\nbalance = \"source\"\nhash_type = \"{balance}\"\nredispatch = true\n[servers]\ncount = {servers}\nbroadcast_every = \"1s\"\n\
         [deploy]\n{deploy}"
    ))
}

/// Of each change: which, and how many of all clients were cut off by it.
fn tolls(world: &World) -> Vec<(&'static str, u32)> {
    let toll = |impact: &socketio08_sim::report::Impact| {
        (impact.change, impact.its_clients.disconnected + impact.others.disconnected)
    };
    world.figures.impacts.iter().map(toll).collect()
}

const BLUE_GREEN: &str = "kind = \"blue-green\"\nstart = \"8s\"\nnew = 4\nstop_after = \"12s\"\n";

#[test]
fn a_switch_to_green_cuts_every_polling_client_off_at_once_and_no_websocket() {
    // Real stack, item 43.
    let polling = tolls(&deploy("xhr-polling", "map-based", 8, BLUE_GREEN));
    assert_eq!(polling.iter().map(|(_, cut)| cut).sum::<u32>(), 40, "{polling:?}");
    assert_eq!(polling.last(), Some(&("down", 0)));
    let sockets = tolls(&deploy("websocket", "map-based", 8, BLUE_GREEN));
    assert_eq!(sockets.iter().map(|(_, cut)| cut).sum::<u32>(), 40, "{sockets:?}");
    assert_eq!(sockets.last(), Some(&("down", 40)));
}

#[test]
fn another_server_moves_four_of_five_polling_clients_on_a_map_and_few_on_a_ring() {
    // Real stack, item 44: 0.80 and 0.225 to 0.25.
    let scale = "kind = \"scale\"\nstart = \"8s\"\nnew = 1\n";
    let cut = |balance| tolls(&deploy("xhr-polling", balance, 5, scale))[0];
    assert_eq!(cut("map-based"), ("ready", 32));
    let (_, on_a_ring) = cut("consistent");
    assert!((1..=16).contains(&on_a_ring), "{on_a_ring}");
    let sockets = deploy("websocket", "map-based", 5, scale);
    assert_eq!(tolls(&sockets), [("ready", 0)]);
    assert_eq!(sockets.figures.servers[4].clients, 0, "the new server gets nobody");
}

#[test]
fn a_drain_leaves_websockets_alone_and_the_restart_takes_them() {
    // Real stack, item 41.
    let drain = "kind = \"rolling-drain\"\nstart = \"8s\"\ndrain = \"5s\"\ndown = \"300ms\"\ngap = \"10s\"\n";
    let tolls = tolls(&deploy("websocket", "map-based", 4, drain));
    let cut = |change: &str| -> Vec<u32> {
        tolls.iter().filter(|(name, _)| *name == change).map(|(_, cut)| *cut).collect()
    };
    assert_eq!((cut("drain"), cut("down")), (vec![0; 4], vec![10; 4]));
}

#[test]
fn a_server_that_says_goodbye_has_nobody_left_when_it_is_stopped() {
    let drain = "kind = \"rolling-drain\"\nstart = \"8s\"\ndrain = \"5s\"\ndown = \"300ms\"\ngap = \"10s\"\ngoodbye = 5\n";
    let world = deploy("websocket", "map-based", 4, drain);
    let goodbyes = world.times(|event| matches!(event, TraceEvent::Disconnected { cause: "booted", .. }));
    let first: Vec<u64> = goodbyes.iter().copied().filter(|at| *at < 13_000).collect();
    assert_eq!(first, [8_000, 8_200, 8_400, 8_600, 8_800, 9_000, 9_200, 9_400, 9_600, 9_800]);
    assert!(tolls(&world).iter().filter(|(change, _)| *change == "down").all(|(_, cut)| *cut == 0));
}

#[test]
fn a_reload_of_the_balancer_is_noticed_by_nobody_unless_it_ends_what_is_left() {
    // Real stack, item 45: by source, no client; with a hard stop after 10 s, every websocket then.
    for transport in ["websocket", "xhr-polling"] {
        let world = deploy(transport, "map-based", 4, "kind = \"reload\"\nstart = \"8017ms\"\n");
        assert_eq!((tolls(&world), world.figures.up.lost), (vec![("reload", 0)], 0), "{transport}");
    }
    let hard = deploy(
        "websocket",
        "map-based",
        4,
        "kind = \"reload\"\nstart = \"8017ms\"\nhard_stop_after = \"10s\"\n",
    );
    let lost = hard.times(|event| matches!(event, TraceEvent::Disconnected { .. }));
    assert!(lost.len() == 40 && lost.iter().all(|at| (18_010..18_620).contains(at)), "{lost:?}");
}

#[test]
fn a_deploy_that_stops_an_idle_server_does_not_make_the_run_decide_nothing() {
    use socketio08_sim::report::{Class, judge};
    let world = deploy("xhr-polling", "map-based", 8, BLUE_GREEN);
    let text = "schema = 1\nname = \"x\"\nduration = \"1s\"\n[clients]\ncount = 1\n";
    let scenario = socketio08_sim::scenario::Scenario::parse("x.toml", text, &[]).unwrap();
    assert_ne!(judge(&scenario, &world.figures).verdict, Class::Unknown);
}
