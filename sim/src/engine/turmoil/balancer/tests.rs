//! The balancer over real bytes, with a client and a server that are written out by hand.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use super::{Site, run};
use crate::engine::turmoil::PORT;
use crate::engine::turmoil::origin::Origin;
use crate::engine::turmoil::pace::Pace;
use crate::engine::turmoil::server::Process;
use crate::scenario::{Latency, Scenario};
use crate::trace::{ClientId, TraceHandle};
use crate::world::seed::Seed;

const GET: &[u8] = b"GET /poll HTTP/1.1\r\nhost: x\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
const HOP: Duration = Duration::from_millis(1);

/// What a host saw, in order.
type Seen = Rc<RefCell<Vec<String>>>;

struct Rig {
    sim: Sim<'static>,
    seen: Seen,
}

impl Rig {
    /// A world of one client, one server, and the balancer of `settings`.
    fn new(settings: &[&str]) -> Self {
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        let text = "schema = 1\nname = \"rig\"\nduration = \"10s\"\n[servers]\ncount = 1\n";
        let scenario = Scenario::parse("rig", text, &settings).unwrap();
        let mut sim = Builder::new()
            .epoch(SystemTime::UNIX_EPOCH)
            .min_message_latency(HOP)
            .max_message_latency(HOP)
            .simulation_duration(Duration::MAX)
            .build();
        let site = Site {
            scenario,
            seed: Seed(1),
            servers: vec![sim.lookup("s1")],
            process: Process::default(),
            trace: TraceHandle::default(),
            pace: Pace::of(Latency { min: HOP, max: HOP }),
        };
        sim.host("balancer", move || run(site.clone()));
        Self { sim, seen: Seen::default() }
    }

    /// The client's software, given its connection to the balancer.
    fn client<F>(&mut self, software: impl Fn(TcpStream, Seen) -> F + Copy + 'static)
    where
        F: Future<Output = io::Result<()>> + 'static,
    {
        let (seen, balancer) = (self.seen.clone(), self.sim.lookup("balancer"));
        self.sim.host("client", move || {
            let seen = seen.clone();
            async move {
                software(connect(balancer).await?, seen).await?;
                std::future::pending().await
            }
        });
    }

    /// The server's software, given each connection; the host crashes when it returns an error.
    fn server<F>(&mut self, software: impl Fn(TcpStream, Seen) -> F + Copy + 'static)
    where
        F: Future<Output = io::Result<()>> + 'static,
    {
        let seen = self.seen.clone();
        self.sim.host("s1", move || {
            let seen = seen.clone();
            async move {
                let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
                loop {
                    let (stream, _) = listener.accept().await?;
                    software(stream, seen.clone()).await?;
                }
            }
        });
    }

    /// A server that answers the first request of a connection, and ends it at the next one.
    fn answers_once(&mut self) {
        self.server(|mut stream, _| async move {
            read(&mut stream).await;
            stream.write_all(OK).await?;
            read(&mut stream).await;
            Ok(())
        });
    }

    /// A server that refuses connections.
    fn dead_server(&mut self) {
        self.sim.host("s1", std::future::pending);
    }

    fn run(mut self, time: Duration) -> Vec<String> {
        while self.sim.elapsed() < time {
            self.sim.step().unwrap();
        }
        self.seen.take()
    }
}

async fn connect(balancer: IpAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect((balancer, PORT)).await?;
    let origin = Origin { client: ClientId(0), address: Ipv4Addr::new(127, 0, 1, 1) };
    stream.write_all(origin.line().as_bytes()).await?;
    Ok(stream)
}

/// What arrives next, whole; empty at the end of the connection.
async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 1_024];
    let len = stream.read(&mut bytes).await.unwrap_or(0);
    String::from_utf8_lossy(&bytes[..len]).into_owned()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("end").to_owned()
}

fn note(seen: &Seen, what: impl Into<String>) {
    seen.borrow_mut().push(what.into());
}

#[test]
fn a_request_and_its_response_pass_and_the_line_of_origin_does_not() {
    let mut rig = Rig::new(&[]);
    rig.client(|mut stream, seen| async move {
        stream.write_all(GET).await?;
        note(&seen, first_line(&read(&mut stream).await));
        Ok(())
    });
    rig.server(|mut stream, seen| async move {
        note(&seen, first_line(&read(&mut stream).await));
        stream.write_all(OK).await
    });
    assert_eq!(rig.run(HOP * 20), ["GET /poll HTTP/1.1", "HTTP/1.1 200 OK"]);
}

#[test]
fn a_server_that_dies_with_the_first_request_of_a_connection_is_answered_502() {
    let mut rig = Rig::new(&[]);
    rig.client(|mut stream, seen| async move {
        stream.write_all(GET).await?;
        note(&seen, first_line(&read(&mut stream).await));
        note(&seen, first_line(&read(&mut stream).await));
        Ok(())
    });
    rig.server(|mut stream, _| async move {
        read(&mut stream).await;
        Ok(())
    });
    assert_eq!(rig.run(HOP * 20), ["HTTP/1.1 502 Bad Gateway", "end"]);
}

#[test]
fn a_server_that_dies_with_a_later_request_of_a_connection_ends_it_without_a_word() {
    let mut rig = Rig::new(&[]);
    rig.client(|mut stream, seen| async move {
        for _ in 0..2 {
            stream.write_all(GET).await?;
            note(&seen, first_line(&read(&mut stream).await));
        }
        Ok(())
    });
    rig.answers_once();
    assert_eq!(rig.run(HOP * 30), ["HTTP/1.1 200 OK", "end"]);
}

#[test]
fn a_client_that_leaves_during_a_poll_is_hidden_from_the_server() {
    let mut rig = Rig::new(&[]);
    rig.client(|mut stream, seen| async move {
        stream.write_all(GET).await?;
        tokio::time::sleep(HOP * 10).await;
        note(&seen, "left");
        Ok(())
    });
    rig.server(|mut stream, seen| async move {
        note(&seen, first_line(&read(&mut stream).await));
        note(&seen, first_line(&read(&mut stream).await));
        Ok(())
    });
    assert_eq!(rig.run(Duration::from_secs(2)), ["GET /poll HTTP/1.1", "left"]);
}

#[test]
fn an_upgraded_connection_carries_bytes_both_ways_and_the_clients_end() {
    const UPGRADE: &[u8] =
        b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
    const SWITCH: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
    let mut rig = Rig::new(&[]);
    rig.client(|mut stream, seen| async move {
        stream.write_all(UPGRADE).await?;
        note(&seen, first_line(&read(&mut stream).await));
        stream.write_all(b"ping").await?;
        note(&seen, read(&mut stream).await);
        Ok(())
    });
    rig.server(|mut stream, seen| async move {
        let request = read(&mut stream).await;
        assert!(request.contains("upgrade: websocket"), "{request}");
        stream.write_all(SWITCH).await?;
        note(&seen, read(&mut stream).await);
        stream.write_all(b"pong").await?;
        note(&seen, first_line(&read(&mut stream).await));
        Ok(())
    });
    assert_eq!(rig.run(HOP * 40), ["HTTP/1.1 101 Switching Protocols", "ping", "pong", "end"]);
}

#[test]
fn in_tcp_mode_any_bytes_pass_as_they_are() {
    let mut rig = Rig::new(&["balancer.mode=tcp"]);
    rig.client(|mut stream, seen| async move {
        stream.write_all(b"anything").await?;
        note(&seen, read(&mut stream).await);
        Ok(())
    });
    rig.server(|mut stream, seen| async move {
        note(&seen, read(&mut stream).await);
        stream.write_all(b"at all").await?;
        note(&seen, first_line(&read(&mut stream).await));
        Ok(())
    });
    assert_eq!(rig.run(HOP * 30), ["anything", "at all", "end"]);
}

#[test]
fn a_dead_server_is_answered_503_after_three_retries_a_second_apart() {
    let mut rig = Rig::new(&["balancer.retries=3"]);
    rig.client(|mut stream, seen| async move {
        stream.write_all(GET).await?;
        note(&seen, first_line(&read(&mut stream).await));
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        assert!((3_000..3_020).contains(&elapsed.as_millis()), "{elapsed:?}");
        Ok(())
    });
    rig.dead_server();
    assert_eq!(rig.run(Duration::from_secs(4)), ["HTTP/1.1 503 Service Unavailable"]);
}

#[test]
fn a_connection_without_a_line_of_origin_is_closed() {
    let mut rig = Rig::new(&[]);
    let (seen, balancer) = (rig.seen.clone(), rig.sim.lookup("balancer"));
    rig.sim.host("client", move || {
        let seen = seen.clone();
        async move {
            let mut stream = TcpStream::connect((balancer, PORT)).await?;
            stream.write_all(GET).await?;
            note(&seen, first_line(&read(&mut stream).await));
            std::future::pending().await
        }
    });
    rig.dead_server();
    assert_eq!(rig.run(HOP * 200), ["end"]);
}

#[test]
fn who_asks_nothing_in_time_is_answered_408_and_who_has_asked_before_is_not() {
    let settings = "balancer.timeouts={ http_request = \"50ms\" }";
    let mut rig = Rig::new(&[settings]);
    rig.client(|mut stream, seen| async move {
        note(&seen, first_line(&read(&mut stream).await));
        note(&seen, first_line(&read(&mut stream).await));
        Ok(())
    });
    rig.dead_server();
    assert_eq!(rig.run(HOP * 100), ["HTTP/1.1 408 Request Time-out", "end"]);

    let mut rig = Rig::new(&[settings]);
    rig.client(|mut stream, seen| async move {
        stream.write_all(GET).await?;
        note(&seen, first_line(&read(&mut stream).await));
        note(&seen, first_line(&read(&mut stream).await));
        Ok(())
    });
    rig.answers_once();
    assert_eq!(rig.run(HOP * 100), ["HTTP/1.1 200 OK", "end"]);
}
