//! `sio08 explain`: questions that need no server to be answered.

mod origin;

use std::io::Write;

use clap::{Args, Subcommand};
use socketio08::{OriginError, Origins};

use self::origin::Allowed;
use super::Exit;
use crate::browser::{Browser, Page, Site, judge};
use crate::scenario::nearest;

/// Explains what the protocol and its clients do.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Which transports a page can use towards a server, in old and new browsers, and what the server must allow.
    ///
    /// The page and the server are judged by scheme, host and port: by the rules of the browser, by what the client 0.8.7 checks, and
    /// by the server's allow-list.
    Origin(OriginArgs),
}

#[derive(Args, Debug)]
struct OriginArgs {
    /// The page: http://.., https://.. or file://..
    #[arg(value_name = "PAGE_URL")]
    page: String,
    /// The server: `http://HOST[:PORT]` or `https://HOST[:PORT]`.
    #[arg(value_name = "SERVER_URL")]
    server: String,
    /// A browser: modern, chrome, firefox3.6, firefox4, firefox6, safari5, ie6 to ie10, opera11, ios4, android2, node; or all.
    #[arg(long, default_value = "modern", value_name = "NAME")]
    browser: String,
    /// A Flash player of version 10 is there, if the browser can have one.
    #[arg(long)]
    flash: bool,
    /// What the server allows, as `sio08 serve --origin` has it; may be given several times. Without it the page is taken to
    /// be allowed, and the answer tells which entry that takes.
    #[arg(long = "origin", value_name = "ALLOWED")]
    origins: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> Exit {
    let Question::Origin(args) = &args.question;
    match explain_origin(args) {
        Ok(text) => match std::io::stdout().write_all(text.as_bytes()) {
            // The reader of a pipe may stop early, as `head` does.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                eprintln!("error: {error}");
                Exit::Internal
            }
            _ => Exit::Holds,
        },
        Err(message) => {
            eprintln!("error: {message}");
            Exit::Usage
        }
    }
}

fn explain_origin(args: &OriginArgs) -> Result<String, String> {
    let page = Page::parse(&args.page).map_err(|error| error.to_string())?;
    let site = Site::parse(&args.server).map_err(|error| error.to_string())?;
    let refused = |error: OriginError| format!("--origin: {error}");
    let given = Origins::parse(&args.origins).map_err(refused)?;
    // Without a list the question is what the browser and the client say.
    let supposed = args.origins.is_empty();
    let origins = if supposed { Origins::parse([page.origin()]).map_err(refused)? } else { given };
    let none = Origins::default();
    let both = |browser: &Browser| {
        let judgement = judge(browser, &page, &site, &origins, args.flash);
        let without = supposed.then(|| judge(browser, &page, &site, &none, args.flash));
        (judgement, without)
    };
    if args.browser == "all" {
        let all = Browser::ALL.map(|browser| {
            let (judgement, without) = both(&browser);
            (browser, judgement, without)
        });
        return Ok(origin::overview(&page, &site, &all));
    }
    let browser = Browser::named(&args.browser).ok_or_else(|| unknown(&args.browser))?;
    let (judgement, without) = both(&browser);
    let allowed = without.as_ref().map_or(Allowed::Given, Allowed::Supposed);
    Ok(origin::one(&browser, &page, &site, &judgement, allowed))
}

fn unknown(name: &str) -> String {
    let known = Browser::ALL.map(|browser| browser.name);
    let hint = nearest::hint(name, known);
    let known = known.join(", ");
    if hint.is_empty() {
        return format!("no browser is called `{name}`; known are {known} and all");
    }
    format!("no browser is called `{name}`{hint} Known are {known} and all")
}
