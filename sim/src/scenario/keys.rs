//! Every key a scenario file may have.

pub(super) const TOP: &[&str] = &[
    "schema",
    "name",
    "question",
    "expectation",
    "expect",
    "finding",
    "duration",
    "clients",
    "proxy",
    "balancer",
    "servers",
    "redis",
    "app",
    "tls",
    "network",
    "fault",
    "deploy",
    "sweep",
];
pub(super) const CLIENTS: &[&str] = &[
    "count",
    "arrive_every",
    "arrive_over",
    "arrive_mean",
    "arrive_phases",
    "arrive_from",
    "transports",
    "browser",
    "origin",
    "flash",
    "profile",
    "behaviour",
    "ask_every",
    "reconnect",
    "connections",
    "connections_max",
    "query",
    "cookies",
    "page",
    "addresses",
    "addresses_count",
    "addresses_shares",
    "moves",
    "send_every",
    "message_size",
    "quiet_at_end",
    "background",
    "leaves",
    "group",
];
pub(super) const PHASE: &[&str] = &["at", "count", "every", "over", "mean"];
pub(super) const SPAN: &[&str] = &["min", "max"];
pub(super) const RECONNECT: &[&str] = &["delay", "cap", "attempts", "jitter"];
pub(super) const MOVES: &[&str] = &["every", "connections"];
pub(super) const BACKGROUND: &[&str] = &["after", "every", "delays"];
pub(super) const LEAVES: &[&str] = &["after", "how"];
pub(super) const BALANCER: &[&str] = &[
    "kind",
    "nginx",
    "mode",
    "option",
    "http_reuse",
    "prefer_last_server",
    "balance",
    "hash_type",
    "hash_function",
    "uri_depth",
    "uri_whole",
    "param",
    "header",
    "random_draws",
    "weights",
    "backup",
    "slowstart",
    "cookie",
    "stick",
    "maxconn",
    "timeouts",
    "accept_proxy",
    "send_proxy",
    "forwardfor",
    "retries",
    "redispatch",
    "check",
    "cluster",
    "route",
];
pub(super) const NGINX: &[&str] =
    &["http", "upgrade", "key", "max_fails", "fail_timeout", "next_upstream", "first_port"];
pub(super) const COOKIE: &[&str] = &["name", "mode"];
pub(super) const STICK: &[&str] = &["on", "size", "expire"];
pub(super) const TIMEOUTS: &[&str] =
    &["connect", "server", "tunnel", "http_request", "http_keep_alive", "queue"];
pub(super) const CLUSTER: &[&str] = &["cores", "memory"];
pub(super) const PROXY: &[&str] =
    &["name", "kind", "mode", "address", "accept_proxy", "send_proxy", "forwardfor", "upgrade", "route"];
pub(super) const ROUTE: &[&str] = &["path", "header", "upgrade", "to"];
pub(super) const APP: &[&str] = &["count", "cost", "algorithm"];
pub(super) const TLS: &[&str] = &["at", "round_trips", "cost"];
pub(super) const CHECK: &[&str] = &["inter", "fall", "rise", "started_before"];
pub(super) const SERVERS: &[&str] = &[
    "count",
    "store",
    "broadcast_every",
    "broadcast_first",
    "broadcast_by",
    "page_cookie",
    "other_paths",
    "start_time",
    "request_cost",
    "message_cost",
    "send_cost",
    "connection_cost",
    "open_cost",
    "open_cost_per_1000",
];
pub(super) const REDIS: &[&str] = &["latency", "command_cost", "nodes", "client", "uncaught"];
pub(super) const NETWORK: &[&str] = &["latency"];
pub(super) const LATENCY: &[&str] = &["min", "max"];
pub(super) const FAULT: &[&str] = &[
    "at",
    "kill",
    "stop",
    "redis",
    "balancer",
    "restart_after",
    "pause",
    "slow",
    "factor",
    "delay",
    "by",
    "lose",
    "per_cent",
    "cut",
    "disconnect",
    "for",
];
pub(super) const DEPLOY: &[&str] = &[
    "start",
    "kind",
    "down",
    "gap",
    "signal",
    "drain",
    "ready",
    "goodbye",
    "new",
    "stop_after",
    "back_after",
    "hard_stop_after",
];

/// Every key that a scenario file may have, as `(table, key)`; the table of the top level is empty.
pub fn known_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    let tables = [
        ("", TOP),
        ("clients", CLIENTS),
        ("clients.arrive_phases", PHASE),
        ("clients.reconnect", RECONNECT),
        ("clients.moves", MOVES),
        ("clients.background", BACKGROUND),
        ("clients.leaves", LEAVES),
        ("balancer", BALANCER),
        ("balancer.nginx", NGINX),
        ("balancer.cookie", COOKIE),
        ("balancer.stick", STICK),
        ("balancer.timeouts", TIMEOUTS),
        ("balancer.check", CHECK),
        ("balancer.route", ROUTE),
        ("balancer.cluster", CLUSTER),
        ("proxy", PROXY),
        ("proxy.route", ROUTE),
        ("app", APP),
        ("tls", TLS),
        ("servers", SERVERS),
        ("redis", REDIS),
        ("redis.latency", LATENCY),
        ("network", NETWORK),
        ("network.latency", LATENCY),
        ("fault", FAULT),
        ("deploy", DEPLOY),
    ];
    tables.into_iter().flat_map(|(table, keys)| keys.iter().map(move |key| (table, *key)))
}
