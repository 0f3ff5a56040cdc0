//! Who may ask whom: the browser's rules, the genuine client's checks, and the server's allow-list.

use socketio08::{Cors, Origins, Text, Transport};

use super::place::{Page, Site};
use super::profile::{Browser, Mixed, Remote, Sockets};

/// What a browser tells the server of the page with a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sends {
    /// Nothing.
    Nothing,
    /// `Origin`.
    Origin,
    /// `Sec-WebSocket-Origin`, which versions 7 and 8 of the websocket have instead (facts 7.1).
    SocketOrigin,
    /// `Referer`.
    Referer,
}

impl Sends {
    /// The name of the header.
    pub fn header(self) -> Option<&'static str> {
        match self {
            Sends::Nothing => None,
            Sends::Origin => Some("Origin"),
            Sends::SocketOrigin => Some("Sec-WebSocket-Origin"),
            Sends::Referer => Some("Referer"),
        }
    }
}

/// Whether the genuine client tries a way, and what comes when it fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tries {
    /// It does not try: its own check says no.
    No,
    /// It tries, and goes on to the next after its connect timeout of 10 s (facts 10.4).
    Yes,
    /// It tries, the browser throws an error, and the client never sets that timeout: it stops there.
    Stuck,
}

/// What comes of one way to ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Whether it works.
    pub works: bool,
    /// Whether the genuine client tries it.
    pub tries: Tries,
    /// Whether it is the server's allow-list that is against it.
    pub refused: bool,
    /// Why, or why not.
    pub reason: String,
    /// What the server is told of the page.
    pub sends: Sends,
    /// Whether the server's cookies go with it.
    pub cookies: bool,
}

/// What a page can do towards a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judgement {
    /// What the browser takes for different: scheme, host, port.
    pub differs: Vec<&'static str>,
    /// Whether the genuine client takes it for another domain: by host and port, not by scheme.
    pub cross: bool,
    /// The handshake.
    pub handshake: Answer,
    /// Each transport, in the order of the genuine client's own list (facts 10.3).
    pub transports: Vec<(Transport, Answer)>,
}

impl Judgement {
    /// What the genuine client tries, one after the other, up to the first that works or at which it is stuck; nothing
    /// without a handshake.
    pub fn tries(&self) -> Vec<Transport> {
        let mut tries = Vec::new();
        for (transport, answer) in self.transports.iter().filter(|_| self.handshake.works) {
            if answer.tries != Tries::No {
                tries.push(*transport);
            }
            if answer.works || answer.tries == Tries::Stuck {
                break;
            }
        }
        tries
    }

    /// Every transport that works, whether the client comes to it or not.
    pub fn working(&self) -> Vec<Transport> {
        let works = self.transports.iter().filter(|(_, answer)| self.handshake.works && answer.works);
        works.map(|(transport, _)| *transport).collect()
    }

    /// Whether the server's allow-list is against something that would work else.
    pub fn is_refused(&self) -> bool {
        self.handshake.refused || self.transports.iter().any(|(_, answer)| answer.refused)
    }
}

/// One question, with what is needed to answer it.
struct Case<'a> {
    browser: &'a Browser,
    page: &'a Page,
    site: &'a Site,
    origins: &'a Origins,
    flash: bool,
    differs: Vec<&'static str>,
    cross: bool,
}

/// Judges a page in a browser towards a server with this allow-list; `flash`: a Flash player of version 10 is there.
pub fn judge(browser: &Browser, page: &Page, site: &Site, origins: &Origins, flash: bool) -> Judgement {
    let differs = differences(page, site);
    let cross = browser.document && (differs.contains(&"host") || differs.contains(&"port"));
    let case = Case { browser, page, site, origins, flash: flash && browser.flash, differs, cross };
    let handshake = case.handshake();
    let order = [
        Transport::Websocket,
        Transport::Flashsocket,
        Transport::Htmlfile,
        Transport::XhrPolling,
        Transport::JsonpPolling,
    ];
    let transports = order.into_iter().map(|transport| (transport, case.transport(transport))).collect();
    Judgement { differs: case.differs, cross, handshake, transports }
}

fn differences(page: &Page, site: &Site) -> Vec<&'static str> {
    let Page::Web(page) = page else { return vec!["scheme", "host"] };
    let parts = [
        ("scheme", page.scheme != site.0.scheme),
        ("host", page.host != site.0.host),
        ("port", page.port != site.0.port),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
}

impl Case<'_> {
    fn handshake(&self) -> Answer {
        if !self.cross || self.browser.cors {
            return self.request("XMLHttpRequest");
        }
        self.script()
    }

    fn transport(&self, transport: Transport) -> Answer {
        match transport {
            Transport::Websocket => self.websocket(),
            Transport::Flashsocket => self.flashsocket(),
            Transport::Htmlfile => self.htmlfile(),
            Transport::XhrPolling => self.polling(),
            Transport::JsonpPolling if self.browser.document => self.script(),
            Transport::JsonpPolling => no("no script elements outside of documents"),
        }
    }

    fn websocket(&self) -> Answer {
        let (how, sends) = match self.browser.sockets {
            Sockets::None => return no("no WebSocket here"),
            Sockets::Off => return no("WebSocket is switched off as delivered"),
            Sockets::Hixie76 if !self.browser.document => {
                return tried("hixie-76 of a module that never opens under Node 0.8");
            }
            Sockets::Hixie76 => ("hixie-76, if the server enables it".to_owned(), Sends::Origin),
            Sockets::Hybi(version @ ..=8) => (format!("version {version}"), Sends::SocketOrigin),
            Sockets::Hybi(version) => (format!("version {version}"), Sends::Origin),
        };
        let mut answer = self.remote(&how, sends);
        answer.cookies = answer.works;
        answer
    }

    fn flashsocket(&self) -> Answer {
        if !self.browser.flash {
            return no("no Flash player for this browser");
        }
        if !self.flash {
            return no("no Flash player (--flash)");
        }
        if !matches!(self.browser.sockets, Sockets::None | Sockets::Off) {
            return no("there is a WebSocket, and the Flash script stays away");
        }
        if matches!(self.page, Page::File) {
            return tried("Flash refuses it to files, unless its security settings name them");
        }
        self.remote("Flash, if the server has it and its policy file names the page's host", Sends::Origin)
    }

    /// A frame inside of an `ActiveX` document whose scripts call the page's, and `XMLHttpRequest` for sending.
    fn htmlfile(&self) -> Answer {
        if !self.browser.htmlfile {
            return no("no ActiveX htmlfile object here");
        }
        if self.cross {
            return no("the client keeps it to the page's own host and port");
        }
        if !self.differs.is_empty() {
            return tried("a frame of another scheme may not call the page");
        }
        self.request("a frame of the same origin, XMLHttpRequest for sending")
    }

    fn polling(&self) -> Answer {
        if !self.cross {
            return self.request("XMLHttpRequest");
        }
        match self.browser.remote {
            Remote::Never => no("no requests to other hosts or ports: XMLHttpRequest without CORS"),
            Remote::Xhr => self.request("XMLHttpRequest with CORS"),
            Remote::XDomainRequest if self.differs.contains(&"scheme") => {
                let reason = match self.page {
                    Page::File => {
                        "XDomainRequest refuses another scheme, and that of a file is always another"
                    }
                    Page::Web(_) => "XDomainRequest refuses another scheme than the page's",
                };
                Answer { tries: Tries::Stuck, ..tried(reason) }
            }
            Remote::XDomainRequest => self.remote("XDomainRequest", Sends::Origin),
        }
    }

    /// By `XMLHttpRequest`; where host and port are the page's own the client does not ask whether it may.
    fn request(&self, how: &str) -> Answer {
        if !self.browser.document {
            return works(how);
        }
        if self.differs.is_empty() {
            return Answer { sends: Sends::Referer, cookies: true, ..works(how) };
        }
        if !self.browser.cors {
            return tried("XMLHttpRequest without CORS refuses another scheme");
        }
        // Without cookies: 0.8.7 never asks for credentials.
        self.remote(how, Sends::Origin)
    }

    /// By a script element: no rule of origins, but the server sees where it comes from.
    fn script(&self) -> Answer {
        let named = matches!(self.page, Page::Web(_)) && !self.hides_the_page();
        let sends = if named { Sends::Referer } else { Sends::Nothing };
        let mut answer = self.remote("script elements and forms", sends);
        answer.cookies = answer.works;
        answer
    }

    fn is_downgrade(&self) -> bool {
        self.page.is_secure() && !self.site.is_secure()
    }

    /// A page over https is not named by `Referer` to a server without TLS (RFC 2616, 15.1.3), but today on the machine itself
    /// (the W3C's Referrer Policy: it is potentially trustworthy).
    fn hides_the_page(&self) -> bool {
        let trusted = self.browser.mixed == Mixed::Blocked && self.site.is_loopback();
        self.is_downgrade() && !trusted
    }

    /// What the browser lets through to another origin, and what the server then says.
    fn remote(&self, how: &str, sends: Sends) -> Answer {
        let mut reason = how.to_owned();
        match self.browser.mixed {
            Mixed::Blocked if self.is_downgrade() && !self.site.is_loopback() => {
                return tried("mixed content: a page over https may not ask a server without TLS");
            }
            Mixed::Allowed if self.is_downgrade() => reason.push_str(", if the user accepts mixed content"),
            _ => {}
        }
        if self.verdict(sends).is_allowed() {
            return Answer { sends, ..works(&reason) };
        }
        reason.push_str(match sends {
            Sends::Nothing => "; the server refuses a page that hides its origin",
            _ => "; the server refuses the origin",
        });
        Answer { sends, refused: true, ..tried(&reason) }
    }

    fn verdict(&self, sends: Sends) -> Cors {
        let page = self.page.origin();
        let mut headers = vec![("Host", self.site.host_header())];
        if sends == Sends::SocketOrigin {
            headers.push(("Sec-WebSocket-Version", "8".to_owned()));
        }
        let value = if sends == Sends::Referer { format!("{page}/") } else { page };
        headers.extend(sends.header().map(|name| (name, value)));
        // Browsers say it to servers over TLS and on the machine itself only.
        let trusted = self.site.is_secure() || self.site.is_loopback();
        if self.browser.fetch_metadata && trusted && !self.differs.is_empty() {
            headers.push(("Sec-Fetch-Site", "cross-site".to_owned()));
        }
        let headers: Vec<(Text, Text)> =
            headers.into_iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect();
        self.origins.judge(&headers, self.site.is_secure())
    }
}

fn works(reason: &str) -> Answer {
    Answer { works: true, ..tried(reason) }
}

/// What the client does not try.
fn no(reason: &str) -> Answer {
    Answer { tries: Tries::No, ..tried(reason) }
}

/// What the client tries in vain.
fn tried(reason: &str) -> Answer {
    Answer {
        works: false,
        tries: Tries::Yes,
        refused: false,
        reason: reason.to_owned(),
        sends: Sends::Nothing,
        cookies: false,
    }
}
