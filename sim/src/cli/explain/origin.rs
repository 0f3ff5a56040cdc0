//! The answer about origins as text.

use std::fmt::Write;

use socketio08::Transport;

use crate::browser::{Answer, Browser, Judgement, Page, Sends, Site};

/// What the server's allow-list is taken to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Allowed<'a> {
    /// None was given: the page is taken to be allowed, and this list has nothing.
    Supposed(&'a Judgement),
    /// As given.
    Given,
}

/// Everything about one browser.
pub(super) fn one(
    browser: &Browser,
    page: &Page,
    site: &Site,
    judgement: &Judgement,
    allowed: Allowed<'_>,
) -> String {
    let mut out = format!("{}, {}, a server at {site}\n", browser.title, page_text(page));
    line(&mut out, &relation(browser, judgement));
    out.push('\n');
    row(&mut out, "handshake", page, &judgement.handshake);
    for (transport, answer) in &judgement.transports {
        row(&mut out, transport.name(), page, answer);
    }
    out.push('\n');
    line(&mut out, &tries(judgement));
    line(&mut out, &needs(browser, page, judgement, allowed));
    out
}

/// One line for each browser; each with the judgement of an empty allow-list, if none was given.
pub(super) fn overview(page: &Page, site: &Site, all: &[(Browser, Judgement, Option<Judgement>)]) -> String {
    let mut out = format!("{}, a server at {site}\n\n", page_text(page));
    for (browser, judgement, _) in all {
        let can = names(&judgement.working());
        let tries = judgement.tries();
        let (last, before) = match tries.split_last() {
            Some((last, before)) => (last.name(), before.len()),
            None => ("nothing", 0),
        };
        let fails = tries.last().is_some_and(|last| !judgement.working().contains(last));
        let how = match (fails, before) {
            (true, _) => " (fails)".to_owned(),
            (false, 0) => String::new(),
            (false, before) => format!(" after {} s", before * CONNECT_TIMEOUT_SECONDS),
        };
        let picks = format!("{last}{how}");
        line(&mut out, &format!("{:<10}  picks {picks:<24}  can use {can}", browser.name));
    }
    let given = all.iter().any(|(_, judgement, none)| none.is_none() && judgement.is_refused());
    let supposed = all.iter().filter_map(|(_, _, none)| none.as_ref()).any(Judgement::is_refused);
    if given || supposed {
        line(&mut out, &format!("\n{}", if given { refuses(page) } else { supposes(page) }));
    }
    out
}

/// What the genuine client waits for a transport before it tries the next (facts 10.4).
const CONNECT_TIMEOUT_SECONDS: usize = 10;

fn page_text(page: &Page) -> String {
    match page {
        Page::File => "a page from a file (its origin is null)".to_owned(),
        Page::Web(origin) => format!("a page of {origin}"),
    }
}

fn names(transports: &[Transport]) -> String {
    if transports.is_empty() {
        return "nothing".to_owned();
    }
    transports.iter().map(|transport| transport.name()).collect::<Vec<_>>().join(", ")
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn relation(browser: &Browser, judgement: &Judgement) -> String {
    if !browser.document {
        return "no page, no origin: it may ask every server".to_owned();
    }
    if judgement.differs.is_empty() {
        return "same origin".to_owned();
    }
    let client =
        if judgement.cross { "another domain" } else { "its own domain: it compares host and port only" };
    format!("another {}; for the client {client}", judgement.differs.join(", another "))
}

fn row(out: &mut String, name: &str, page: &Page, answer: &Answer) {
    let works = if answer.works { "yes" } else { "no" };
    let mut text = format!("{name:<14} {works:<4} {}", answer.reason);
    let slash = if answer.sends == Sends::Referer { "/" } else { "" };
    let named = answer.sends.header().map(|header| format!("{header}: {}{slash}", page.origin()));
    if answer.works {
        let cookies = if answer.cookies { "cookies" } else { "no cookies" };
        let sent = named.map_or(cookies.to_owned(), |named| format!("{named}, {cookies}"));
        // Writing to a string cannot fail.
        let _ = write!(text, "; sends {sent}");
    } else if let Some(named) = named {
        let _ = write!(text, " ({named})");
    }
    line(out, &text);
}

fn tries(judgement: &Judgement) -> String {
    if !judgement.handshake.works {
        return "the client gets no handshake: nothing works".to_owned();
    }
    let tries = judgement.tries();
    let Some((last, before)) = tries.split_last() else {
        return "the client finds no transport".to_owned();
    };
    let working = judgement.working();
    let mut text = "the client ".to_owned();
    if !before.is_empty() {
        let each = if before.len() > 1 { "each " } else { "" };
        let _ = write!(text, "tries {} in vain, {each}for {CONNECT_TIMEOUT_SECONDS} s, then ", names(before));
    }
    if working.contains(last) {
        let _ = write!(text, "picks {last}");
        return text;
    }
    let _ = write!(text, "picks {last}, which fails, and ");
    match working.as_slice() {
        [] => text.push_str("nothing else works"),
        // Its option `transports` overwrites the first of its own list only (facts 10.3).
        working => {
            let quoted: Vec<String> = working.iter().map(|transport| format!("'{transport}'")).collect();
            let quoted = quoted.join(", ");
            let _ = write!(text, "stops there; before io.connect write: io.transports = [{quoted}]");
        }
    }
    text
}

fn needs(browser: &Browser, page: &Page, judgement: &Judgement, allowed: Allowed<'_>) -> String {
    let entry_helps = match allowed {
        Allowed::Supposed(none) => none.is_refused(),
        Allowed::Given => judgement.is_refused(),
    };
    match allowed {
        Allowed::Supposed(_) if entry_helps => supposes(page),
        Allowed::Given if entry_helps => refuses(page),
        _ if !judgement.handshake.works => "no entry of the server's allow-list helps".to_owned(),
        Allowed::Given if browser.document && !judgement.differs.is_empty() => {
            "the server's allow-list has what it needs".to_owned()
        }
        _ => "the server's allow-list needs no entry for it".to_owned(),
    }
}

fn refuses(page: &Page) -> String {
    format!("the server does not allow the page: it needs --origin {}{}", page.origin(), caution(page))
}

fn supposes(page: &Page) -> String {
    format!("all this if the server allows the page: --origin {}{}", page.origin(), caution(page))
}

fn caution(page: &Page) -> &'static str {
    match page {
        Page::File => ", which every file and every sandboxed frame has",
        Page::Web(_) => "",
    }
}
