//! The balancer chooses as HAProxy 2.6 and nginx 1.22 did: every choice that `peers/haproxy/record.py` and
//! `peers/nginx/record.py` recorded.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::Value;
use socketio08::server::Method;
use socketio08::{Instant, Text};
use socketio08_sim::scenario::{Scenario, ServerIx};
use socketio08_sim::world::balancer::{
    Administration, Balancer, ConnId, Input, Output, RequestHead, RequestId, ResponseHead,
};
use socketio08_sim::world::seed::Seed;

const HAPROXY: &str = include_str!("data/haproxy/choices.json");
const NGINX: &str = include_str!("data/nginx/choices.json");

/// The balancer of a case, with servers that answer at once.
struct Rig {
    balancer: Balancer,
    dead: BTreeSet<ServerIx>,
    conns: u64,
}

impl Rig {
    fn new(case: &Value) -> Self {
        let servers = case["servers"].as_u64().unwrap();
        let text = format!(
            "schema = 1\nname = \"case\"\nduration = \"1s\"\n[servers]\ncount = {servers}\n[clients]\ncount = 1\n[balancer]\n{}\n",
            case["balancer"].as_str().unwrap()
        );
        let scenario = Scenario::parse("case.toml", &text, &[]).unwrap();
        let random = Seed(1).stream("balancer/random");
        let balancer = Balancer::new(&scenario.balancer, usize::try_from(servers).unwrap(), random);
        Self { balancer, dead: indexes(&case["dead"]), conns: 0 }
    }

    fn set(&mut self, step: &Value) {
        let server = ServerIx(usize::try_from(step[1].as_u64().unwrap()).unwrap());
        let administration = match step[2].as_str().unwrap() {
            "down" => {
                self.dead.insert(server);
                return;
            }
            "up" => {
                self.dead.remove(&server);
                return;
            }
            "ready" => Administration::Ready,
            "drain" => Administration::Drain,
            _ => Administration::Maintenance,
        };
        self.balancer.handle_input(Instant::ZERO, Input::Administer { server, administration });
    }

    /// One request on a connection of its own: the server that answers it, counted from 0, or minus the status.
    fn ask(&mut self, source: Ipv4Addr, head: RequestHead) -> i64 {
        self.conns += 1;
        let (conn, request) = (ConnId(self.conns), RequestId(self.conns));
        self.balancer.handle_input(Instant::ZERO, Input::Opened { conn, source, proxied: None });
        self.balancer.handle_input(Instant::ZERO, Input::Request { conn, request, head });
        let mut answer = None;
        while let Some(output) = self.balancer.poll_output() {
            match output {
                Output::Connect { link, server, .. } => {
                    let dead = self.dead.contains(&server);
                    let input = if dead { Input::Refused { link } } else { Input::Connected { link } };
                    self.balancer.handle_input(Instant::ZERO, input);
                }
                Output::Forward { link, .. } => {
                    answer = self.balancer.link_server(link).and_then(|server| i64::try_from(server.0).ok());
                    let head = ResponseHead::new(200, bytes::Bytes::new());
                    self.balancer.handle_input(Instant::ZERO, Input::ResponseStarted { link, head });
                    self.balancer.handle_input(Instant::ZERO, Input::ResponseDone { link });
                    self.balancer.handle_input(Instant::ZERO, Input::ClientClosed { conn });
                }
                Output::Answer { status, .. } => answer = Some(-i64::from(status)),
                _ => {}
            }
        }
        answer.expect("an answer")
    }
}

fn indexes(list: &Value) -> BTreeSet<ServerIx> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| ServerIx(usize::try_from(one.as_u64().unwrap()).unwrap()))
        .collect()
}

fn head(step: &Value) -> RequestHead {
    let mut head = RequestHead::new(Method::Get, Text::from(step[1].as_str().unwrap()));
    for (name, value) in step[2].as_object().unwrap() {
        head.headers.add(name.as_str(), value.as_str().unwrap());
    }
    head
}

/// The place of the first choice that differs, what HAProxy chose, and what we do.
fn difference(case: &Value) -> Option<(usize, i64, i64)> {
    let mut rig = Rig::new(case);
    for (place, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        if step[0] == "set" {
            rig.set(step);
            continue;
        }
        let source = step[0].as_str().unwrap().parse().unwrap();
        let (ours, theirs) = (rig.ask(source, head(step)), step[3].as_i64().unwrap());
        if ours != theirs {
            return Some((place, theirs, ours));
        }
    }
    None
}

fn check(recorded: &str, least: usize) {
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    let cases = recorded["cases"].as_array().unwrap();
    let different: Vec<_> = cases
        .iter()
        .filter_map(|case| difference(case).map(|found| (case["name"].as_str().unwrap(), found)))
        .collect();
    assert!(cases.len() >= least);
    assert!(different.is_empty(), "{} of {} differ: {different:?}", different.len(), cases.len());
}

#[test]
fn every_recorded_choice_of_haproxy_is_ours() {
    check(HAPROXY, 90);
}

#[test]
fn every_recorded_choice_of_nginx_is_ours() {
    check(NGINX, 50);
}
