//! Packets and payloads that no client sends.

use std::time::{Duration, Instant};

use super::Attacked;

/// The lookup of 0.8.7 finds the methods of every object, and its process ends.
#[tokio::test]
async fn ids_that_name_members_of_objects_are_unknown_sessions() {
    let attacked = Attacked::start().await;
    for id in ["toString", "constructor", "__proto__", "hasOwnProperty", "valueOf", "length"] {
        assert_eq!(attacked.get(&format!("/socket.io/1/xhr-polling/{id}")).await.body, "7:::1+0", "{id}");
        let mut raw = attacked.connect().await;
        assert_eq!(raw.post(&format!("/socket.io/1/xhr-polling/{id}"), "3:::x").await.body, "1", "{id}");
        let mut socket = attacked.connect().await;
        assert_eq!(socket.upgrade(&format!("/socket.io/1/websocket/{id}")).await.status, 101, "{id}");
        assert_eq!(socket.text().await, "7:::1+0", "{id}");
    }
    attacked.goes_on().await;
}

/// A negative length sends the parser of 0.8.7 back to where it was, for ever.
#[tokio::test]
async fn a_length_that_rewinds_ends_the_payload() {
    let attacked = Attacked::start().await;
    for payload in [
        "\u{fffd}-5\u{fffd}3:::x",
        "\u{fffd}5\u{fffd}3:::x\u{fffd}-12\u{fffd}3:::y",
        "\u{fffd}1e9\u{fffd}3:::x",
        "\u{fffd}99999999999999999999\u{fffd}3:::x",
        "\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
    ] {
        attacked.post(payload).await;
    }
    attacked.goes_on().await;
}

/// A payload of as many tiny packets as fit costs a server of the kind of 0.8.7 seconds.
#[tokio::test]
async fn a_payload_of_many_packets_is_bounded_in_count_and_time() {
    let attacked = Attacked::start().await;
    let payload = "\u{fffd}1\u{fffd}8".repeat(124_999);
    let start = Instant::now();
    attacked.post(&payload).await;
    attacked.goes_on().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Arguments that are no list end the process of 0.8.7.
#[tokio::test]
async fn arguments_of_an_acknowledgement_that_are_no_list_harm_nobody() {
    let attacked = Attacked::start().await;
    for args in ["1", "\"str\"", "true", "{\"length\":4294967295}", "null", "[", "\u{0}"] {
        attacked.post(&format!("6:::1+{args}")).await;
    }
    attacked.goes_on().await;
}

#[tokio::test]
async fn events_without_a_name_or_with_a_reserved_one_harm_nobody() {
    let attacked = Attacked::start().await;
    for event in [
        "{}",
        "[]",
        "null",
        "1",
        "{\"name\":1}",
        "{\"name\":{}}",
        "{\"name\":\"\"}",
        "{\"args\":[]}",
        "{\"name\":\"x\",\"args\":1}",
        "{\"name\":\"disconnect\"}",
        "{\"name\":\"connect\"}",
        "{\"name\":\"__proto__\"}",
        "{\"name\":\"error\"}",
        "{\"name\":\"newListener\"}",
        "{",
        "",
    ] {
        attacked.post(&format!("5:::{event}")).await;
    }
    attacked.goes_on().await;
}

/// A client that claims to be gone must not make the application believe it is.
#[tokio::test]
async fn a_reserved_event_never_reaches_the_application() {
    let attacked = Attacked::start().await;
    let id = attacked.post("5:::{\"name\":\"disconnect\",\"args\":[\"booted\"]}").await;
    attacked.goes_on().await;
    let events = format!("{:?}", attacked.node.echo.events.lock().unwrap());
    assert!(!events.contains("booted"), "{id}: {events}");
}

#[tokio::test]
async fn json_nested_a_hundred_thousand_deep_harms_nobody() {
    let attacked = Attacked::start().await;
    let bomb = "[".repeat(100_000);
    for packet in
        [format!("4:::{bomb}"), format!("5:::{{\"name\":\"x\",\"args\":{bomb}"), format!("6:::1+{bomb}")]
    {
        attacked.post(&packet).await;
    }
    attacked.goes_on().await;
}

#[tokio::test]
async fn acknowledgement_ids_of_any_length_and_of_nobody_are_ignored() {
    let attacked = Attacked::start().await;
    let long = "9".repeat(1_000);
    for packet in [
        format!("6:::{long}"),
        format!("5:{long}+::{{\"name\":\"x\"}}"),
        "6:::0".to_owned(),
        "6:::-1".to_owned(),
    ] {
        attacked.post(&packet).await;
    }
    attacked.goes_on().await;
}
