//! Peers that do what peers must not, each over and over on new connections.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// What one connection does after it is made.
#[derive(Clone, Copy, Debug)]
enum Attack {
    /// These bytes at once; reads what comes, then goes away.
    Bytes(&'static [u8]),
    /// Handshakes, opens a session by the given transport, sends the packet text there, then goes away.
    Session(&'static str),
    /// One byte every half second, never a whole head.
    SlowHead,
    /// A body that was promised and never ends.
    EndlessBody,
    /// A header that never ends.
    EndlessHeader,
    /// Fifty handshakes that nobody uses.
    HandshakeFlood,
    /// A session whose answers are never read while it asks for more.
    NeverReads,
}

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

const ATTACKS: &[Attack] = &[
    Attack::Bytes(b"GET /socket.io/1/?jsonp=alert(1) HTTP/1.1\r\nHost: x\r\n\r\n"),
    Attack::Bytes(b"GET /socket.io/1/jsonp-polling/nobody?i=alert(1) HTTP/1.1\r\nHost: x\r\n\r\n"),
    Attack::Bytes(b"GET /socket.io/1/xhr-polling/toString HTTP/1.1\r\nHost: x\r\n\r\n"),
    Attack::Bytes(b"GET /socket.io/1/websocket/__proto__ HTTP/1.1\r\nHost: x\r\n\r\n"),
    Attack::Bytes(b"GET /socket.io/1/xhr-polling/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    Attack::Bytes(b"POST /socket.io/1/jsonp-polling/x HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nd=%zz&"),
    Attack::Bytes(b"POST /socket.io/1/xhr-polling/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n3:::x"),
    Attack::Bytes(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Attack::Bytes(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03nothing that is HTTP"),
    Attack::Bytes(b"<policy-file-request/>\0"),
    Attack::Session("\u{fffd}-5\u{fffd}3:::x\u{fffd}99999999\u{fffd}3:::y"),
    Attack::Session("6:::1+{\"length\":4294967295}"),
    Attack::Session("5:::{\"name\":\"disconnect\",\"args\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"),
    Attack::Session("4:::[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
    Attack::Session("5:99999999999999999999999999+::{\"name\":1}"),
    Attack::SlowHead,
    Attack::EndlessBody,
    Attack::EndlessHeader,
    Attack::HandshakeFlood,
    Attack::NeverReads,
];

/// Attacks until it is dropped, beginning with the attack of that number.
pub(crate) async fn run(server: SocketAddr, number: usize) {
    for attack in ATTACKS.iter().cycle().skip(number % ATTACKS.len()) {
        // What becomes of an attack is the server's business; that honest clients go on is what counts.
        let _ = timeout(Duration::from_secs(20), attack_once(server, *attack)).await;
        sleep(Duration::from_millis(500)).await;
    }
}

async fn attack_once(server: SocketAddr, attack: Attack) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(server).await?;
    match attack {
        Attack::Bytes(bytes) => {
            stream.write_all(bytes).await?;
            read_some(&mut stream).await;
        }
        Attack::Session(packet) => session(&mut stream, packet).await?,
        Attack::SlowHead => {
            for byte in b"GET /socket.io/1/ HTTP/1.1\r\nHost: slow\r\n" {
                stream.write_all(&[*byte]).await?;
                sleep(Duration::from_millis(500)).await;
            }
        }
        Attack::EndlessBody => {
            stream.write_all(b"POST /socket.io/1/xhr-polling/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
            for _ in 0..2_000 {
                stream.write_all(b"400\r\n").await?;
                stream.write_all(&[b'x'; 0x400]).await?;
                stream.write_all(b"\r\n").await?;
            }
        }
        Attack::EndlessHeader => {
            stream.write_all(b"GET / HTTP/1.1\r\n").await?;
            for _ in 0..2_000 {
                stream.write_all(b"X-More: and more and more and more\r\n").await?;
            }
        }
        Attack::HandshakeFlood => {
            for _ in 0..50 {
                handshake(&mut stream).await?;
            }
        }
        Attack::NeverReads => {
            let id = handshake(&mut stream).await?;
            let request = format!("GET /socket.io/1/websocket/{id} HTTP/1.1\r\nHost: x\r\n{UPGRADE}");
            stream.write_all(request.as_bytes()).await?;
            for _ in 0..200 {
                stream.write_all(&frame(&format!("3:::{}", "x".repeat(10_000)))).await?;
            }
            sleep(Duration::from_secs(15)).await;
        }
    }
    Ok(())
}

async fn read_some(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4_096];
    let read = timeout(Duration::from_secs(2), stream.read(&mut bytes)).await;
    let len = read.map_or(0, |read| read.unwrap_or(0));
    String::from_utf8_lossy(&bytes[..len]).into_owned()
}

/// The id of a new session.
async fn handshake(stream: &mut TcpStream) -> std::io::Result<String> {
    stream.write_all(b"GET /socket.io/1/ HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let answer = read_some(stream).await;
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    Ok(body.split(':').next().unwrap_or_default().to_owned())
}

async fn session(stream: &mut TcpStream, packet: &str) -> std::io::Result<()> {
    let id = handshake(stream).await?;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await?;
    read_some(stream).await;
    let len = packet.len();
    let post = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len}\r\n\r\n{packet}");
    stream.write_all(post.as_bytes()).await?;
    read_some(stream).await;
    Ok(())
}

/// A text frame masked by zeros, of 126 to 65,535 bytes.
fn frame(text: &str) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut frame = vec![0x81, 0xfe, len[0], len[1], 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}
