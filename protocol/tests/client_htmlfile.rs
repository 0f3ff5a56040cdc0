//! htmlfile: one streamed answer for the whole session, a script for each packet, posts as with xhr-polling.

mod client_rig;

use client_rig::{Rig, Silent, exchange, improved, millis, secs};
use socketio08::client::{Client, ClientConfig, ClientEvent, ClientState, ClientTransmit, LossCause};
use socketio08::server::ExchangeId;
use socketio08::{Instant, Profile, Transport, Violation};

const PREAMBLE: &str =
    "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>          ";

fn htmlfile() -> ClientConfig {
    ClientConfig::default().transports(vec![Transport::Htmlfile])
}

fn htmlfile_0_9() -> ClientConfig {
    ClientConfig::for_profile(Profile::V0_9).transports(vec![Transport::Htmlfile])
}

fn connected(config: ClientConfig) -> (Rig<Silent>, ExchangeId) {
    let mut rig = Rig::silent(config);
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:15:25:htmlfile");
    let ClientTransmit::Stream { exchange: stream, target } = rig.only_sent() else { panic!("a stream") };
    assert_eq!(target, "/socket.io/1/htmlfile/s1?t=0");
    rig.chunk(stream, PREAMBLE);
    rig.chunk(stream, "<script>_(\"1::\");</script>");
    assert_eq!(rig.client.state(), ClientState::Connected);
    assert_eq!(rig.sent(), [], "nothing follows: the stream goes on");
    rig.told();
    (rig, stream)
}

fn texts(told: &[ClientEvent]) -> Vec<String> {
    let texts = told.iter().filter_map(|event| match event {
        ClientEvent::Received { packet, .. } => Some(packet.to_text().to_string()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn packets_come_as_scripts_cut_anywhere() {
    let (mut rig, stream) = connected(htmlfile());
    for part in ["<scr", "ipt>_(\"3:::a\\", "\"b\");</scri", "pt><script>_(\"3:::c\");</script><scr"] {
        rig.chunk(stream, part);
    }
    assert_eq!(texts(&rig.told()), ["3:::a\"b", "3:::c"]);
}

#[test]
fn packets_buffered_by_the_server_come_as_one_script_with_a_framed_payload() {
    let (mut rig, stream) = connected(htmlfile());
    rig.chunk(stream, "<script>_(\"\u{fffd}5\u{fffd}3:::a\u{fffd}5\u{fffd}3:::b\");</script>");
    assert_eq!(texts(&rig.told()), ["3:::a", "3:::b"]);
}

#[test]
fn heartbeats_are_answered_by_a_post() {
    let (mut rig, stream) = connected(htmlfile());
    rig.chunk(stream, "<script>_(\"2::\");</script>");
    assert_eq!(rig.shown(), ["post /socket.io/1/htmlfile/s1 2::"]);
}

#[test]
fn a_disconnect_is_posted_and_the_stream_aborted() {
    let (mut rig, stream) = connected(htmlfile());
    rig.call(Client::disconnect);
    let sent = rig.sent();
    assert!(matches!(&sent[0], ClientTransmit::Post { body, .. } if *body == "0::"), "{sent:?}");
    assert_eq!(sent[1], ClientTransmit::Close { exchange: stream });
    rig.chunk(stream, "<script>_(\"3:::late\");</script>");
    assert_eq!(texts(&rig.told()), Vec::<String>::new());
}

#[test]
fn what_follows_a_disconnect_of_the_server_in_one_part_is_not_heard() {
    let (mut rig, stream) = connected(htmlfile());
    rig.chunk(stream, "<script>_(\"0::\");</script><script>_(\"3:::late\");</script>");
    assert_eq!(rig.told(), [ClientEvent::Disconnected { cause: LossCause::Booted }]);
}

#[test]
fn the_genuine_client_does_not_notice_that_the_stream_ended() {
    let (mut rig, stream) = connected(htmlfile());
    rig.closed(stream);
    rig.run_until(Instant::ZERO + secs(1_000));
    assert_eq!((rig.told(), rig.sent()), (vec![], vec![]));
    assert_eq!(rig.client.state(), ClientState::Connected);
}

#[test]
fn a_post_that_fails_is_a_loss_and_ends_the_stream() {
    let (mut rig, stream) = connected(htmlfile());
    rig.message_to("", "x");
    let post = exchange(&rig.only_sent());
    rig.fail(post, 500, "");
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: stream });
    assert!(rig.told().contains(&ClientEvent::Disconnected { cause: LossCause::Transport }));
}

#[test]
fn the_improved_client_notices_that_the_stream_ended() {
    let (mut rig, stream) = connected(improved(htmlfile()));
    rig.closed(stream);
    assert!(rig.told().contains(&ClientEvent::Disconnected { cause: LossCause::Transport }));
}

#[test]
fn the_improved_client_notices_a_stream_that_is_refused() {
    let mut rig = Rig::silent(improved(htmlfile()));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:15:25:htmlfile");
    let stream = exchange(&rig.only_sent());
    rig.fail(stream, 502, "bad gateway");
    assert!(matches!(&rig.told()[..], [.., ClientEvent::ReconnectScheduled { attempt: 1, .. }]));
}

#[test]
fn the_improved_client_gives_up_a_stream_without_heartbeats() {
    let (mut rig, stream) = connected(improved(htmlfile()));
    rig.run_until(Instant::ZERO + secs(35));
    assert!(rig.told().contains(&ClientEvent::Disconnected { cause: LossCause::Silence }));
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: stream });
}

#[test]
fn the_client_of_0_9_gives_up_a_stream_without_heartbeats() {
    let (mut rig, stream) = connected(htmlfile_0_9());
    rig.run_until(Instant::from_millis(14_999));
    assert_eq!(rig.told(), []);
    rig.run_for(millis(1));
    assert!(rig.told().contains(&ClientEvent::Disconnected { cause: LossCause::Transport }));
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: stream });
}

#[test]
fn the_client_of_0_9_unescapes_slashes_twice() {
    for (config, expected) in [(htmlfile(), "3:::a\\/b"), (htmlfile_0_9(), "3:::a/b")] {
        let (mut rig, stream) = connected(config);
        rig.chunk(stream, "<script>_(\"3:::a\\\\\\/b\");</script>");
        assert_eq!(texts(&rig.told()), [expected]);
    }
}

#[test]
fn a_script_that_is_no_call_is_reported_and_the_stream_goes_on() {
    let (mut rig, stream) = connected(htmlfile());
    rig.chunk(stream, "<script>_(\"3:::a\"+b);</script><script>_(\"3:::c\");</script>");
    let told = rig.told();
    assert!(matches!(told[0], ClientEvent::PeerViolation { error: Violation::Script(_) }), "{told:?}");
    assert_eq!(texts(&told), ["3:::c"]);
}

#[test]
fn a_part_of_a_stream_means_nothing_to_another_exchange() {
    let mut rig = Rig::silent(htmlfile());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.chunk(handshake, "<script>_(\"1::\");</script>");
    assert_eq!((rig.told(), rig.sent()), (vec![], vec![]));
    rig.answer(handshake, "s1:15:25:htmlfile");
    assert!(matches!(rig.only_sent(), ClientTransmit::Stream { .. }));
}
