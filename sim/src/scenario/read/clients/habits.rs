//! How clients behave: where they run, how they come back, move, hide and leave.

use core::time::Duration;

use super::span;
use crate::browser::Browser;
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{
    Background, Death, Delays, Leaves, Leaving, Moves, PageOrigin, Platform, Reconnect, Sizes,
};
use crate::scenario::read::SHORTEST_PERIOD;
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

/// The longest message: more than a server of 0.8.7 takes in one POST.
const LONGEST_MESSAGE: u32 = 1_000_000;

/// `browser`, `origin`, `flash`.
pub(super) fn platform(
    section: &Section<'_>,
    default: Option<Platform>,
) -> Result<Option<Platform>, Problem> {
    let names: Vec<(&str, Browser)> = Browser::ALL.iter().map(|browser| (browser.name, *browser)).collect();
    let origins = [("same", PageOrigin::Same), ("cross", PageOrigin::Cross), ("secure", PageOrigin::Secure)];
    let browser = section.choice("browser", &names)?;
    let origin = section.choice("origin", &origins)?;
    let flash = section.boolean("flash")?;
    let Some(browser) = browser.or(default.map(|platform| platform.browser)) else {
        let alone = [("origin", origin.is_some()), ("flash", flash.is_some())];
        let alone =
            alone.into_iter().find(|(_, given)| *given).and_then(|(key, _)| Some((key, section.node(key)?)));
        return match alone {
            Some((key, node)) => {
                Err(Problem::new(&node.place, format!("`{key}` is a browser's; add browser = \"chrome\"")))
            }
            None => Ok(None),
        };
    };
    Ok(Some(Platform {
        browser,
        origin: origin.or(default.map(|platform| platform.origin)).unwrap_or(PageOrigin::Same),
        flash: flash.or(default.map(|platform| platform.flash)).unwrap_or(false),
    }))
}

/// The longest query, characters: it is a part of every target.
const LONGEST_QUERY: usize = 100;

/// `query`: what stands in a target as it is. The client's number is put in by its name in braces.
pub(super) fn query(node: &Node) -> Result<String, Problem> {
    let Value::String(text) = &node.value else {
        return Err(section::wrong_type("query", node, "a string such as \"cid={client}\"", &node.value));
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~=&".contains(&byte);
    if text.len() > LONGEST_QUERY || !text.replace("{client}", "").bytes().all(plain) {
        let message = format!(
            "`query` is at most {LONGEST_QUERY} letters, digits and - . _ ~ = &, with {{client}} for the client's number"
        );
        return Err(Problem::new(&node.place, message));
    }
    Ok(text.clone())
}

pub(super) fn reconnect(section: &Section<'_>, default: Reconnect) -> Result<Reconnect, Problem> {
    let Some(node) = section.node("reconnect") else { return Ok(default) };
    let section = Section::new(Some(node), "`reconnect`", keys::RECONNECT)?;
    let jitter = section.integer("jitter", 0..=100)?.map(|per_cent| per_cent * 10);
    Ok(Reconnect {
        delay: section.duration("delay", SHORTEST_PERIOD)?.unwrap_or(default.delay),
        cap: section.duration("cap", SHORTEST_PERIOD)?.or(default.cap),
        attempts: section.integer("attempts", 0..=1_000_000)?.unwrap_or(default.attempts),
        jitter: jitter.and_then(|jitter| u16::try_from(jitter).ok()).unwrap_or(default.jitter),
    })
}

pub(super) fn moves(node: &Node) -> Result<Moves, Problem> {
    let section = Section::new(Some(node), "`moves`", keys::MOVES)?;
    let every = section.node("every").map(|node| span("every", node, SHORTEST_PERIOD)).transpose()?;
    let deaths = [("silent", Death::Silent), ("reset", Death::Reset)];
    Ok(Moves {
        every: section::required("every", every, &node.place, "\"60s\"")?,
        connections: section.choice("connections", &deaths)?.unwrap_or(Death::Silent),
    })
}

/// A number of characters, or a table of two bounds.
pub(super) fn message_size(section: &Section<'_>, default: Sizes) -> Result<Sizes, Problem> {
    let Some(node) = section.node("message_size") else { return Ok(default) };
    if !matches!(node.value, Value::Table(_)) {
        let size = section::integer("message_size", node, 0..=LONGEST_MESSAGE)?;
        return Ok(Sizes { min: size, max: size });
    }
    let section = Section::new(Some(node), "`message_size`", keys::SPAN)?;
    let (min, max) =
        (section.integer("min", 0..=LONGEST_MESSAGE)?, section.integer("max", 0..=LONGEST_MESSAGE)?);
    let min = section::required("min", min, &node.place, "10")?;
    let max = section::required("max", max, &node.place, "1000")?;
    if max < min {
        return Err(Problem::new(&node.place, "`message_size` has a max below its min; swap them"));
    }
    Ok(Sizes { min, max })
}

pub(super) fn background(node: &Node) -> Result<Background, Problem> {
    let section = Section::new(Some(node), "`background`", keys::BACKGROUND)?;
    let (after, every) =
        (section.duration("after", Duration::ZERO)?, section.duration("every", SHORTEST_PERIOD)?);
    let delays = [("timers", Delays::Timers), ("all", Delays::All)];
    Ok(Background {
        after: section::required("after", after, &node.place, "\"10s\"")?,
        every: section::required("every", every, &node.place, "\"1s\"")?,
        delays: section.choice("delays", &delays)?.unwrap_or(Delays::Timers),
    })
}

pub(super) fn leaves(node: &Node) -> Result<Leaves, Problem> {
    let section = Section::new(Some(node), "`leaves`", keys::LEAVES)?;
    let after = section.node("after").map(|node| span("after", node, Duration::ZERO)).transpose()?;
    let ways = [("clean", Leaving::Clean), ("unload", Leaving::Unload), ("silent", Leaving::Silent)];
    Ok(Leaves {
        after: section::required("after", after, &node.place, "\"30s\"")?,
        how: section.choice("how", &ways)?.unwrap_or(Leaving::Unload),
    })
}
