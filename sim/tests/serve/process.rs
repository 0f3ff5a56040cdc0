//! The process, and requests to it over plain sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sio08"));
    command.arg("serve").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs to the end: for arguments that are refused.
pub(crate) fn refused(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// A server on a free port, killed when dropped.
pub(crate) struct Serve {
    child: Child,
    pub(crate) greeting: String,
    pub(crate) address: SocketAddr,
}

impl Serve {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments)
    }

    pub(crate) fn start_at(listen: &str, arguments: &[&str]) -> Self {
        let mut child = command(&[&["--listen", listen], arguments].concat()).spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut greeting).unwrap();
        let url = greeting.split_whitespace().nth(2).unwrap();
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        Self { child, greeting, address }
    }

    pub(crate) fn connect(&self) -> Http {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Http(BufReader::new(stream))
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.connect().request("GET", target, "")
    }

    /// Handshakes and opens a polling session.
    pub(crate) fn open(&self) -> Session {
        let mut http = self.connect();
        let handshake = http.request("GET", "/socket.io/1/", "");
        let id = handshake.body.split(':').next().unwrap();
        let target = format!("/socket.io/1/xhr-polling/{id}");
        assert_eq!(http.request("GET", &target, "").body, "1::");
        Session { http, target }
    }

    /// Ends it by a signal; gives how it exited and what it had logged.
    #[cfg(unix)]
    pub(crate) fn signal(mut self, signal: &str) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        let mut stderr: ChildStderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        (status, log)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// One kept connection.
pub(crate) struct Http(BufReader<TcpStream>);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Http {
    pub(crate) fn request(&mut self, method: &str, target: &str, body: &str) -> Answer {
        self.send(method, target, body);
        self.answer(method == "HEAD")
    }

    /// A request with header lines of its own, each with its end of line.
    pub(crate) fn request_with(&mut self, method: &str, target: &str, headers: &str) -> Answer {
        let request = format!("{method} {target} HTTP/1.1\r\nHost: test\r\n{headers}\r\n");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        self.answer(method == "HEAD")
    }

    pub(crate) fn send(&mut self, method: &str, target: &str, body: &str) {
        let len = body.len();
        let request =
            format!("{method} {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {len}\r\n\r\n{body}");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// Whether the connection ended without an answer.
    pub(crate) fn ended(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0) | Err(_))
    }

    fn answer(&mut self, head_only: bool) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).unwrap(), 0, "the connection ended");
        }
        let head = head.to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let len = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let len = len.filter(|_| !head_only).map_or(0, |len| len.parse().unwrap());
        let mut body = vec![0; len];
        self.0.read_exact(&mut body).unwrap();
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }
}

/// A polling session.
pub(crate) struct Session {
    http: Http,
    target: String,
}

impl Session {
    pub(crate) fn post(&mut self, packet: &str) {
        assert_eq!(self.http.request("POST", &self.target, packet).body, "1");
    }

    pub(crate) fn poll(&mut self) -> String {
        self.http.request("GET", &self.target, "").body
    }

    /// Leaves a poll open.
    pub(crate) fn wait(&mut self) {
        self.http.send("GET", &self.target, "");
    }

    /// Closes its connection and goes on over another one, when the server has had time to notice.
    pub(crate) fn hang_up(&mut self, serve: &Serve) {
        self.http = serve.connect();
        std::thread::sleep(Duration::from_millis(200));
    }

    /// Goes on over another connection, to whatever server.
    pub(crate) fn go_on_at(&mut self, serve: &Serve) {
        self.http = serve.connect();
    }

    pub(crate) fn ended(&mut self) -> bool {
        self.http.ended()
    }
}
