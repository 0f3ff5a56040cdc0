//! How a balancer keeps a client on its server.

use core::time::Duration;

use serde::Serialize;

/// `cookie`: a cookie names the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cookie {
    /// The name of the cookie.
    pub name: String,
    /// Who sets it.
    pub mode: CookieMode,
}

/// `mode` of `cookie`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CookieMode {
    /// The balancer (`cookie NAME insert indirect nocache`); servers never see it.
    Insert,
    /// The application; the balancer writes the server before its value (`cookie NAME prefix`).
    Prefix,
}

/// `stick`: a table in the balancer remembers which server a key went to. It is lost with the balancer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stick {
    /// What the key is.
    pub on: StickOn,
    /// How many entries the table has at most.
    pub size: u32,
    /// How long an entry lasts after its last use.
    pub expire: Duration,
}

/// `on` of `stick`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StickOn {
    /// The source address (`stick on src`).
    Src,
    /// The session id in the path of a request (`stick on path,field(5,/)`).
    Path,
    /// The session id in the path, as learnt from the body of the handshake's response (`stick match
    /// path,field(5,/)`, `stick store-response res.body,field(1,:)`).
    Response,
}
