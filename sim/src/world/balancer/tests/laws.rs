//! The laws, under calls in any order: also those no engine makes.

use core::net::Ipv4Addr;
use core::time::Duration;

use socketio08::Instant;

use super::super::{Administration, Balancer, ConnId, Input, LinkId, Output, RequestId};
use super::rig::{config, poll, response, table_c};
use crate::scenario::{
    self, Balance, BalancerKind, BalancerMode, HttpOption, Redispatch, ServerIx, Stick, StickOn, Timeouts,
};
use crate::world::seed::{Seed, Stream};

const SERVERS: usize = 4;

fn configurations() -> Vec<scenario::Balancer> {
    let server_close = scenario::Balancer { option: HttpOption::ServerClose, ..config(Balance::LeastConn) };
    let tcp = scenario::Balancer { mode: BalancerMode::Tcp, redispatch: Redispatch::Every(1), ..table_c() };
    let random = scenario::Balancer { redispatch: Redispatch::AtLastRetry, ..config(Balance::Random) };
    let sticky = scenario::Balancer {
        stick: Some(Stick { on: StickOn::Src, size: 10, expire: Duration::from_secs(5) }),
        maxconn: Some(3),
        timeouts: Timeouts {
            tunnel: Some(Duration::from_secs(3)),
            connect: Some(Duration::from_secs(1)),
            server: Some(Duration::from_secs(2)),
            http_request: Some(Duration::from_secs(3)),
            http_keep_alive: Some(Duration::from_secs(3)),
            queue: None,
        },
        ..config(Balance::StaticRr)
    };
    let nginx = scenario::Balancer { kind: BalancerKind::Nginx, ..config(Balance::LeastConn) };
    vec![config(Balance::RoundRobin), table_c(), server_close, tcp, random, sticky, nginx]
}

/// One of the things that can be said, about few connections and links so that most of them exist.
fn any_input(draws: &mut Stream, opened: &mut u64) -> Input {
    let conn = ConnId(draws.below(*opened + 2));
    let link = LinkId(draws.below(30));
    match draws.below(50) / 4 {
        0 | 1 => {
            *opened += 1;
            let source = Ipv4Addr::from_bits(0x7f00_0100 + draws.next_u32() % 200);
            Input::Opened { conn: ConnId(*opened), source, proxied: None }
        }
        2 => Input::Request { conn, request: RequestId(draws.next_u64()), head: poll() },
        3 => Input::ClientClosed { conn },
        4 => Input::Connected { link },
        5 => Input::Refused { link },
        6 => Input::ResponseStarted { link, head: response(if draws.chance(1, 3) { 101 } else { 200 }) },
        7 => Input::ResponseDone { link },
        8 => Input::LinkClosed { link },
        10 => Input::Administer {
            server: ServerIx(usize::from(draws.chance(1, 2))),
            administration: if draws.chance(1, 2) { Administration::Ready } else { Administration::Drain },
        },
        12 => Input::Reload { hard_stop_after: draws.chance(1, 2).then_some(Duration::from_secs(3)) },
        13 => Input::Passed { link },
        _ => Input::Checked { server: ServerIx(usize::from(draws.chance(1, 2))), passed: draws.chance(1, 2) },
    }
}

fn drain(balancer: &mut Balancer) -> Vec<Output> {
    core::iter::from_fn(|| balancer.poll_output()).collect()
}

/// Runs a thousand calls; returns everything said and the balancer.
fn thousand_calls(config: &scenario::Balancer, seed: Seed) -> (Vec<Output>, Balancer, Instant) {
    let mut draws = seed.stream("laws");
    let mut balancer = Balancer::new(config, SERVERS, seed.stream("balancer/random"));
    let (mut now, mut opened, mut said) = (Instant::ZERO, 0, Vec::new());
    for _ in 0..1_000 {
        if draws.chance(1, 4) {
            now = now + draws.duration(Duration::ZERO, Duration::from_secs(2));
            balancer.handle_timeout(now);
            assert!(balancer.poll_timeout().is_none_or(|deadline| deadline.at > now));
        } else {
            balancer.handle_input(now, any_input(&mut draws, &mut opened));
        }
        said.extend(drain(&mut balancer));
    }
    (said, balancer, now)
}

#[test]
fn equal_calls_give_equal_outputs_and_no_call_panics() {
    for (number, config) in configurations().iter().enumerate() {
        for seed in 0..20 {
            let (said, balancer, _) = thousand_calls(config, Seed(seed));
            assert!(said.len() > 50, "configuration {number} hardly did anything: {}", said.len());
            assert_eq!((said, balancer.clone()), {
                let (said, again, _) = thousand_calls(config, Seed(seed));
                (said, again)
            });
        }
    }
}

#[test]
fn a_client_is_closed_once_and_hears_nothing_after() {
    for config in configurations() {
        for seed in 0..20 {
            let (said, _, _) = thousand_calls(&config, Seed(seed));
            let mut closed = Vec::new();
            for output in said {
                match output {
                    Output::CloseClient { conn } => {
                        assert!(!closed.contains(&conn), "closed twice");
                        closed.push(conn);
                    }
                    Output::Answer { conn, .. } | Output::Tunnel { conn, .. } => {
                        assert!(!closed.contains(&conn));
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn when_every_client_and_every_link_is_gone_no_server_has_any_load() {
    for config in configurations() {
        for seed in 0..20 {
            let (_, mut balancer, now) = thousand_calls(&config, Seed(seed));
            for conn in 0..1_000 {
                balancer.handle_input(now, Input::ClientClosed { conn: ConnId(conn) });
            }
            // What waits for a retry opens another link for a while: four rounds use every retry up, and as many those
            // of requests that waited in the queue.
            for round in 1..=10 {
                for link in 0..3_000 {
                    balancer.handle_input(now, Input::LinkClosed { link: LinkId(link) });
                }
                balancer.handle_timeout(now + Duration::from_secs(round));
            }
            let loads: Vec<_> = (0..SERVERS).map(|server| balancer.load(ServerIx(server))).collect();
            assert_eq!(loads, [0; SERVERS]);
            assert!((0..3_000).all(|link| balancer.link_server(LinkId(link)).is_none()));
        }
    }
}

#[test]
fn time_that_goes_back_counts_as_the_last_time_seen() {
    let mut balancer = Balancer::new(&table_c(), SERVERS, Seed(1).stream("balancer/random"));
    balancer.handle_timeout(Instant::from_millis(5_000));
    drain(&mut balancer);
    let before = balancer.clone();
    balancer.handle_timeout(Instant::from_millis(1_000));
    assert_eq!(balancer, before);
}
