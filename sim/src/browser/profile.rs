//! Browsers as far as Socket.IO meets them: what each can do, and where that is known from.
//!
//! Two kinds of statement meet here. What the genuine client does with a browser is read from the code of 0.8.7: it takes
//! `XDomainRequest` before `XMLHttpRequest` for polling another domain, handshakes by a script element unless
//! `XMLHttpRequest` has `withCredentials`, wants the `htmlfile` object for that transport, and loads its Flash script only
//! where there is no `WebSocket`. What a browser has is from the sources named at each; a profile that names none rests on
//! general knowledge of the browser and on no measurement here.
//!
//! - Drafts of the websocket: Mozilla's table of browser compatibility for `WebSocket`, of 2012.
//! - CORS: Mozilla's article "cross-site xmlhttprequest with CORS", of July 2009 (Firefox 3.5, Safari 4, IE 8).
//! - `XDomainRequest`: Microsoft's "`XDomainRequest` - Restrictions, Limitations and Workarounds", of May 2010.

/// The websocket of a browser.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sockets {
    /// It has none.
    None,
    /// It has one that is switched off as delivered.
    Off,
    /// hixie-76, which a server has to enable.
    Hixie76,
    /// A draft or the standard, by its version number: 7, 8 or 13.
    Hybi(u8),
}

/// How scripts of a browser may ask a server of another origin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Remote {
    /// Not at all, but by script elements.
    Never,
    /// By `XMLHttpRequest` with CORS.
    Xhr,
    /// By `XDomainRequest`: the scheme of the page only, no cookies, no headers.
    XDomainRequest,
}

/// What a page over https may ask of a server without TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mixed {
    /// What the user accepts, who may be warned or asked.
    Allowed,
    /// Nothing, but of the machine itself.
    Blocked,
}

/// One browser.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent abilities, each of which the client looks for by itself"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Browser {
    /// The name on the command line.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// Its websocket.
    pub sockets: Sockets,
    /// What the genuine client uses towards other origins.
    pub remote: Remote,
    /// `XMLHttpRequest` knows credentials: the genuine client handshakes by it, else by a script element.
    pub cors: bool,
    /// It has `ActiveXObject('htmlfile')`.
    pub htmlfile: bool,
    /// It has documents, hence script elements.
    pub document: bool,
    /// A Flash player can be installed.
    pub flash: bool,
    /// Mixed content.
    pub mixed: Mixed,
    /// It sends `Sec-Fetch-Site`, which tells a server of foreign pages that hide their name.
    pub fetch_metadata: bool,
}

const OLD: Browser = Browser {
    name: "",
    title: "",
    sockets: Sockets::None,
    remote: Remote::Xhr,
    cors: true,
    htmlfile: false,
    document: true,
    flash: true,
    mixed: Mixed::Allowed,
    fetch_metadata: false,
};

const IE: Browser = Browser { remote: Remote::Never, cors: false, htmlfile: true, ..OLD };

/// Any browser of today. RFC 6455; the Fetch standard (CORS); the W3C's Fetch Metadata (`Sec-Fetch-Site`) and Mixed Content (blockable
/// requests, and loopback addresses as potentially trustworthy origins); Flash ended in 2020.
const MODERN: Browser = Browser {
    name: "modern",
    title: "a browser of today",
    sockets: Sockets::Hybi(13),
    flash: false,
    mixed: Mixed::Blocked,
    fetch_metadata: true,
    ..OLD
};

/// Chrome 14 and 15, of the autumn of 2011: draft hybi-10, which is version 8 (Mozilla's table). CORS.
const CHROME: Browser =
    Browser { name: "chrome", title: "Chrome 14 (2011)", sockets: Sockets::Hybi(8), ..OLD };

/// Firefox 3.6: no `WebSocket` (Mozilla's table); CORS since 3.5.
const FIREFOX_3_6: Browser = Browser { name: "firefox3.6", title: "Firefox 3.6", ..OLD };

/// Firefox 4 and 5: hixie-76, switched off for what the draft lets a page do to proxies (Mozilla's announcement "disabling
/// websockets for Firefox 4", of December 2010).
const FIREFOX_4: Browser = Browser { name: "firefox4", title: "Firefox 4", sockets: Sockets::Off, ..OLD };

/// Firefox 6: `MozWebSocket` of draft hybi-07, version 7 (Mozilla's table); Firefox 7 has version 8.
const FIREFOX_6: Browser = Browser { name: "firefox6", title: "Firefox 6", sockets: Sockets::Hybi(7), ..OLD };

/// Safari 5: hixie-76 since 5.0.1 (Mozilla's table); CORS since Safari 4.
const SAFARI_5: Browser = Browser { name: "safari5", title: "Safari 5", sockets: Sockets::Hixie76, ..OLD };

/// Internet Explorer 6: `XMLHttpRequest` as an `ActiveX` object, of its own origin only, hence without CORS;
/// the `htmlfile` object. The genuine client looks for both.
const IE_6: Browser = Browser { name: "ie6", title: "Internet Explorer 6", ..IE };

/// Internet Explorer 7: `XMLHttpRequest` without CORS.
const IE_7: Browser = Browser { name: "ie7", title: "Internet Explorer 7", ..IE };

/// Internet Explorer 8: `XDomainRequest`, to the scheme of the page only and without cookies (Microsoft's article); another scheme
/// is an error that a script sees.
const IE_8: Browser =
    Browser { name: "ie8", title: "Internet Explorer 8", remote: Remote::XDomainRequest, ..IE };

/// Internet Explorer 9: as 8.
const IE_9: Browser =
    Browser { name: "ie9", title: "Internet Explorer 9", remote: Remote::XDomainRequest, ..IE };

/// Internet Explorer 10: RFC 6455 (Mozilla's table) and CORS (Microsoft's article); but `XDomainRequest` is still there, and the genuine client prefers it for polling.
const IE_10: Browser = Browser {
    name: "ie10",
    title: "Internet Explorer 10",
    sockets: Sockets::Hybi(13),
    remote: Remote::XDomainRequest,
    cors: true,
    ..IE
};

/// Opera 11: hixie-76 switched off (Mozilla's table). No CORS: it came with Opera 12.
const OPERA_11: Browser = Browser {
    name: "opera11",
    title: "Opera 11",
    sockets: Sockets::Off,
    remote: Remote::Never,
    cors: false,
    ..OLD
};

/// Safari of iOS 4.2: hixie-76, CORS, no plug-ins.
const IOS_4: Browser =
    Browser { name: "ios4", title: "iPhone, iOS 4", sockets: Sockets::Hixie76, flash: false, ..OLD };

/// The browser of Android 2: no `WebSocket`; CORS; Flash 10.1 since 2.2.
const ANDROID_2: Browser = Browser { name: "android2", title: "Android 2", ..OLD };

/// The client's Node build: no pages, no origins. Its websocket is hixie-76 (`websocket-client` 1.0.0; facts 10.16).
const NODE: Browser =
    Browser { name: "node", title: "Node", sockets: Sockets::Hixie76, document: false, flash: false, ..OLD };

impl Browser {
    /// All of them.
    pub const ALL: [Browser; 15] = [
        MODERN,
        CHROME,
        FIREFOX_3_6,
        FIREFOX_4,
        FIREFOX_6,
        SAFARI_5,
        IE_6,
        IE_7,
        IE_8,
        IE_9,
        IE_10,
        OPERA_11,
        IOS_4,
        ANDROID_2,
        NODE,
    ];

    /// The browser of this name; `iphone` is `ios4`.
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "iphone" { "ios4" } else { name };
        Self::ALL.into_iter().find(|browser| browser.name == name)
    }
}
