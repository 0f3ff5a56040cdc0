//! Cookies and stick tables (`tables-2.md` items 21 to 30).

use core::time::Duration;

use bytes::Bytes;
use socketio08::Text;
use socketio08::server::Method;

use super::super::{Administration, COOKIE, Edit, Input, RequestHead, ResponseHead, SET_COOKIE};
use super::rig::{Rig, config, poll, response};
use crate::scenario::{self, Balance, Check, Cookie, CookieMode, Redispatch, ServerIx, Stick, StickOn};

const S1: ServerIx = ServerIx(0);
const S2: ServerIx = ServerIx(1);

fn with_cookie(mode: CookieMode) -> scenario::Balancer {
    let cookie = Cookie { name: "SRV".to_owned(), mode };
    let check = Check { inter: Duration::from_millis(500), fall: 2, rise: 2, started_before: Duration::ZERO };
    scenario::Balancer {
        cookie: Some(cookie),
        redispatch: Redispatch::AtLastRetry,
        check: Some(check),
        ..config(Balance::RoundRobin)
    }
}

fn with_stick(on: StickOn) -> scenario::Balancer {
    let stick = Stick { on, size: 300, expire: Duration::from_secs(60) };
    scenario::Balancer { stick: Some(stick), ..config(Balance::RoundRobin) }
}

fn with(cookie: &'static str) -> RequestHead {
    let mut head = poll();
    head.headers.add(COOKIE, cookie);
    head
}

fn get(target: &'static str) -> RequestHead {
    RequestHead::new(Method::Get, target)
}

fn setting(cookie: &'static str) -> ResponseHead {
    let mut head = response(200);
    head.headers.add(SET_COOKIE, cookie);
    head
}

fn handshake_answer(body: &'static str) -> ResponseHead {
    ResponseHead::new(200, Bytes::from_static(body.as_bytes()))
}

fn set_cookie(value: &'static str) -> Edit {
    Edit::Add { name: SET_COOKIE, value: Text::from_static(value) }
}

#[test]
fn item_21_each_client_without_a_cookie_gets_that_of_the_next_server_and_keeps_to_it() {
    let mut rig = Rig::new(&with_cookie(CookieMode::Insert), 4);
    assert_eq!(rig.visit(poll(), response(200)), (S1, vec![set_cookie("SRV=s1; path=/")]));
    assert_eq!(rig.visit(poll(), response(200)), (S2, vec![set_cookie("SRV=s2; path=/")]));
    for _ in 0..3 {
        assert_eq!(rig.visit(with("SRV=s1"), response(200)), (S1, vec![]));
    }
}

#[test]
fn an_inserted_cookie_is_hidden_from_the_server_and_others_are_not() {
    let mut rig = Rig::new(&with_cookie(CookieMode::Insert), 4);
    let conn = rig.open(1);
    let request = rig.request_with(conn, with("a=1; SRV=s3; b=2"));
    let kept = Edit::Add { name: COOKIE, value: Text::from_static("a=1; b=2") };
    assert_eq!(rig.request_edits(request), [Edit::Remove { name: COOKIE }, kept]);
}

#[test]
fn item_22_a_prefix_does_nothing_unless_the_application_sets_the_cookie() {
    let mut rig = Rig::new(&with_cookie(CookieMode::Prefix), 4);
    assert_eq!(rig.visit(poll(), response(200)), (S1, vec![]));
    let prefixed = vec![Edit::Remove { name: SET_COOKIE }, set_cookie("SRV=s2~7; path=/")];
    assert_eq!(rig.visit(poll(), setting("SRV=7; path=/")), (S2, prefixed));
    let conn = rig.open(1);
    let request = rig.request_with(conn, with("SRV=s2~7"));
    let own = Edit::Add { name: COOKIE, value: Text::from_static("SRV=7") };
    assert_eq!(rig.server_of(request), S2);
    assert_eq!(rig.request_edits(request), [Edit::Remove { name: COOKIE }, own]);
}

#[test]
fn item_23_the_client_of_a_server_that_is_down_gets_a_new_cookie() {
    let mut rig = Rig::new(&with_cookie(CookieMode::Insert), 4);
    rig.kill(0);
    rig.run_for(2);
    assert_eq!(rig.visit(with("SRV=s1"), response(200)), (S2, vec![set_cookie("SRV=s2; path=/")]));
}

#[test]
fn item_24_a_request_held_for_a_dead_server_goes_elsewhere_after_a_second_if_the_server_is_down_by_then() {
    let mut rig = Rig::new(&with_cookie(CookieMode::Insert), 4);
    rig.kill(0);
    let begun = rig.now;
    let conn = rig.open(1);
    let request = rig.request_with(conn, with("SRV=s1"));
    rig.run_until(begun + Duration::from_millis(999));
    assert!(!rig.forwarded.contains_key(&request), "held");
    rig.run_until(begun + Duration::from_secs(1));
    assert_eq!(rig.server_of(request), S2);
}

#[test]
fn item_24_with_redispatch_1_it_goes_elsewhere_at_once() {
    let config = scenario::Balancer { redispatch: Redispatch::Every(1), ..with_cookie(CookieMode::Insert) };
    let mut rig = Rig::new(&config, 4);
    rig.kill(0);
    let conn = rig.open(1);
    let request = rig.request_with(conn, with("SRV=s1"));
    assert_eq!(rig.server_of(request), S2);
}

#[test]
fn item_41_a_drained_server_keeps_its_own_clients_and_gets_no_others() {
    let mut rig = Rig::new(&with_cookie(CookieMode::Insert), 4);
    rig.input(Input::Administer { server: S1, administration: Administration::Drain });
    assert_eq!(rig.visit(with("SRV=s1"), response(200)).0, S1);
    let others: Vec<_> = (0..4).map(|_| rig.visit(poll(), response(200)).0.0).collect();
    assert_eq!(others, [1, 2, 3, 1]);
    rig.input(Input::Administer { server: S1, administration: Administration::Maintenance });
    assert_ne!(rig.visit(with("SRV=s1"), response(200)).0, S1);
}

#[test]
fn a_cookie_that_names_no_server_is_as_none() {
    let mut rig = Rig::new(&with_cookie(CookieMode::Insert), 4);
    for cookie in ["SRV=s9", "SRV=s0", "SRV=", "SRV=x", "SRV=s18446744073709551616"] {
        let (server, edits) = rig.visit(with(cookie), response(200));
        assert_eq!(edits, [Edit::Add { name: SET_COOKIE, value: format!("SRV={server}; path=/").into() }]);
    }
}

#[test]
fn item_30_an_address_sticks_to_the_server_that_answered_it_last() {
    let mut rig = Rig::new(&with_stick(StickOn::Src), 4);
    let (first, second) = (rig.fresh_request(1).1, rig.fresh_request(1).1);
    assert_eq!((rig.server_of(first), rig.server_of(second)), (S1, S2));
    rig.answer(second);
    rig.answer(first);
    assert_eq!(rig.visit(poll(), response(200)).0, S1);
}

#[test]
fn item_27_the_session_in_the_path_sticks_to_the_server_after_that_of_its_handshake() {
    let mut rig = Rig::new(&with_stick(StickOn::Path), 4);
    assert_eq!(rig.visit(get("/socket.io/1/?t=1"), handshake_answer("77:15:25:")).0, S1);
    for _ in 0..3 {
        assert_eq!(rig.visit(get("/socket.io/1/xhr-polling/77?t=2"), response(200)).0, S2);
    }
}

#[test]
fn item_28_a_session_is_learnt_from_the_handshakes_response() {
    let mut rig = Rig::new(&with_stick(StickOn::Response), 4);
    for (body, server, open) in [
        ("77:15:25:websocket", S1, "/socket.io/1/websocket/77"),
        ("88:15:25:websocket", S2, "/socket.io/1/xhr-polling/88?t=1"),
    ] {
        assert_eq!(rig.visit(get("/socket.io/1/?t=1"), handshake_answer(body)).0, server);
        assert_eq!(rig.visit(get(open), response(200)).0, server);
    }
    assert_eq!(rig.visit(get("/socket.io/1/xhr-polling/77?t=2"), response(200)).0, S1);
}

#[test]
fn item_28_a_handshake_whose_body_comes_later_teaches_nothing() {
    let mut rig = Rig::new(&with_stick(StickOn::Response), 4);
    rig.visit(get("/socket.io/1/"), handshake_answer(""));
    assert_eq!(rig.visit(get("/socket.io/1/xhr-polling/77"), response(200)).0, S2);
    assert_eq!(rig.visit(get("/socket.io/1/xhr-polling/77"), response(200)).0, ServerIx(2));
}

#[test]
fn an_entry_lasts_from_its_last_use() {
    let mut rig = Rig::new(&with_stick(StickOn::Src), 4);
    for _ in 0..3 {
        assert_eq!(rig.visit(poll(), response(200)).0, S1);
        rig.run_for(59);
    }
    rig.run_for(1);
    assert_eq!(rig.visit(poll(), response(200)).0, S2);
}

#[test]
fn a_full_table_forgets_the_entries_that_expire_first() {
    let mut rig = Rig::new(&with_stick(StickOn::Path), 4);
    let target = |number: u32| RequestHead::new(Method::Get, format!("/socket.io/1/xhr-polling/{number}"));
    for number in 0..301 {
        rig.visit(target(number), response(200));
        rig.run_until(rig.now + Duration::from_millis(1));
    }
    assert_eq!(rig.visit(target(300), response(200)).0, S1, "the last one is there");
    assert_eq!(rig.visit(target(2), response(200)).0, ServerIx(2), "and the third");
    assert_eq!(
        rig.visit(target(0), response(200)).0,
        S2,
        "the first two are gone: it goes to the next in turn"
    );
}

#[test]
fn item_45_a_reload_forgets_the_table_and_closes_only_idle_connections() {
    let mut rig = Rig::new(&with_stick(StickOn::Src), 4);
    rig.visit(poll(), response(200));
    rig.visit(RequestHead::new(Method::Get, "/"), response(200));
    let (idle, busy) = (rig.open(9), rig.open(8));
    let poll = rig.request(busy);
    rig.input(Input::Reload { hard_stop_after: None });
    let closed = |rig: &Rig, conn| rig.said(&super::super::Output::CloseClient { conn });
    assert!(closed(&rig, idle) && !closed(&rig, busy));
    rig.answer(poll);
    assert!(closed(&rig, busy), "after its response");
    let fresh = rig.fresh_request(1).1;
    assert_eq!(rig.server_of(fresh), S1, "the rotation begins again");
}

#[test]
fn a_fresh_process_has_no_table_and_no_turn() {
    let config = with_stick(StickOn::Src);
    let mut rig = Rig::new(&config, 4);
    assert_eq!(rig.visit(poll(), response(200)).0, S1);
    let second = rig.fresh_request(2).1;
    assert_eq!((rig.server_of(second), rig.balancer.load(S2)), (S2, 1));
    rig.restart(&config, 4);
    assert_eq!(rig.balancer.load(S2), 0);
    let second = rig.fresh_request(2).1;
    assert_eq!(rig.server_of(second), S1, "its place in the table is forgotten, and the turn begins again");
}
