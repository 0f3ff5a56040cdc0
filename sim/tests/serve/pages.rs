//! The pages around the sessions.

use crate::process::Serve;

#[test]
fn one_line_says_where_it_listens_and_what_it_serves() {
    let serve = Serve::start(&["--app", "echo"]);
    let expected = format!("listening on http://{} (app echo)", serve.address);
    assert!(serve.greeting.starts_with(&expected), "{}", serve.greeting);
}

#[test]
fn the_page_is_at_the_root_and_brings_its_own_client() {
    let serve = Serve::start(&[]);
    let page = serve.get("/?anything");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-type: text/html; charset=utf-8"), "{}", page.head);
    assert!(page.body.contains("new WebSocket(") && !page.body.contains("{client}"));
}

#[test]
fn head_of_the_page_has_no_body() {
    let serve = Serve::start(&[]);
    let mut http = serve.connect();
    assert_eq!(http.request("HEAD", "/", "").status, 200);
    assert_eq!(http.request("GET", "/", "").status, 200);
}

#[test]
fn without_a_client_script_its_path_says_how_to_get_one() {
    let serve = Serve::start(&[]);
    let answer = serve.get("/socket.io/socket.io.js");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("--client-js FILE"), "{}", answer.body);
}

#[test]
fn a_client_script_is_served_and_used_by_the_page() {
    let file = std::env::temp_dir().join(format!("sio08-serve-{}.js", std::process::id()));
    std::fs::write(&file, "// the client of the test\n").unwrap();
    let serve = Serve::start(&["--client-js", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    let script = serve.get("/socket.io/socket.io.js");
    assert_eq!((script.status, script.body.as_str()), (200, "// the client of the test\n"));
    assert!(script.head.contains("content-type: application/javascript"), "{}", script.head);
    assert!(serve.get("/").body.contains("src=\"/socket.io/socket.io.js\""));
}

#[test]
fn a_client_script_is_compressed_for_who_takes_it_and_not_sent_again_to_who_has_it() {
    let file = std::env::temp_dir().join(format!("sio08-serve-gzip-{}.js", std::process::id()));
    std::fs::write(&file, "// the client of the test\n".repeat(100)).unwrap();
    let serve = Serve::start(&["--client-js", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    let target = "/socket.io/socket.io.js";
    let head = serve.connect().request_with("HEAD", target, "Accept-Encoding: gzip\r\n").head;
    assert!(
        head.contains("content-encoding: gzip\r\n") && head.contains("vary: accept-encoding\r\n"),
        "{head}"
    );
    let len: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert!((20..200).contains(&len), "{len}");
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().replace("w/", "W/");
    let again = serve.connect().request_with("GET", target, &format!("If-None-Match: {etag}\r\n"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn other_paths_are_not_found_and_other_methods_not_allowed() {
    let serve = Serve::start(&[]);
    assert_eq!(serve.get("/index.php").status, 404);
    let answer = serve.connect().request("DELETE", "/", "");
    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("allow: get, head"), "{}", answer.head);
}

#[test]
fn the_welcome_of_the_resource_is_the_genuine_one() {
    let serve = Serve::start(&[]);
    let answer = serve.get("/socket.io/");
    assert_eq!((answer.status, answer.body.as_str()), (200, "Welcome to socket.io."));
}
