//! One HTTP/1.1 request on a connection of its own.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;

/// Longest response, head included: a payload of the default limit fits.
const RESPONSE_LEN_MAX: u64 = 1_100_000;

/// Makes a request; gives the status and the body.
///
/// # Errors
/// What the system says, or what is wrong with the response.
pub async fn request(to: SocketAddr, method: &str, target: &str, body: &str) -> io::Result<(u16, Bytes)> {
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let len = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\
         Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {len}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.take(RESPONSE_LEN_MAX).read_to_end(&mut response).await?;
    parse(&response)
}

fn parse(bytes: &[u8]) -> io::Result<(u16, Bytes)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let head_len = match response.parse(bytes).map_err(io::Error::other)? {
        httparse::Status::Complete(len) => len,
        httparse::Status::Partial => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    let header = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let rest = &bytes[head_len..];
    let body = if header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        join_chunks(rest)?
    } else {
        let len = header("content-length").and_then(|len| len.parse().ok()).unwrap_or(rest.len());
        Bytes::copy_from_slice(rest.get(..len).ok_or(io::ErrorKind::UnexpectedEof)?)
    };
    Ok((response.code.unwrap_or(0), body))
}

/// The body of a chunked response: the genuine server's handshakes are.
fn join_chunks(mut rest: &[u8]) -> io::Result<Bytes> {
    let mut body = Vec::new();
    loop {
        let size = httparse::parse_chunk_size(rest).map_err(|_| io::ErrorKind::InvalidData)?;
        let httparse::Status::Complete((start, len)) = size else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if len == 0 {
            return Ok(body.into());
        }
        let len = usize::try_from(len).map_err(io::Error::other)?;
        let end = start.checked_add(len).ok_or(io::ErrorKind::InvalidData)?;
        body.extend_from_slice(rest.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        // Past the line end that follows the data.
        rest = rest.get(end + 2..).ok_or(io::ErrorKind::UnexpectedEof)?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn chunks_are_joined() {
        let response =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n1::\r\n2\r\nab\r\n0\r\n\r\n";
        assert_eq!(parse(response).unwrap(), (200, Bytes::from_static(b"1::ab")));
    }

    #[test]
    fn a_body_cut_short_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n1::").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1::").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}
