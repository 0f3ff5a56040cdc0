//! What a server with portable sessions makes of a store that answers late, in another order, or that others write to.
#![allow(clippy::unwrap_used, reason = "tests")]

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    ExchangeId, Method, PortableConfig, Server, ServerConfig, ServerInput, ServerTransmit, SessionId,
    SharedKey, Store, StoreAnswer,
};
use socketio08::{Instant, Origins, Text};

fn server(node_id: u64) -> Rig {
    let key = SharedKey::new(&[3; 32]).unwrap();
    let store = Store::Portable(PortableConfig::new(node_id, 1_322_000_000_000, key));
    let mut rig = Rig::new(ServerConfig::default().store(store).origins(Origins::any()));
    rig.drive();
    rig.store.clear();
    rig
}

/// The operation that the server asks of the store, the only one.
fn operation(rig: &mut Rig) -> ServerTransmit {
    rig.drive();
    rig.store.retain(|transmit| !matches!(transmit, ServerTransmit::Publish { .. }));
    assert_eq!(rig.store.len(), 1, "{:?}", rig.store);
    rig.store.pop().unwrap()
}

fn ticket(operation: &ServerTransmit) -> u64 {
    match operation {
        ServerTransmit::StoreGet { ticket, .. }
        | ServerTransmit::StorePut { ticket, .. }
        | ServerTransmit::StoreDelete { ticket, .. } => *ticket,
        other => panic!("no operation: {other:?}"),
    }
}

fn answer(rig: &mut Rig, operation: &ServerTransmit, answer: StoreAnswer) {
    let ticket = ticket(operation);
    rig.server.handle_input(rig.now, ServerInput::Stored { ticket, answer });
    rig.drive();
}

/// A session that a server made, and its record, which nobody owns.
fn made() -> (SessionId, Text) {
    made_over(false, &[])
}

fn made_over(secure: bool, headers: &[(&str, &str)]) -> (SessionId, Text) {
    let mut maker = server(1);
    maker.secure = secure;
    let exchange = maker.request(Method::Get, "/socket.io/1/", "", headers, false);
    let put = operation(&mut maker);
    let ServerTransmit::StorePut { record, .. } = put.clone() else { panic!("no put: {put:?}") };
    answer(&mut maker, &put, StoreAnswer::Done);
    let id = maker.body(exchange).unwrap().split(':').next().map(Text::from).unwrap();
    (SessionId(id), record)
}

/// The record of a session that the server `node_id` owns: what it puts when it takes one.
fn owned_by(node_id: u64) -> Text {
    let (id, record) = made();
    let mut owner = server(node_id);
    owner.poll(&id);
    let get = operation(&mut owner);
    answer(&mut owner, &get, StoreAnswer::Record { version: 1, record });
    let ServerTransmit::StorePut { record, .. } = operation(&mut owner) else { panic!("no put") };
    record
}

/// A poll that waits for its session, whose record was free and is being taken.
fn taking(rig: &mut Rig) -> (ExchangeId, ServerTransmit) {
    let (id, record) = made();
    let poll = rig.poll(&id);
    let get = operation(rig);
    answer(rig, &get, StoreAnswer::Record { version: 1, record });
    (poll, operation(rig))
}

#[test]
fn what_the_store_has_not_answered_is_counted() {
    let (id, _) = made();
    let mut rig = server(2);
    rig.poll(&id);
    assert_eq!(rig.server.store_operations_waiting(), 1);
    let get = operation(&mut rig);
    answer(&mut rig, &get, StoreAnswer::Failed);
    assert_eq!(rig.server.store_operations_waiting(), 0);
}

#[test]
fn an_answer_to_a_question_that_was_given_up_is_none_to_the_next_one() {
    let (id, _) = made();
    let mut rig = server(2);
    rig.poll(&id);
    let given_up = operation(&mut rig);
    rig.advance_secs(5);
    let poll = rig.poll(&id);
    operation(&mut rig);
    answer(&mut rig, &given_up, StoreAnswer::Failed);
    assert_eq!(rig.status(poll), None, "the store has not answered this one");
}

#[test]
fn no_more_requests_wait_for_sessions_than_allowed() {
    let key = SharedKey::new(&[3; 32]).unwrap();
    let store = Store::Portable(PortableConfig::new(2, 1_322_000_000_000, key).waiting_max(1));
    let mut rig = Rig::new(ServerConfig::default().store(store));
    let (id, _) = made();
    let polls = [rig.poll(&id), rig.poll(&id)];
    assert_eq!(polls.map(|poll| rig.status(poll)), [None, Some(503)]);
}

#[test]
fn a_record_that_could_not_be_taken_in_time_is_not_deleted() {
    let mut rig = server(2);
    let (poll, put) = taking(&mut rig);
    rig.advance_secs(5);
    assert_eq!(rig.status(poll), Some(503));
    answer(&mut rig, &put, StoreAnswer::Conflict);
    assert_eq!(rig.store, []);
}

#[test]
fn a_record_that_was_taken_too_late_is_deleted_for_nobody_has_the_session() {
    let mut rig = server(2);
    let (poll, put) = taking(&mut rig);
    rig.advance_secs(5);
    assert_eq!(rig.status(poll), Some(503));
    answer(&mut rig, &put, StoreAnswer::Done);
    assert!(matches!(operation(&mut rig), ServerTransmit::StoreDelete { expected: 2, .. }));
}

#[test]
fn a_server_listens_on_its_own_channel_from_the_start() {
    let key = SharedKey::new(&[3; 32]).unwrap();
    let store = Store::Portable(PortableConfig::new(7, 0, key));
    let mut server = Server::new(ServerConfig::default().store(store), Instant::ZERO);
    let channel = Text::from_static("socketio08-portable:7");
    assert_eq!(server.poll_transmit(), Some(ServerTransmit::Subscribe { channel }));
}

#[test]
fn a_server_does_not_speak_of_a_session_while_it_waits_for_another_one() {
    let (id, _) = made();
    let mut rig = server(2);
    rig.poll(&id);
    assert!(rig.server.speaks_of(&id) && !rig.server.speaks_of(&SessionId(Text::from_static("other"))));
}

#[test]
fn a_session_that_another_server_took_first_is_asked_for_again_a_few_times() {
    let mut rig = server(2);
    let (id, record) = made();
    let poll = rig.poll(&id);
    for attempt in 1..=8 {
        for reply in [StoreAnswer::Record { version: 1, record: record.clone() }, StoreAnswer::Conflict] {
            let asked = operation(&mut rig);
            answer(&mut rig, &asked, reply);
            assert_eq!(rig.status(poll), None, "{attempt}");
        }
    }
    for reply in [StoreAnswer::Record { version: 1, record }, StoreAnswer::Conflict] {
        let asked = operation(&mut rig);
        answer(&mut rig, &asked, reply);
    }
    assert_eq!(rig.status(poll), Some(503));
}

#[test]
fn an_owner_that_is_another_one_each_time_is_asked_a_few_times() {
    let mut rig = server(2);
    let record = owned_by(3);
    let (id, _) = made();
    let poll = rig.poll(&id);
    for version in 1..=9 {
        assert_eq!(rig.status(poll), None, "{version}");
        let get = operation(&mut rig);
        answer(&mut rig, &get, StoreAnswer::Record { version, record: record.clone() });
        rig.store.clear();
        rig.advance(Duration::from_secs(2));
    }
    assert_eq!(rig.status(poll), Some(503));
}

/// A server that has taken over the session of a record.
fn taken_over(id: &SessionId, record: Text) -> Rig {
    let mut rig = server(2);
    rig.poll(id);
    for reply in [StoreAnswer::Record { version: 1, record }, StoreAnswer::Done] {
        let asked = operation(&mut rig);
        answer(&mut rig, &asked, reply);
    }
    rig
}

#[test]
fn whether_the_handshake_came_over_tls_is_known_where_the_session_goes() {
    for secure in [false, true] {
        let (id, record) = made_over(secure, &[]);
        let rig = taken_over(&id, record);
        assert_eq!(rig.server.handshake_data(&id).map(|data| data.secure), Some(secure));
    }
}

#[test]
fn whether_the_handshake_came_from_another_domain_is_known_where_the_session_goes() {
    for (headers, expected) in [(&[][..], false), (&[("origin", "http://a.example")][..], true)] {
        let (id, record) = made_over(false, headers);
        let rig = taken_over(&id, record);
        assert_eq!(rig.server.handshake_data(&id).map(|data| data.xdomain), Some(expected));
    }
}
