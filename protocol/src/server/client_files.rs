//! The client script and its companions, as 0.8.7 serves them under its resource (recorded: `static-client`).

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::{Method, Request, Response, Server, response};
use crate::{Text, Transport};

/// What a server gives to browsers under its resource: the client script, bundles of it and the two flash films. Whoever embeds
/// the server brings the files; without any, requests for them are the application's (`ServerEvent::Outside`).
///
/// A file has an entity tag, is answered 304 to who has it, and compressed to who takes gzip, if a compressed form was given.
///
/// ```
/// use socketio08::server::{ClientFiles, ExchangeId, Request, Server, ServerConfig, ServerInput, ServerTransmit};
/// use socketio08::Instant;
///
/// let mut files = ClientFiles::default();
/// files.add("socket.io.js", "var io = {};".into(), None)?;
/// let mut server = Server::new(ServerConfig::default().client_files(files), Instant::ZERO);
/// let request = Request::get(ExchangeId(1), "/socket.io/socket.io.js");
/// server.handle_input(Instant::ZERO, ServerInput::Request(request));
/// let Some(ServerTransmit::Respond { response, .. }) = server.poll_transmit() else { unreachable!() };
/// assert_eq!((response.status, &response.body[..]), (200, b"var io = {};".as_slice()));
/// # Ok::<(), socketio08::server::ClientFileError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct ClientFiles(BTreeMap<Text, File>);

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct File {
    content_type: &'static str,
    content: Bytes,
    gzip: Option<Bytes>,
    etag: Text,
}

/// Why a file is none that a server gives to browsers.
///
/// ```
/// # use socketio08::server::{ClientFileError, ClientFiles};
/// let mut files = ClientFiles::default();
/// assert_eq!(files.add("index.html", "<p>".into(), None), Err(ClientFileError::Name));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClientFileError {
    /// The name is none that clients ask for.
    Name,
    /// Longer than [`ClientFiles::LEN_MAX`].
    Length,
}

impl fmt::Display for ClientFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientFileError::Name => f.write_str(
                "no name that clients ask for: those are socket.io.js, socket.io+TRANSPORT.js, WebSocketMain.swf and \
                 WebSocketMainInsecure.swf",
            ),
            ClientFileError::Length => write!(f, "longer than {} bytes", ClientFiles::LEN_MAX),
        }
    }
}

impl core::error::Error for ClientFileError {}

const SCRIPT: &str = "socket.io.js";
const BUNDLE: &str = "socket.io+";
const VERSIONED: &str = "socket.io.v";
const FILMS: &str = "static/flashsocket/";

impl ClientFiles {
    /// Longest file: 4 MB, twenty times the longest of 0.8.7.
    pub const LEN_MAX: usize = 4_000_000;

    /// Adds a file under the name it has in the packages: `socket.io.js`, `socket.io+websocket.js` (a bundle with fewer
    /// transports), `WebSocketMain.swf`, `WebSocketMainInsecure.swf`. `gzip` is the same content compressed; it is kept if it
    /// is shorter.
    ///
    /// ```
    /// # use socketio08::server::{ClientFileError, ClientFiles};
    /// let mut files = ClientFiles::default();
    /// files.add("socket.io+websocket.js", "var io = {};".into(), None)?;
    /// let long = vec![b' '; ClientFiles::LEN_MAX + 1];
    /// assert_eq!(files.add("socket.io.js", long.into(), None), Err(ClientFileError::Length));
    /// # Ok::<(), ClientFileError>(())
    /// ```
    ///
    /// # Errors
    /// [`ClientFileError`].
    pub fn add(&mut self, name: &str, content: Bytes, gzip: Option<Bytes>) -> Result<(), ClientFileError> {
        let bundle = name.strip_prefix(BUNDLE).and_then(|rest| rest.strip_suffix(".js"));
        let (name, content_type) = match name {
            "WebSocketMain.swf" | "WebSocketMainInsecure.swf" => {
                (Text::from(format!("{FILMS}{name}")), "application/x-shockwave-flash")
            }
            SCRIPT => (Text::from_static(SCRIPT), "application/javascript"),
            name if bundle.is_some() => (Text::from(name), "application/javascript"),
            _ => return Err(ClientFileError::Name),
        };
        if content.len() > Self::LEN_MAX {
            return Err(ClientFileError::Length);
        }
        let etag = Text::from(format!("W/\"{:x}-{:016x}\"", content.len(), digest(&content)));
        let gzip = gzip.filter(|gzip| gzip.len() < content.len());
        self.0.insert(name, File { content_type, content, gzip, etag });
        Ok(())
    }

    /// Whether there is none.
    ///
    /// ```
    /// # use socketio08::server::ClientFiles;
    /// assert!(ClientFiles::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The file that a static name stands for; the versioned name and bundles that were not given are the whole script.
    fn find(&self, name: &str) -> Option<&File> {
        self.0.get(name).or_else(|| {
            let script = [SCRIPT, VERSIONED, BUNDLE].iter().any(|start| name.starts_with(start));
            if script { self.0.get(SCRIPT) } else { None }
        })
    }
}

/// FNV-1a: tells contents apart for caches, and need not withstand an enemy, who cannot choose the files.
fn digest(content: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    content.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// `socket.io.v0.8.7.js`, `socket.io+websocket.v0.8.7.js`: never changes, and may be kept for ten years.
fn is_versioned(name: &str) -> bool {
    let Some((_, version)) = name.strip_suffix(".js").and_then(|name| name.rsplit_once(".v")) else {
        return false;
    };
    let mut numbers = 0;
    version.split('.').all(|number| {
        numbers += 1;
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    }) && numbers == 3
}

/// Whether the peer takes gzip: named, and not with a weight of zero.
fn takes_gzip(request: &Request) -> bool {
    let values = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("accept-encoding"));
    values.flat_map(|(_, value)| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// Whether the peer has the content already. Tags compare weakly, as `If-None-Match` has it.
fn has_it(request: &Request, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_string();
    let values = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("if-none-match"));
    let mut tags = values.flat_map(|(_, value)| value.split(','));
    tags.any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

fn answer(file: &File, request: &Request, name: &str) -> Response {
    // A name with a version says already what it is.
    let kept = is_versioned(name);
    let etag = ("ETag", file.etag.clone());
    if !kept && has_it(request, &file.etag) {
        return Response { status: 304, headers: alloc::vec![etag], body: Bytes::new() };
    }
    let mut headers = alloc::vec![("Content-Type", Text::from_static(file.content_type))];
    if kept {
        let for_years = "private, x-gzip-ok=\"\", max-age=315360000";
        headers.push(("Cache-Control", Text::from_static(for_years)));
    } else {
        headers.push(etag);
    }
    let body = match &file.gzip {
        Some(gzip) if takes_gzip(request) => {
            headers.push(("Content-Encoding", Text::from_static("gzip")));
            headers.push(("Vary", Text::from_static("Accept-Encoding")));
            gzip.clone()
        }
        _ => file.content.clone(),
    };
    headers.push(("Content-Length", Text::from(body.len().to_string())));
    Response { status: 200, headers, body }
}

impl Server {
    /// A request for a static name. False if it is the application's.
    pub(super) fn static_file(&mut self, request: &Request, name: &str) -> bool {
        if self.config.client_files.is_empty() {
            return false;
        }
        let response = if !matches!(request.method, Method::Get | Method::Head) {
            response::method_not_allowed()
        } else if name.starts_with(BUNDLE) && !self.bundles(name) {
            // As recorded, the path in the text.
            let text = format!("Error serving static /{name}");
            Response { status: 500, headers: Vec::new(), body: Bytes::from(text) }
        } else {
            let Some(file) = self.config.client_files.find(name) else { return false };
            answer(file, request, name)
        };
        self.transmit_response(request.exchange, response);
        true
    }

    /// Whether a bundle names a transport that this server advertises; names that it does not are left out of it.
    fn bundles(&self, name: &str) -> bool {
        let names = name.split('.').nth(1).unwrap_or_default().split('+').skip(1);
        names.filter_map(Transport::from_name).any(|transport| self.config.transports.contains(&transport))
    }
}
