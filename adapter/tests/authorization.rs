//! Answers of the application that come later, over the wire.

mod rig;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rig::{Raw, counted_ids};
use socketio08::server::{HandshakeData, JoinRefusal, Refusal, Server, ServerConfig, ServerEvent};
use socketio08::{Instant, Text};
use socketio08_tokio::{Application, Authorization, JoinRequest, Node, NodeConfig};
use tokio::io::DuplexStream;
use tokio::sync::Notify;

/// Looks everything up: users by the parameter `user`, and who may join by the query of the join.
#[derive(Clone, Default)]
struct Guard {
    go: Arc<Notify>,
    /// How many look-ups run.
    running: Arc<AtomicUsize>,
}

struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Guard {
    async fn look_up(self) {
        self.running.fetch_add(1, Ordering::SeqCst);
        let _running = Running(self.running);
        self.go.notified().await;
    }
}

impl Application for Guard {
    fn event(&mut self, _now: Instant, _server: &mut Server, _event: ServerEvent) {}

    fn authorize(&mut self, _now: Instant, handshake: &HandshakeData) -> Authorization {
        let user = handshake.parameter("user").unwrap_or_default();
        let looking = self.clone().look_up();
        match user.as_str() {
            "" => Authorization::allow(),
            "crash" => Authorization::later(async { panic!("the look-up fails") }),
            user => {
                let known = user == "ann";
                Authorization::later(async move {
                    looking.await;
                    if known { Ok(()) } else { Err(Refusal::Unauthorized) }
                })
            }
        }
    }

    fn authorize_join(&mut self, _now: Instant, join: &JoinRequest) -> Authorization<JoinRefusal> {
        assert_eq!(join.handshake.address, "in process");
        let looking = self.clone().look_up();
        let may = join.query.as_str() == "?key=1";
        Authorization::later(async move {
            looking.await;
            if may { Ok(()) } else { Err(JoinRefusal::Unauthorized) }
        })
    }
}

struct Rig {
    node: Node,
    guard: Guard,
}

impl Rig {
    fn start() -> Self {
        let guard = Guard::default();
        let config = ServerConfig::default().guarded_endpoints(vec![Text::from("/vip")]);
        Self { node: Node::start(NodeConfig::new(config), guard.clone(), counted_ids()), guard }
    }

    fn connect(&self) -> Raw<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(65_536);
        let node = self.node.clone();
        tokio::spawn(async move { node.serve_connection(theirs, "in process").await });
        Raw::new(ours)
    }

    async fn wait_for_running(&self, count: usize) {
        for _ in 0..500 {
            if self.guard.running.load(Ordering::SeqCst) == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not {count} look-ups run");
    }
}

#[tokio::test]
async fn a_handshake_is_answered_when_the_look_up_is_done_and_others_go_on_meanwhile() {
    for (user, answer) in
        [("ann", "s1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling"), ("bob", "handshake unauthorized")]
    {
        let rig = Rig::start();
        let mut waiting = rig.connect();
        waiting.send_get(&format!("/socket.io/1/?user={user}")).await;
        rig.wait_for_running(1).await;
        assert_eq!(rig.connect().get("/socket.io/").await.status, 200);
        rig.guard.go.notify_one();
        assert_eq!(waiting.response().await.expect("a response").body, answer);
    }
}

#[tokio::test]
async fn the_look_up_is_cancelled_when_the_client_goes_away() {
    let rig = Rig::start();
    let mut waiting = rig.connect();
    waiting.send_get("/socket.io/1/?user=ann").await;
    rig.wait_for_running(1).await;
    drop(waiting);
    rig.wait_for_running(0).await;
}

#[tokio::test]
async fn a_look_up_that_panics_is_an_error_for_its_client_alone() {
    let rig = Rig::start();
    let answer = rig.connect().get("/socket.io/1/?user=crash").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, "handshake error"));
    assert_eq!(rig.connect().get("/socket.io/1/").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_never_ends_is_given_up_after_the_authorization_timeout() {
    let rig = Rig::start();
    let answer = rig.connect().get("/socket.io/1/?user=ann").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, "handshake error"));
    rig.wait_for_running(0).await;
}

#[tokio::test]
async fn a_join_is_answered_when_the_look_up_is_done() {
    for (query, answer) in [("?key=1", "1::/vip"), ("?key=2", "7::/vip:2"), ("", "7::/vip:2")] {
        let rig = Rig::start();
        let mut http = rig.connect();
        http.get("/socket.io/1/").await;
        assert_eq!(http.get("/socket.io/1/xhr-polling/s1").await.body, "1::");
        http.post("/socket.io/1/xhr-polling/s1", &format!("1::/vip:{query}")).await;
        rig.wait_for_running(1).await;
        rig.guard.go.notify_one();
        assert_eq!(http.get("/socket.io/1/xhr-polling/s1").await.body, answer);
    }
}

#[tokio::test]
async fn the_look_up_of_a_join_is_cancelled_when_the_session_ends() {
    let rig = Rig::start();
    let mut http = rig.connect();
    http.get("/socket.io/1/").await;
    http.get("/socket.io/1/xhr-polling/s1").await;
    http.post("/socket.io/1/xhr-polling/s1", "1::/vip").await;
    rig.wait_for_running(1).await;
    http.post("/socket.io/1/xhr-polling/s1", "0::").await;
    rig.wait_for_running(0).await;
}
