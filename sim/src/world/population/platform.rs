//! What a client can do where it runs.

use socketio08::{Origin, Origins, Transport};

use crate::browser::{Answer, Page, Site, Tries, judge};
use crate::scenario::{Clients, PageOrigin};

/// What the platform of a client lets it do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Can {
    /// The transports that the client finds there; others count where lists are compared, and are never opened.
    pub available: Vec<Transport>,
    /// Those of them that the browser then forbids, and what that does to the client.
    pub forbidden: Vec<(Transport, Forbidden)>,
    /// Its handshake is a script: a page of another host in a browser without CORS.
    pub script_handshake: bool,
    /// Its cookies go to the server of another origin.
    pub cookies: bool,
}

/// What becomes of a client whose browser forbids what it tries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forbidden {
    /// The request fails: after its connect timeout the client goes on to the next transport.
    Fails,
    /// The browser throws an error before the client has set that timeout: it stops there, for good.
    Stops,
}

/// What the clients of one sort can do, by the rules of [`crate::browser`].
pub fn can(sort: &Clients) -> Can {
    let everything = Can {
        available: Transport::ALL.to_vec(),
        forbidden: Vec::new(),
        script_handshake: false,
        cookies: sort.cookies,
    };
    let Some(platform) = sort.platform else { return everything };
    let page = match platform.origin {
        PageOrigin::Same => "http://www.example.com",
        PageOrigin::Cross => "http://pages.example.com",
        PageOrigin::Secure => "https://pages.example.com",
    };
    let (Ok(page), Ok(site)) = (Origin::parse(page), Origin::parse("http://www.example.com")) else {
        return everything;
    };
    let cross = platform.origin != PageOrigin::Same && platform.browser.document;
    // The servers of the recordings allow every origin, as 0.8.7 does by default.
    let judgement = judge(&platform.browser, &Page::Web(page), &Site(site), &Origins::any(), platform.flash);
    // Without a handshake it comes to no transport at all.
    let tried = || {
        judgement
            .transports
            .iter()
            .filter(|(_, answer)| judgement.handshake.works && answer.tries != Tries::No)
    };
    let forbidden = |(transport, answer): &(Transport, Answer)| {
        let how = if answer.tries == Tries::Stuck { Forbidden::Stops } else { Forbidden::Fails };
        (!answer.works).then_some((*transport, how))
    };
    Can {
        available: tried().map(|(transport, _)| *transport).collect(),
        forbidden: tried().filter_map(forbidden).collect(),
        script_handshake: cross && !platform.browser.cors,
        cookies: sort.cookies && judgement.handshake.cookies,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::Browser;
    use crate::scenario::Platform;

    fn able(browser: &str, origin: PageOrigin, flash: bool) -> Can {
        let browser = Browser::named(browser).unwrap();
        can(&Clients { platform: Some(Platform { browser, origin, flash }), ..Clients::default() })
    }

    #[test]
    fn internet_explorer_8_has_no_websocket_and_htmlfile_only_at_home() {
        use Transport::{Flashsocket, Htmlfile, JsonpPolling, XhrPolling};
        assert_eq!(able("ie8", PageOrigin::Same, false).available, [Htmlfile, XhrPolling, JsonpPolling]);
        assert_eq!(able("ie8", PageOrigin::Cross, false).available, [XhrPolling, JsonpPolling]);
        assert_eq!(able("ie8", PageOrigin::Cross, true).available, [Flashsocket, XhrPolling, JsonpPolling]);
    }

    #[test]
    fn internet_explorer_8_stops_at_xhr_polling_towards_another_protocol() {
        use Transport::{JsonpPolling, XhrPolling};
        let can = able("ie8", PageOrigin::Secure, false);
        assert_eq!(can.available, [XhrPolling, JsonpPolling]);
        assert_eq!(can.forbidden, [(XhrPolling, Forbidden::Stops)]);
    }

    #[test]
    fn a_browser_without_cors_handshakes_by_a_script_on_another_host_only() {
        assert!(able("ie7", PageOrigin::Cross, false).script_handshake);
        assert!(!able("ie7", PageOrigin::Same, false).script_handshake);
        assert!(!able("chrome", PageOrigin::Cross, false).script_handshake);
    }

    #[test]
    fn cookies_go_to_the_own_host_only() {
        assert!(able("chrome", PageOrigin::Same, false).cookies);
        assert!(!able("chrome", PageOrigin::Cross, false).cookies);
    }

    #[test]
    fn without_a_browser_every_transport_works() {
        assert_eq!(can(&Clients::default()).available, Transport::ALL);
    }
}
