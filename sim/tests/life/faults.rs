use socketio08::server::Cause;
use socketio08_sim::trace::TraceEvent;

use super::world::{World, run};

const WEBSOCKETS: &str =
    "[clients]\ncount = 8\ntransports = [\"websocket\"]\nsend_every = \"1s\"\nquiet_at_end = \"5s\"\n";

fn faulty(duration: &str, fault: &str) -> World {
    run(&format!(
        "duration = \"{duration}\"\nservers.count = 2\nbalancer.balance = \"source\"\n{WEBSOCKETS}[[fault]]\nat = \"10s\"\n{fault}"
    ))
}

fn received(world: &World) -> Vec<u64> {
    world.times(|event| matches!(event, TraceEvent::UpReceived { .. }))
}

#[test]
fn a_paused_server_answers_nothing_and_then_everything_it_was_sent() {
    let world = faulty("40s", "pause = \"s1\"\nfor = \"10s\"\n");
    let by_s1 = world
        .times(|event| matches!(event, TraceEvent::UpReceived { server, .. } if server.to_string() == "s1"));
    assert!(by_s1.iter().all(|at| !(10_001..20_000).contains(at)), "{by_s1:?}");
    assert!(by_s1.iter().filter(|at| (20_000..20_020).contains(*at)).count() >= 30, "{by_s1:?}");
    assert_eq!((world.figures.up.lost, world.figures.clients.ever_disconnected), (0, 0));
}

#[test]
fn checks_find_a_paused_server_up_because_its_kernel_answers() {
    let world =
        run("duration = \"40s\"\nservers.count = 2\nbalancer.check = { inter = \"500ms\", fall = 2 }\n\
                     [clients]\ncount = 4\n[[fault]]\nat = \"10s\"\npause = \"s1\"\nfor = \"10s\"\n");
    assert!(world.times(|event| matches!(event, TraceEvent::Marked { .. })).is_empty());
}

#[test]
fn a_server_paused_for_longer_than_the_heartbeat_loses_its_websockets_and_the_others_keep_theirs() {
    // The client of 0.8.7 gives a silent server 15 s after its last heartbeat, and notices when one is due.
    let world = faulty("90s", "pause = \"s1\"\nfor = \"60s\"\n");
    let figures = &world.figures;
    assert!(figures.clients.ever_disconnected <= 4, "{:?}", figures.clients);
    assert!(figures.life.harms[0].bitten);
}

#[test]
fn a_slow_server_makes_its_messages_late() {
    let late = |fault: &str| {
        let world = faulty("30s", fault);
        world.figures.life.up_delay_us.unwrap().max
    };
    assert!(late("slow = \"s1\"\nfactor = 1000\nfor = \"10s\"\n") >= 9_000, "9 us times 1,000");
    assert!(late("slow = \"s1\"\nfactor = 2\nfor = \"10s\"\n") < 2_000);
}

#[test]
fn a_slow_server_writes_a_broadcast_to_one_client_after_the_other() {
    let last_wait = |fault: &str| {
        let world = run(&format!(
            "duration = \"20s\"\nservers = {{ count = 1, broadcast_every = \"1s\", broadcast_first = \"500ms\" }}\n\
             {WEBSOCKETS}[[fault]]\nat = \"10s\"\n{fault}for = \"5s\"\n"
        ));
        // Those of the tick at 12.5 s.
        let ticks = world.times(|event| matches!(event, TraceEvent::TickReceived { .. }));
        ticks.into_iter().filter(|at| (12_500..13_500).contains(at)).map(|at| at - 12_500).max().unwrap()
    };
    assert!((112..130).contains(&last_wait("slow = \"s1\"\nfactor = 1000\n")), "8 times 14 us times 1,000");
    assert!(last_wait("slow = \"s1\"\nfactor = 2\n") < 3);
}

#[test]
fn a_late_way_adds_its_delay_to_every_message() {
    let world = faulty("30s", "delay = \"clients\"\nby = \"100ms\"\n");
    let delay = world.figures.life.up_delay_us.unwrap();
    assert!((100_000..=101_000).contains(&delay.max), "{delay:?}");
}

#[test]
fn what_is_sent_into_a_cut_arrives_after_it_in_order_and_nothing_is_lost() {
    let world = faulty("40s", "cut = \"s1\"\nfor = \"5s\"\n");
    assert_eq!(world.figures.up.lost, 0);
    assert_eq!(world.figures.life.up_out_of_order, 0);
    let delay = world.figures.life.up_delay_us.unwrap();
    // Sent at the start of the cut: repeated after 0.2, 0.6, 1.4, 3.0 and 6.2 s.
    assert!((3_000_000..=6_300_000).contains(&delay.max), "{delay:?}");
}

#[test]
fn a_server_behind_a_cut_is_marked_down_by_checks_that_are_not_answered() {
    let world = run(
        "duration = \"40s\"\nservers.count = 2\nbalancer.check = { inter = \"500ms\", fall = 2, rise = 2 }\n\
                     [clients]\ncount = 4\n[[fault]]\nat = \"10s\"\ncut = \"s1\"\nfor = \"10s\"\n",
    );
    let marks = world.times(|event| matches!(event, TraceEvent::Marked { .. }));
    let [down, up] = marks[..] else { panic!("{marks:?}") };
    assert!((11_000..12_600).contains(&down) && (20_500..22_600).contains(&up), "{marks:?}");
}

#[test]
fn a_cut_without_end_is_known_to_the_server_by_its_heartbeat_only() {
    let world = faulty("90s", "cut = \"clients\"\n");
    let ends: Vec<u64> =
        world.times(|event| matches!(event, TraceEvent::SessionEnded { cause: Cause::HeartbeatTimeout, .. }));
    assert!(ends.len() == 8 && ends.iter().all(|at| (25_000..46_000).contains(at)), "{ends:?}");
    assert!(received(&world).iter().all(|at| *at < 10_010));
}

#[test]
fn lost_packets_make_messages_late_by_the_clock_of_tcp() {
    let world = faulty("60s", "lose = \"clients\"\nper_cent = 20\n");
    assert_eq!(world.figures.up.lost, 0);
    let delay = world.figures.life.up_delay_us.unwrap();
    assert!(delay.p95 >= 200_000 && delay.median < 10_000, "{delay:?}");
}

#[test]
fn a_network_that_disconnects_takes_its_group_and_no_other() {
    let world = run(
        "duration = \"40s\"\nbalancer.balance = \"source\"\n[clients]\ntransports = [\"websocket\"]\n[[clients.group]]\nname = \"desks\"\n\
                     count = 5\n[[clients.group]]\nname = \"telephones\"\ncount = 3\n[[fault]]\nat = \"10s\"\n\
                     disconnect = \"telephones\"\nfor = \"2s\"\n",
    );
    let lost = world.times(|event| matches!(event, TraceEvent::Disconnected { .. }));
    assert_eq!(lost, [10_000, 10_000, 10_000]);
    // The attempts after 0.5 and 1.5 s are refused, that after 3.5 s is not.
    let back = world.times(|event| matches!(event, TraceEvent::Reconnected { .. }));
    assert!(back.len() == 3 && back.iter().all(|at| (13_500..13_600).contains(at)), "{back:?}");
    let ended = world.times(|event| matches!(event, TraceEvent::SessionEnded { .. }));
    assert!(ended.len() == 3 && ended.iter().all(|at| *at < 10_010), "both ends are reset: {ended:?}");
}

#[test]
fn a_fault_that_touches_nothing_makes_the_run_decide_nothing() {
    use socketio08_sim::report::{Class, judge};
    use socketio08_sim::scenario::Scenario;
    let text = "duration = \"20s\"\nservers.count = 2\nbalancer.balance = \"source\"\n[clients]\ncount = 1\n\
                [[fault]]\nat = \"10s\"\npause = \"s1\"\nfor = \"100ms\"\n";
    let world = run(text);
    let whole = format!("schema = 1\nname = \"life\"\n{text}");
    let verdict = judge(&Scenario::parse("life.toml", &whole, &[]).unwrap(), &world.figures);
    assert_eq!(
        (verdict.verdict, verdict.sentence.as_str()),
        (Class::Unknown, "the fault touched nothing: pause at 10s")
    );
}

#[test]
fn a_server_that_starts_slowly_refuses_connections_and_fails_its_checks_until_it_listens() {
    let world = run("duration = \"20s\"\nservers = { count = 2, start_time = \"3s\" }\n\
                     balancer.check = { inter = \"500ms\", fall = 2, rise = 2 }\n[clients]\ncount = 4\n\
                     [[fault]]\nat = \"5s\"\nkill = \"s1\"\nrestart_after = \"2s\"\n");
    assert_eq!(world.times(|event| matches!(event, TraceEvent::ServerUp { .. })), [10_000]);
    let marked_up = world.times(|event| matches!(event, TraceEvent::Marked { up: true, .. }));
    assert!(matches!(marked_up[..], [10_500..=11_500]), "{marked_up:?}");
}

#[test]
fn a_balancer_that_is_killed_cuts_everybody_off_and_refuses_them_until_it_is_back() {
    for transport in ["websocket", "xhr-polling"] {
        let text = WEBSOCKETS.replace("websocket", transport);
        let world = run(&format!(
            "duration = \"40s\"\nservers.count = 2\nbalancer.balance = \"source\"\n{text}\
             [[fault]]\nat = \"10017ms\"\nbalancer = \"kill\"\nrestart_after = \"3s\"\n"
        ));
        let lost = world.times(|event| matches!(event, TraceEvent::Disconnected { .. }));
        assert!(lost.len() == 8 && lost.iter().all(|at| (10_017..10_020).contains(at)), "{lost:?}");
        // Refused after half a second and after one and a half, let in after three and a half.
        let back = world.times(|event| matches!(event, TraceEvent::Reconnected { .. }));
        assert!(back.len() == 8 && back.iter().all(|at| (13_500..13_600).contains(at)), "{back:?}");
        assert!(world.times(|event| matches!(event, TraceEvent::ServerDown { .. })).is_empty());
        assert_eq!((world.figures.opens.rejected, world.figures.handshakes.total), (0, 16), "{transport}");
    }
}

#[test]
fn a_fresh_balancer_does_not_know_what_the_one_before_had_noticed() {
    let world = run("duration = \"30s\"\nservers.count = 2\n\
                     balancer = { balance = \"source\", check = { inter = \"1s\", fall = 2, rise = 2 } }\n[clients]\ncount = 4\n\
                     [[fault]]\nat = \"5s\"\nkill = \"s2\"\n[[fault]]\nat = \"15s\"\nbalancer = \"restart\"\n");
    let marked = world.times(|event| matches!(event, TraceEvent::Marked { up: false, .. }));
    assert!(matches!(marked[..], [6_000..=7_500, 16_000..=17_600]), "{marked:?}");
}

#[test]
fn a_proxy_before_a_dead_balancer_answers_for_it() {
    let world = run("duration = \"30s\"\nservers.count = 2\n[[proxy]]\nkind = \"haproxy\"\n\
                     [clients]\ncount = 4\naddresses_count = 1\n[balancer]\nbalance = \"source\"\n\
                     [[fault]]\nat = \"5017ms\"\nbalancer = \"kill\"\nrestart_after = \"5s\"\n");
    let answered =
        world.times(|event| matches!(event, TraceEvent::BalancerAnswered { status: 502 | 503, .. }));
    assert!(!answered.is_empty() && answered.iter().all(|at| (5_017..10_017).contains(at)), "{answered:?}");
    assert_eq!(world.figures.clients.connected_at_end, 4);
}

#[test]
fn a_balancer_that_ends_before_anybody_came_makes_the_run_decide_nothing() {
    use socketio08_sim::report::{Class, judge};
    let text = "schema = 1\nname = \"x\"\nduration = \"20s\"\n[clients]\ncount = 2\narrive_from = \"10s\"\n[balancer]\nbalance = \"source\"\n\
                [[fault]]\nat = \"5s\"\nbalancer = \"restart\"\n";
    let scenario = socketio08_sim::scenario::Scenario::parse("x.toml", text, &[]).unwrap();
    let world = run(text.split_once("\"x\"\n").unwrap().1);
    let verdict = judge(&scenario, &world.figures);
    assert_eq!(verdict.verdict, Class::Unknown);
    assert!(verdict.sentence.ends_with("the balancer"), "{}", verdict.sentence);
}

#[test]
fn a_request_that_is_late_is_answered_408_before_it_arrives() {
    // The connection opens, and then the way is slow: HAProxy has waited long enough when the handshake comes.
    let world = run("duration = \"20s\"\nservers.count = 1\nnetwork.latency = \"100ms\"\n\
                     balancer.timeouts = { http_request = \"1s\" }\n[clients]\ncount = 1\n\
                     [[fault]]\nat = \"150ms\"\ndelay = \"clients\"\nby = \"3s\"\nfor = \"1s\"\n");
    let answered = world.times(|event| matches!(event, TraceEvent::BalancerAnswered { status: 408, .. }));
    assert_eq!(answered, [1_100]);
    let failed = world.times(|event| matches!(event, TraceEvent::HandshakeFailed { status: 408, .. }));
    assert!(matches!(failed[..], [4_200]), "{failed:?}");
}
