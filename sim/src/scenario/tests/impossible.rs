//! Worlds that cannot be are refused with the reason.

use super::{parse, refusal, small};

#[test]
fn a_fault_on_a_server_that_does_not_exist() {
    let error = refusal("[[fault]]\nat = \"8s\"\nkill = \"s9\"\n");
    assert_eq!(error, "my.toml:6:8: fault kills \"s9\", but [servers] count = 4 makes s1 to s4");
    let error = refusal("servers.count = 1\n[[fault]]\nat = \"8s\"\nstop = \"s2\"\n");
    assert_eq!(error, "my.toml:7:8: fault stops \"s2\", but [servers] count = 1 makes only s1");
}

#[test]
fn a_fault_after_the_end() {
    let error = refusal("[[fault]]\nat = \"13s\"\nkill = \"s1\"\n");
    assert_eq!(error, "my.toml:5:6: fault at 13s, but the run ends at 13s");
}

#[test]
fn a_restart_after_the_end() {
    let error = refusal("[[fault]]\nat = \"8s\"\nkill = \"s1\"\nrestart_after = \"5s\"\n");
    let remedy = "take `restart_after` away if it stays down";
    assert_eq!(error, format!("my.toml:7:17: s1 would be back at 13s, but the run ends at 13s; {remedy}"));
}

#[test]
fn a_fault_on_a_server_that_is_down() {
    let error = refusal("[[fault]]\nat = \"1s\"\nkill = \"s1\"\n[[fault]]\nat = \"2s\"\nstop = \"s1\"\n");
    assert_eq!(error, "my.toml:8:6: s1 is to be ended at 2s, but it is down since 1s");
    let deploy = "[deploy]\nstart = \"2s\"\ndown = \"1s\"\ngap = \"1s\"\n";
    let error = refusal(&format!("{deploy}[[fault]]\nat = \"1s\"\nkill = \"s1\"\n"));
    assert_eq!(error, "my.toml:4:1: s1 is to be ended at 2s, but it is down since 1s");
}

#[test]
fn a_server_that_is_killed_the_moment_it_is_back_is_possible() {
    let twice = "[[fault]]\nat = \"1s\"\nkill = \"s1\"\nrestart_after = \"1s\"\n[[fault]]\nat = \"2s\"\nstop = \"s1\"\n";
    assert!(parse(&small(twice)).is_ok());
}

#[test]
fn a_deploy_that_does_not_finish() {
    let error = refusal("[deploy]\nstart = \"8s\"\nkind = \"rolling\"\ndown = \"1s\"\ngap = \"10s\"\n");
    assert_eq!(error, "my.toml:8:7: the last of 4 servers would be back at 39s, but the run ends at 13s");
    let error = refusal("[deploy]\nstart = \"13s\"\ndown = \"1s\"\ngap = \"10s\"\n");
    assert!(error.starts_with("my.toml:5:9: "), "{error}");
}

#[test]
fn addresses_that_are_too_few() {
    let error = refusal("[clients]\ncount = 300\narrive_every = \"1ms\"\naddresses = \"127.0.1.0/24\"\n");
    let remedy = "take a larger block, or share with addresses_count = 254";
    assert_eq!(error, format!("my.toml:7:13: 127.0.1.0/24 has 254 addresses for 300; {remedy}"));
    let shared = "[clients]\ncount = 300\narrive_every = \"1ms\"\naddresses_count = 254\n";
    assert!(parse(&small(shared)).is_ok());
}

#[test]
fn more_shared_addresses_than_clients() {
    let error = refusal("[clients]\ncount = 5\naddresses_count = 6\n");
    assert_eq!(error, "my.toml:6:19: `addresses_count` is 6, but there are only 5 clients");
}

#[test]
fn clients_that_arrive_after_the_end() {
    let error = refusal("[clients]\ncount = 40\narrive_every = \"1s\"\n");
    assert_eq!(error, "my.toml:6:16: client 40 would arrive at 39s, but the run ends at 13s");
    let error = refusal("[clients]\ncount = 2\narrive_over = \"26s\"\n");
    assert_eq!(error, "my.toml:6:15: client 2 would arrive at 13s, but the run ends at 13s");
}

#[test]
fn no_time_to_send_in() {
    let error = refusal("[clients]\nquiet_at_end = \"13s\"\n");
    assert_eq!(error, "my.toml:5:16: `quiet_at_end` leaves no time to send in: the run ends at 13s");
}

#[test]
fn an_option_of_http_in_tcp_mode() {
    let error = refusal("[balancer]\nmode = \"tcp\"\noption = \"server-close\"\n");
    assert!(error.starts_with("my.toml:6:10: `option` \"server-close\" needs mode = \"http\""), "{error}");
    assert!(parse(&small("[balancer]\nmode = \"tcp\"\noption = \"keep-alive\"\n")).is_ok());
}

#[test]
fn a_latency_whose_bounds_are_the_wrong_way_round() {
    let error = refusal("[network]\nlatency = { min = \"2ms\", max = \"1ms\" }\n");
    assert_eq!(error, "my.toml:5:11: `latency` has a max below its min; swap them");
}

const REDIS: &str = "servers.store = \"redis\"\n";

#[test]
fn a_redis_that_no_server_uses() {
    let error = refusal("[redis]\nnodes = \"ours\"\n");
    let remedy = "add store = \"redis\" or \"portable\" to [servers]";
    let reason = "[redis] says how servers share sessions, but store = \"memory\" shares none through it";
    assert_eq!(error, format!("my.toml:4:1: {reason}; {remedy}"));
    let error = refusal("[[fault]]\nat = \"1s\"\nredis = \"kill\"\n");
    assert_eq!(error, format!("my.toml:6:9: there is no Redis to end; {remedy}"));
}

#[test]
fn a_choice_of_redis_that_servers_with_portable_sessions_do_not_have() {
    let error = refusal("[servers]\nstore = \"portable\"\n[redis]\nnodes = \"ours\"\n");
    let reason = "`nodes` is for store = \"redis\": servers with portable sessions are always ours";
    assert_eq!(error, format!("my.toml:7:9: {reason}"));
}

#[test]
fn faults_of_redis_that_overlap_or_outlast_the_run() {
    let twice = "[[fault]]\nat = \"1s\"\nredis = \"kill\"\n[[fault]]\nat = \"2s\"\nredis = \"restart\"\n";
    let error = refusal(&format!("{REDIS}{twice}"));
    assert_eq!(error, "my.toml:9:6: redis would be down already: two of its faults overlap");
    let late = "[[fault]]\nat = \"1s\"\nredis = \"kill\"\nrestart_after = \"12s\"\n";
    let error = refusal(&format!("{REDIS}{late}"));
    assert_eq!(error, "my.toml:8:17: redis would be back at 13s, but the run ends at 13s");
}

#[test]
fn kept_connections_that_are_not_there_or_make_no_difference() {
    let error = refusal("[balancer]\nmode = \"tcp\"\nhttp_reuse = \"never\"\n");
    let reason = "`http_reuse` needs mode = \"http\": in tcp mode the balancer sees no requests";
    assert_eq!(error, format!("my.toml:6:14: {reason}"));
    let error = refusal("[balancer]\nprefer_last_server = true\n");
    assert!(error.ends_with("add http_reuse = \"never\""), "{error}");
    let error = refusal("[balancer]\noption = \"server-close\"\nhttp_reuse = \"never\"\n");
    assert!(error.ends_with("take option = \"server-close\" away"), "{error}");
    let error = refusal("[balancer]\nkind = \"nginx\"\nhttp_reuse = \"never\"\n");
    assert!(error.contains("nginx has no `http_reuse`"), "{error}");
}

#[test]
fn faults_of_a_balancer_that_is_not_there_or_down_already() {
    let kill = "[[fault]]\nat = \"1s\"\nbalancer = \"kill\"\n";
    let one = "[servers]\ncount = 1\n";
    let error = refusal(&format!("{one}[balancer]\nkind = \"none\"\n{kill}"));
    assert_eq!(
        error,
        "my.toml:10:12: there is no balancer to end; take kind = \"none\" away from [balancer]"
    );
    let error = refusal(&format!("[balancer]\nkind = \"cluster\"\n{kill}"));
    assert_eq!(error, "my.toml:8:12: a cluster has no balancer to end: its workers share one port");
    let error = refusal(&format!("{kill}{kill}"));
    assert_eq!(error, "my.toml:8:6: balancer would be down already: two of its faults overlap");
    let error = refusal("[[fault]]\nat = \"13s\"\nbalancer = \"restart\"\n");
    assert_eq!(error, "my.toml:5:6: fault at 13s, but the run ends at 13s");
}

#[test]
fn a_fault_of_a_server_is_found_among_those_of_redis() {
    let listed = "[[fault]]\nat = \"1s\"\nredis = \"restart\"\n[[fault]]\nat = \"8s\"\nkill = \"s9\"\n";
    let error = refusal(&format!("{REDIS}{listed}"));
    assert_eq!(error, "my.toml:10:8: fault kills \"s9\", but [servers] count = 4 makes s1 to s4");
}

#[test]
fn two_proxies_of_one_name() {
    let error = refusal("[[proxy]]\nkind = \"nginx\"\n[[proxy]]\nkind = \"nginx\"\n");
    assert_eq!(error, "my.toml:6:1: two proxies are called \"nginx\"; give this one another `name`");
}

#[test]
fn a_route_to_nowhere() {
    let error = refusal("[[proxy]]\nkind = \"haproxy\"\nroute = [{ to = \"srevers\" }]\n");
    let hint = "did you mean `servers`?";
    assert_eq!(
        error,
        format!("my.toml:6:17: `to` is \"srevers\", which is no proxy behind this hop; {hint}")
    );
}

#[test]
fn a_route_backwards() {
    let error = refusal("[[proxy]]\nkind = \"haproxy\"\nroute = [{ to = \"haproxy\" }]\n");
    assert!(error.starts_with("my.toml:6:17: `to` is \"haproxy\", which stands before this hop"), "{error}");
}

#[test]
fn routes_where_only_bytes_are_copied() {
    let error = refusal("[balancer]\nmode = \"tcp\"\nroute = [{ to = \"app\" }]\n");
    assert!(error.starts_with("my.toml:6:9: rules need requests"), "{error}");
    let error = refusal("[[proxy]]\nkind = \"stunnel\"\nroute = [{ to = \"app\" }]\n");
    assert!(error.contains("rules need requests"), "{error}");
}

#[test]
fn several_servers_and_nobody_to_choose() {
    let error = refusal("[balancer]\nkind = \"none\"\n");
    assert!(error.starts_with("my.toml:5:8: without a balancer nobody chooses among 4 servers"), "{error}");
    assert!(parse(&small("servers.count = 1\n[balancer]\nkind = \"none\"\n")).is_ok());
}

#[test]
fn tls_that_nobody_ends() {
    let error = refusal("servers.count = 1\nbalancer.kind = \"none\"\n[tls]\nat = \"terminator\"\n");
    assert!(error.contains("no proxy stands before the server"), "{error}");
}

#[test]
fn requests_that_are_read_before_tls_ends() {
    let error = refusal("[tls]\nat = \"server\"\n");
    assert!(error.contains("cannot read what is encrypted"), "{error}");
    assert!(parse(&small("balancer.mode = \"tcp\"\n[tls]\nat = \"server\"\n")).is_ok());
}

#[test]
fn clients_that_would_have_to_speak_the_proxy_protocol() {
    let error = refusal("[[proxy]]\nkind = \"haproxy\"\naccept_proxy = true\n");
    assert!(error.contains("clients connect here"), "{error}");
}

#[test]
fn an_algorithm_for_an_application_that_only_servers_pass_requests_on_to() {
    let text = "[servers]\nother_paths = \"app\"\n[app]\ncount = 2\nalgorithm = \"source\"\n";
    let error = refusal(text);
    assert!(error.starts_with("my.toml:8:13: servers that pass requests on"), "{error}");
    let routed = format!("{text}[[balancer.route]]\npath = \"/app\"\nto = \"app\"\n");
    assert!(parse(&small(&routed)).is_ok());
}

#[test]
fn a_wait_for_tunnels_that_nginx_does_not_have() {
    let error = refusal("[balancer]\nkind = \"nginx\"\ntimeouts = { tunnel = \"5s\" }\n");
    assert!(error.starts_with("my.toml:6:23: nginx waits for websockets"), "{error}");
}
