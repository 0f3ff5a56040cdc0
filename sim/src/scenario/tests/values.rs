//! What every key means, its default, and the built-in scenarios.

use core::net::Ipv4Addr;
use core::time::Duration;

use socketio08::Transport;

use super::{SMALL, parse, small};
use crate::scenario::{
    AddressBlock, App, Arrival, Balance, Balancer, BalancerKind, BalancerMode, Behaviour, BroadcastBy,
    Builtin, Check, ClientProfile, Clients, Cluster, Connections, Cookie, CookieMode, Deploy, DeployKind,
    Destination, Fault, HashFunction, HashType, HttpOption, HttpReuse, Latency, Network, Nginx, NginxKey,
    OtherPaths, Outage, Proxy, ProxyKind, RedisClient, RedisNodes, RedisSettings, Redispatch, Route,
    Scenario, ServerCost, ServerIx, Servers, Signal, Span, Stick, StickOn, Store, Timeouts, Tls, TlsAt,
    known_keys,
};

const SECOND: Duration = Duration::from_secs(1);

/// A scenario with every key, none of them at its default.
const EVERY_KEY: &str = r#"
schema = 1
name = "all"
question = "Is every key read?"
duration = "2m"
[clients]
count = 30
arrive_over = "2s"
transports = ["websocket", "xhr-polling"]
profile = "improved"
behaviour = "connection-test"
connections = "per-request"
connections_max = 2
query = "cid={client}"
addresses = "10.0.0.0/8"
addresses_count = 5
send_every = "500ms"
quiet_at_end = "3s"
[balancer]
mode = "http"
option = "keep-alive"
http_reuse = "never"
prefer_last_server = true
balance = "random"
hash_type = "consistent"
random_draws = 1
kind = "haproxy"
nginx = { http = "1.0", upgrade = false, key = "uri", max_fails = 3, fail_timeout = "5s", next_upstream = false, first_port = 10001 }
hash_function = "djb2"
uri_depth = 4
uri_whole = true
param = "cid"
header = "X-User"
weights = [1, 2, 0]
backup = ["s3"]
slowstart = "10s"
cookie = { name = "io", mode = "prefix" }
stick = { on = "path", size = 9, expire = "1m" }
maxconn = 7
timeouts = { connect = "5s", server = "6s", tunnel = "10s", http_request = "7s", http_keep_alive = "8s", queue = "9s" }
accept_proxy = true
send_proxy = true
forwardfor = true
retries = 1
redispatch = 1
check = { inter = "500ms", fall = 2, rise = 1, started_before = "0s" }
cluster = { cores = 4, memory = "1ms" }
route = [{ path = "/", header = "x-old", upgrade = false, to = "app" }]
[[proxy]]
name = "edge"
kind = "stunnel"
mode = "tcp"
address = "10.0.0.9"
send_proxy = true
[[proxy]]
kind = "nginx"
accept_proxy = true
forwardfor = true
upgrade = true
route = [{ to = "balancer" }]
[app]
count = 2
cost = "3ms"
algorithm = "source"
[tls]
at = "terminator"
round_trips = 1
cost = "2ms"
[servers]
count = 3
store = "redis"
broadcast_every = "1s"
broadcast_first = "10ms"
broadcast_by = "first"
page_cookie = "io"
other_paths = "app"
start_time = "150ms"
request_cost = "1ms"
message_cost = "0us"
send_cost = "1us"
connection_cost = "2us"
open_cost = "3us"
open_cost_per_1000 = "4us"
[redis]
latency = { min = "3ms", max = "4ms" }
command_cost = "1us"
nodes = "ours"
client = "genuine"
uncaught = "survive"
[network]
latency = { min = "1ms", max = "2ms" }
[[fault]]
at = "8s"
stop = "s3"
restart_after = "25s"
[[fault]]
at = "50s"
kill = "s1"
restart_after = "1s"
[[fault]]
at = "9s"
redis = "kill"
restart_after = "2s"
[[fault]]
at = "20s"
redis = "restart"
[[fault]]
at = "11s"
balancer = "restart"
[[fault]]
at = "21s"
balancer = "kill"
[deploy]
start = "1m"
kind = "rolling"
down = "1s"
gap = "10s"
signal = "SIGKILL"
"#;

#[test]
fn three_keys_are_enough_and_the_rest_are_defaults() {
    let expected = Scenario {
        expectation: String::new(),
        finding: String::new(),
        expect: None,
        name: "small".to_owned(),
        question: String::new(),
        duration: SECOND * 13,
        clients: Clients::default(),
        balancer: Balancer::default(),
        servers: Servers::default(),
        redis: RedisSettings::default(),
        proxies: vec![],
        app: App::default(),
        tls: Tls::default(),
        network: Network::default(),
        faults: vec![],
        redis_faults: vec![],
        balancer_faults: vec![],
        harms: vec![],
        deploy: None,
    };
    assert_eq!(parse(SMALL), Ok(expected));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line for each key")]
fn every_key_is_read() {
    let expected = Scenario {
        expectation: String::new(),
        finding: String::new(),
        expect: None,
        name: "all".to_owned(),
        question: "Is every key read?".to_owned(),
        duration: SECOND * 120,
        clients: Clients {
            count: 30,
            arrival: Arrival::Over(SECOND * 2),
            transports: vec![Transport::Websocket, Transport::XhrPolling],
            behaviour: Behaviour::ConnectionTest,
            profile: ClientProfile::Improved,
            connections: Connections::PerRequest,
            connections_max: Some(2),
            query: "cid={client}".to_owned(),
            addresses: AddressBlock { network: Ipv4Addr::new(10, 0, 0, 0), prefix: 8 },
            addresses_count: Some(5),
            send_every: Some(Span::fixed(SECOND / 2)),
            quiet_at_end: SECOND * 3,
            ..Clients::default()
        },
        proxies: vec![
            Proxy {
                name: "edge".to_owned(),
                kind: ProxyKind::Stunnel,
                mode: BalancerMode::Tcp,
                address: Ipv4Addr::new(10, 0, 0, 9),
                send_proxy: true,
                ..Proxy::default()
            },
            Proxy {
                name: "nginx".to_owned(),
                kind: ProxyKind::Nginx,
                accept_proxy: true,
                forwardfor: true,
                upgrade: true,
                routes: vec![Route { path: None, header: None, upgrade: None, to: Destination::Balancer }],
                ..Proxy::default()
            },
        ],
        app: App { count: 2, cost: Duration::from_millis(3), balance: Balance::Source },
        tls: Tls { at: TlsAt::Terminator, round_trips: 1, cost: Duration::from_millis(2) },
        balancer: Balancer {
            kind: BalancerKind::Haproxy,
            cluster: Cluster { cores: 4, memory: Duration::from_millis(1) },
            routes: vec![Route {
                path: Some("/".to_owned()),
                header: Some("x-old".to_owned()),
                upgrade: Some(false),
                to: Destination::App,
            }],
            mode: BalancerMode::Http,
            option: HttpOption::KeepAlive,
            http_reuse: HttpReuse::Never,
            prefer_last_server: true,
            balance: Balance::Random,
            hash_type: HashType::Consistent,
            hash_function: HashFunction::Djb2,
            uri_depth: Some(4),
            uri_whole: true,
            param: Some("cid".to_owned()),
            header: Some("X-User".to_owned()),
            nginx: Nginx {
                http11: false,
                upgrade: false,
                key: NginxKey::Uri,
                max_fails: 3,
                fail_timeout: SECOND * 5,
                next_upstream: false,
                first_port: 10_001,
            },
            random_draws: 1,
            weights: vec![1, 2, 0],
            backup: vec![ServerIx(2)],
            slowstart: SECOND * 10,
            cookie: Some(Cookie { name: "io".to_owned(), mode: CookieMode::Prefix }),
            stick: Some(Stick { on: StickOn::Path, size: 9, expire: SECOND * 60 }),
            maxconn: Some(7),
            timeouts: Timeouts {
                connect: Some(SECOND * 5),
                server: Some(SECOND * 6),
                tunnel: Some(SECOND * 10),
                http_request: Some(SECOND * 7),
                http_keep_alive: Some(SECOND * 8),
                queue: Some(SECOND * 9),
            },
            accept_proxy: true,
            send_proxy: true,
            forwardfor: true,
            retries: 1,
            redispatch: Redispatch::Every(1),
            check: Some(Check { inter: SECOND / 2, fall: 2, rise: 1, started_before: Duration::ZERO }),
        },
        servers: Servers {
            count: 3,
            store: Store::Redis,
            broadcast_every: Some(SECOND),
            broadcast_first: SECOND / 100,
            broadcast_by: BroadcastBy::First,
            other_paths: OtherPaths::App,
            page_cookie: Some("io".to_owned()),
            start_time: Duration::from_millis(150),
            cost: ServerCost {
                request: Duration::from_millis(1),
                message: Duration::ZERO,
                send: Duration::from_micros(1),
                connection: Duration::from_micros(2),
                open: Duration::from_micros(3),
                open_per_1000: Duration::from_micros(4),
            },
        },
        redis: RedisSettings {
            latency: Some(Latency { min: Duration::from_millis(3), max: Duration::from_millis(4) }),
            command_cost: Duration::from_micros(1),
            nodes: RedisNodes::Ours,
            client: RedisClient::Genuine,
            uncaught: true,
        },
        redis_faults: vec![
            Outage { at: SECOND * 9, restart_after: Some(SECOND * 2) },
            Outage { at: SECOND * 20, restart_after: Some(Outage::REDIS_RESTART) },
        ],
        balancer_faults: vec![
            Outage { at: SECOND * 11, restart_after: Some(Outage::BALANCER_RESTART) },
            Outage { at: SECOND * 21, restart_after: None },
        ],
        network: Network {
            latency: Latency { min: Duration::from_millis(1), max: Duration::from_millis(2) },
        },
        faults: vec![
            Fault {
                at: SECOND * 8,
                server: ServerIx(2),
                signal: Signal::Term,
                restart_after: Some(SECOND * 25),
            },
            Fault { at: SECOND * 50, server: ServerIx(0), signal: Signal::Kill, restart_after: Some(SECOND) },
        ],
        harms: vec![],
        deploy: Some(Deploy {
            start: SECOND * 60,
            kind: DeployKind::Rolling,
            down: SECOND,
            gap: SECOND * 10,
            signal: Signal::Kill,
            drain: Duration::ZERO,
            ready: None,
            goodbye: None,
            new: 0,
            stop_after: None,
            back_after: None,
            hard_stop_after: None,
        }),
    };
    assert_eq!(parse(EVERY_KEY), Ok(expected));
}

#[test]
fn a_fixed_latency_redispatch_and_a_check_table_have_short_and_long_forms() {
    let world = parse(&small("network.latency = \"3ms\"\n[balancer]\nredispatch = true\n[balancer.check]\n"))
        .unwrap();
    let three = Duration::from_millis(3);
    assert_eq!(world.network.latency, Latency { min: three, max: three });
    assert_eq!(world.balancer.redispatch, Redispatch::AtLastRetry);
    assert_eq!(world.balancer.check, Some(Check::default()));
}

#[test]
fn host_addresses_count_from_one_and_leave_the_broadcast_address_out() {
    let block = AddressBlock { network: Ipv4Addr::new(127, 0, 1, 0), prefix: 24 };
    assert_eq!(
        (block.host(0), block.host(253)),
        (Ipv4Addr::new(127, 0, 1, 1), Ipv4Addr::new(127, 0, 1, 254))
    );
    assert_eq!((block.hosts(), block.host(254)), (254, block.host(0)));
    let alone = AddressBlock { network: Ipv4Addr::new(10, 0, 0, 7), prefix: 32 };
    assert_eq!((alone.hosts(), alone.host(0)), (1, Ipv4Addr::new(10, 0, 0, 7)));
    let pair = AddressBlock { network: Ipv4Addr::new(10, 0, 0, 6), prefix: 31 };
    assert_eq!((pair.hosts(), pair.host(1)), (2, Ipv4Addr::new(10, 0, 0, 7)));
    let all = AddressBlock { network: Ipv4Addr::UNSPECIFIED, prefix: 0 };
    assert_eq!((all.hosts(), all.host(0)), ((1 << 32) - 2, Ipv4Addr::new(0, 0, 0, 1)));
}

#[test]
fn every_built_in_scenario_is_valid_carries_its_name_and_asks_a_question() {
    for builtin in Builtin::ALL {
        let scenario = builtin.scenario().unwrap();
        assert_eq!(scenario.name, builtin.name);
        assert!(scenario.question.ends_with('?'), "{}", builtin.name);
        assert_eq!(Scenario::load(builtin.name, &[]), Ok(scenario));
    }
}

#[test]
fn the_manual_names_every_key_and_every_built_in_scenario() {
    let manual = include_str!("../../../../docs/SCENARIOS.md");
    for (table, key) in known_keys() {
        let heading = match table {
            "" => "## Top level".to_owned(),
            "balancer.route" | "proxy" | "proxy.route" => "## `[[proxy]]`".to_owned(),
            table if table.starts_with("fault") => "## `[[fault]]`".to_owned(),
            table => format!("## `[{}]`", table.split('.').next().unwrap_or_default()),
        };
        let (_, after) = manual.split_once(&heading).unwrap_or_else(|| panic!("no {heading}"));
        let part = after.split("\n## ").next().unwrap();
        assert!(part.contains(&format!("| `{key}`")), "`{key}` is not in the table of {heading}");
    }
    for builtin in Builtin::ALL {
        assert!(manual.contains(&format!("`{}`", builtin.name)));
    }
}
