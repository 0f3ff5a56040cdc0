//! A real browser, driven over the protocol of its developer tools.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::reports::{PATIENCE, Reports};

const FLAGS: &[&str] = &[
    "--headless",
    "--remote-debugging-port=0",
    // Only pages of ours are loaded, and for the administrator, whom containers run tests as, there is no other way.
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-renderer-backgrounding",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--no-first-run",
    "--window-size=800,600",
    "about:blank",
];

/// Headless Chromium, ended when dropped.
pub(crate) struct Chromium {
    child: Child,
    profile: PathBuf,
    writer: Mutex<(u64, WebSocket<TcpStream>)>,
    inbox: Arc<Mutex<Inbox>>,
}

/// Who waits for what the browser says.
#[derive(Default)]
struct Inbox {
    answers: BTreeMap<u64, Sender<Value>>,
    pages: BTreeMap<String, Sender<Value>>,
}

impl Chromium {
    /// Starts a browser with a profile of its own; `name` tells those of one process apart.
    pub(crate) fn start(name: &str) -> Self {
        let profile = std::env::temp_dir().join(format!("sio08-chromium-{}-{name}", std::process::id()));
        let mut child = Command::new("chromium")
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium is installed (Debian: apt-get install chromium)");
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let url = said
            .by_ref()
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("chromium says where it listens");
        // Whoever does not read what it says stops it.
        std::thread::spawn(move || said.for_each(drop));
        let host = url.trim_start_matches("ws://").split('/').next().unwrap();
        let stream = TcpStream::connect(host).unwrap();
        let writer = WebSocket::from_raw_socket(stream.try_clone().unwrap(), Role::Client, None);
        let (reader, _) = client(&url, stream).unwrap();
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let read_into = Arc::clone(&inbox);
        std::thread::spawn(move || read(reader, &read_into));
        Self { child, profile, writer: Mutex::new((0, writer)), inbox }
    }

    /// A tab of its own, as if in a browser of its own: with its own cookies and connections.
    pub(crate) fn open(&self, url: &str) -> Page<'_> {
        let context = self.call("", "Target.createBrowserContext", &json!({}));
        self.tab(context["browserContextId"].as_str().unwrap(), url)
    }

    fn tab(&self, context: &str, url: &str) -> Page<'_> {
        let target = json!({"url": "about:blank", "browserContextId": context});
        let target = self.call("", "Target.createTarget", &target)["targetId"].clone();
        let attach = json!({"targetId": target, "flatten": true});
        let session =
            self.call("", "Target.attachToTarget", &attach)["sessionId"].as_str().unwrap().to_owned();
        let (report, reports) = channel();
        self.inbox.lock().unwrap().pages.insert(session.clone(), report);
        let page =
            Page { browser: self, context: context.to_owned(), session, reports: Reports::new(reports) };
        for enabled in ["Page.enable", "Runtime.enable"] {
            page.call(enabled, &json!({}));
        }
        page.call("Runtime.addBinding", &json!({"name": "report"}));
        page.navigate(url);
        page
    }

    /// Calls a method and gives its result.
    fn call(&self, session: &str, method: &str, params: &Value) -> Value {
        let (answer, answers) = channel();
        {
            let mut writer = self.writer.lock().unwrap();
            let (last, socket) = &mut *writer;
            *last += 1;
            self.inbox.lock().unwrap().answers.insert(*last, answer);
            let mut call = json!({"id": *last, "method": method, "params": params});
            if !session.is_empty() {
                call["sessionId"] = json!(session);
            }
            socket.send(Message::text(call.to_string())).unwrap();
        }
        let answer: Value = answers
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("the browser does not answer {method}: {error}"));
        assert!(answer.get("error").is_none(), "{method} {params}: {answer}");
        answer["result"].clone()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        std::fs::remove_dir_all(&self.profile).ok();
    }
}

fn read(mut socket: WebSocket<TcpStream>, inbox: &Mutex<Inbox>) {
    while let Ok(message) = socket.read() {
        let Ok(text) = message.to_text() else { continue };
        let Ok(said) = serde_json::from_str::<Value>(text) else { continue };
        let mut inbox = inbox.lock().unwrap();
        if let Some(id) = said["id"].as_u64() {
            inbox.answers.remove(&id).map(|answer| answer.send(said));
        } else if let (Some(report), Some(page)) =
            (in_our_words(&said), said["sessionId"].as_str().and_then(|session| inbox.pages.get(session)))
        {
            page.send(report).ok();
        }
    }
}

/// What the page tells by `report(JSON)`, and what it did not catch.
fn in_our_words(said: &Value) -> Option<Value> {
    let params = &said["params"];
    match said["method"].as_str()? {
        "Runtime.bindingCalled" => serde_json::from_str(params["payload"].as_str()?).ok(),
        "Runtime.exceptionThrown" => Some(json!({"on": "exception", "details": params["exceptionDetails"]})),
        _ => None,
    }
}

/// One tab, closed when dropped.
pub(crate) struct Page<'a> {
    browser: &'a Chromium,
    context: String,
    session: String,
    /// What the page told.
    pub(crate) reports: Reports,
}

impl Page<'_> {
    /// Another tab of the same browser.
    pub(crate) fn sibling(&self, url: &str) -> Self {
        self.browser.tab(&self.context, url)
    }

    fn navigate(&self, url: &str) {
        let answer = self.call("Page.navigate", &json!({"url": url}));
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
        // Not its load event, which a script that polls can keep waiting.
        self.until("document.readyState !== 'loading'", &json!(true));
    }

    fn call(&self, method: &str, params: &Value) -> Value {
        self.browser.call(&self.session, method, params)
    }

    /// The value of an expression, or of the promise it is.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", &params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is `expected`.
    pub(crate) fn until(&self, expression: &str, expected: &Value) {
        let end = Instant::now() + PATIENCE;
        loop {
            let value = self.evaluate(expression);
            if value == *expected {
                return;
            }
            assert!(Instant::now() < end, "{expression} is {value}, not {expected}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Types by the keyboard, into whatever has the focus.
    pub(crate) fn type_text(&self, text: &str) {
        // The tab that is typed in is the one in front.
        self.call("Page.bringToFront", &json!({}));
        for character in text.chars() {
            self.key("char", &json!({"text": character}));
        }
    }

    /// Presses Enter.
    pub(crate) fn enter(&self) {
        let enter = json!({"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"});
        self.key("keyDown", &enter);
        self.key("keyUp", &enter);
    }

    fn key(&self, kind: &str, key: &Value) {
        let mut key = key.clone();
        key["type"] = json!(kind);
        self.call("Input.dispatchKeyEvent", &key);
    }

    /// Takes a picture of the page as it is shown.
    pub(crate) fn screenshot(&self, file: &Path) {
        let picture = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, from_base64(picture["data"].as_str().unwrap())).unwrap();
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        // A test that has failed may have ended because the browser does not answer.
        if !std::thread::panicking() {
            self.call("Page.close", &json!({}));
        }
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().map_while(digit).collect();
    let bytes = |group: &[u32]| {
        let bits = group.iter().enumerate().fold(0, |bits, (place, digit)| bits | digit << (26 - 6 * place));
        bits.to_be_bytes().into_iter().take(group.len() * 6 / 8)
    };
    digits.chunks(4).flat_map(bytes).collect()
}
