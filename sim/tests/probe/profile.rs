//! Which release a deployment behaves as, and by what signs.

use std::net::SocketAddr;
use std::time::Duration;

use socketio08::server::{Server, ServerConfig, ServerEvent};
use socketio08::{Instant, Profile, Transport};
use socketio08_sim::probe::Options;
use socketio08_tokio::{Application, Node, NodeConfig, ProfileIds, RandomIds, serve_tcp};
use tokio::net::TcpListener;

use crate::proxy::Proxy;
use crate::{Pool, ask, ask_proxy, assert_shows, options};

/// Only as much of a conversation as there has to be.
fn brief(options: Options) -> Options {
    Options { transport: Some(Transport::XhrPolling), handshakes: 0, ..options }
}

#[tokio::test]
async fn a_server_of_each_profile_is_recognised_with_its_signs() {
    let pool = Pool::of_profiles();
    let (older, worked) = ask(&brief(options(pool.addresses[0]))).await;
    assert!(worked, "{older}");
    assert_shows(
        &older,
        &[
            "  profile       0.8, certain: 4 signs, none against it\n",
            "    0.8  timers 15:25, the defaults of 0.8\n",
            "    -    a session id of 24 characters, as neither issues\n",
            "    -    a foreign origin is refused\n",
            "    0.8  a POST is answered without a Content-Type\n",
            "    0.8  ?disconnect is closed without an answer\n",
            "    0.8  a poll that is hung up ends the session\n",
        ],
    );
    let (newer, worked) = ask(&brief(options(pool.addresses[1]))).await;
    assert!(worked, "{newer}");
    assert_shows(
        &newer,
        &[
            "  profile       0.9, certain: 5 signs, none against it\n",
            "    0.9  timers 60:60, the defaults of 0.9\n",
            "    0.9  a session id of 20 characters of base64\n",
            "    -    jsonp=sio08 is not taken for an index\n",
            "    0.9  a POST is answered with Content-Type text/plain; charset=UTF-8\n",
            "    0.9  ?disconnect is answered 200\n",
            "    0.9  a session survives a poll that is hung up\n",
        ],
    );
}

#[tokio::test]
async fn servers_of_both_behind_one_address_contradict_each_other() {
    let pool = Pool::of_profiles();
    let (screen, _) = ask_proxy(Proxy::round_robin(&pool.addresses), |options| {
        *options = brief(options.clone());
        options.patience = Duration::from_secs(2);
    })
    .await;
    assert_shows(&screen, &["  profile       cannot tell: ", "contradict each other"]);
}

/// Hears everything and says nothing.
struct Mute;

impl Application for Mute {
    fn event(&mut self, _now: Instant, _server: &mut Server, _event: ServerEvent) {}
}

/// A node of `profile` with the timers of the other one.
async fn disguised(profile: Profile, timers: Profile) -> SocketAddr {
    let config = ServerConfig::for_profile(profile)
        .heartbeat_timeout(timers.heartbeat_timeout())
        .close_timeout(timers.close_timeout());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let node = match profile {
        Profile::V0_8_7 => Node::start(NodeConfig::new(config), Mute, RandomIds),
        Profile::V0_9 => Node::start(NodeConfig::new(config), Mute, ProfileIds(profile)),
    };
    tokio::spawn(async move { serve_tcp(&node, &listener).await });
    address
}

#[tokio::test]
async fn timers_of_the_other_release_fool_nobody() {
    for (profile, timers) in [(Profile::V0_8_7, Profile::V0_9), (Profile::V0_9, Profile::V0_8_7)] {
        let address = disguised(profile, timers).await;
        let (screen, _) = ask(&brief(options(address))).await;
        let verdict = format!("  profile       {profile}, certain: ");
        let against = "one against it that a setting or a proxy explains\n";
        assert_shows(&screen, &[&verdict, against, &format!("    {timers}  timers ")]);
    }
}
