//! Laws of scripts and streams, for inputs drawn at random: nothing panics, and how a stream is cut changes nothing.

mod client_rig;

use bytes::Bytes;
use client_rig::{Rig, exchange};
use proptest::prelude::*;
use socketio08::client::{ClientConfig, ClientEvent, ClientInput};
use socketio08::script::{Call, quote, unquote};
use socketio08::{Limits, Profile, Transport};

/// Pieces of which streams are made, so that what is drawn means something now and then.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "<script>",
        "<SCRIPT type=a>",
        "_(",
        "\"",
        "'",
        "1::",
        "3:::x",
        "3:::\u{e9}\u{1f600}",
        "\\u00e9",
        "\\\"",
        "\\/",
        ")",
        ";",
        "</script>",
        "<script>_(\"3:::whole\");</script>",
        "<",
        " ",
    ]);
    prop_oneof![
        8 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ]
}

/// What the client tells of a stream that arrives in parts cut at these places.
fn told(stream: &[u8], cuts: &[usize], release: Profile) -> Vec<ClientEvent> {
    let limits = Limits::default().payload_len_max(64);
    let config = ClientConfig::for_profile(release).transports(vec![Transport::Htmlfile]).limits(limits);
    let mut rig = Rig::silent(config);
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:15:25:htmlfile");
    let opened = exchange(&rig.only_sent());
    let mut rest = stream;
    for cut in cuts {
        let (part, after) = rest.split_at(cut % (rest.len() + 1));
        rig.input(ClientInput::Chunk { exchange: opened, chunk: Bytes::copy_from_slice(part) });
        rest = after;
    }
    rig.input(ClientInput::Chunk { exchange: opened, chunk: Bytes::copy_from_slice(rest) });
    rig.told()
}

proptest! {
    #[test]
    fn how_a_stream_is_cut_changes_nothing(
        pieces in prop::collection::vec(piece(), 0..24),
        cuts in prop::collection::vec(0_usize..40, 0..12),
    ) {
        let stream = pieces.concat();
        for release in Profile::ALL {
            prop_assert_eq!(told(&stream, &cuts, release), told(&stream, &[], release));
        }
    }

    #[test]
    fn whatever_a_poll_brings_nothing_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let config = ClientConfig::default().transports(vec![Transport::JsonpPolling]);
        let mut rig = Rig::silent(config);
        rig.connect();
        let handshake = exchange(&rig.only_sent());
        rig.answer(handshake, "s1:15:25:jsonp-polling");
        let poll = exchange(&rig.only_sent());
        rig.input(ClientInput::Response { exchange: poll, status: 200, body: Bytes::from(body) });
    }

    #[test]
    fn what_is_quoted_is_read_back(text in any::<String>()) {
        let quoted = quote(&text);
        prop_assert_eq!(unquote(&quoted[1..quoted.len() - 1]), Ok(text.clone()));
        let call = Call::read(&format!("io.j[0]({quoted});"));
        prop_assert!(call.is_ok(), "{:?}", call);
    }

    #[test]
    fn an_error_names_a_place_in_the_script(script in ".{0,60}") {
        if let Err(error) = Call::read(&script) {
            prop_assert!(error.offset <= script.len());
        }
    }
}
