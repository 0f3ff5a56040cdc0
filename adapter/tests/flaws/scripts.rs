//! What a browser would run as a script.

use super::Attacked;

/// 0.8.7 writes `?jsonp=` into the script of the handshake as it came.
#[tokio::test]
async fn a_callback_of_a_handshake_that_is_not_digits_never_reaches_a_script() {
    let attacked = Attacked::start().await;
    for index in ["alert(1)", "0];alert(1);io.j[0", "1e3", "-1", "%30%5D", "99999999999999999999999999"] {
        let response = attacked.get(&format!("/socket.io/1/?jsonp={index}")).await;
        assert!(!response.body.contains("io.j"), "{index}: {}", response.body);
        assert!(!response.header("content-type").unwrap().contains("javascript"), "{index}");
    }
    attacked.goes_on().await;
}

/// 0.8.7 writes `?i=` into the script of each poll as it came.
#[tokio::test]
async fn an_index_of_a_jsonp_poll_that_is_not_digits_never_reaches_a_script() {
    let attacked = Attacked::start().await;
    for index in ["alert(1)", "0];alert(1);io.j[0", "1,2", "%30%5D"] {
        let mut raw = attacked.connect().await;
        raw.send_get(&format!("/socket.io/1/jsonp-polling/nobody?i={index}")).await;
        let Some(response) = raw.response().await else { continue };
        assert!(
            response.body.is_empty() || response.body.starts_with("io.j[0]("),
            "{index}: {}",
            response.body
        );
        assert!(!response.body.contains("alert"), "{index}: {}", response.body);
    }
    attacked.goes_on().await;
}

/// Data that ends a script or a line of it, as 0.8.7 lets it.
const BREAKS_OUT: &str = "</script><!--\u{2028}\u{2029}\"'\\";

fn is_harmless(script: &str) -> bool {
    !script.contains("</script><") && !script.contains("<!--") && !script.contains(['\u{2028}', '\u{2029}'])
}

#[tokio::test]
async fn data_cannot_end_the_script_of_a_jsonp_poll() {
    let attacked = Attacked::start().await;
    let mut raw = attacked.connect().await;
    let handshake = raw.get("/socket.io/1/").await;
    let id = handshake.body.split(':').next().unwrap().to_owned();
    let target = format!("/socket.io/1/jsonp-polling/{id}?i=0");
    assert_eq!(raw.get(&target).await.body, "io.j[0](\"1::\");");
    let posted = format!("/socket.io/1/xhr-polling/{id}");
    assert_eq!(raw.post(&posted, &format!("3:::{BREAKS_OUT}")).await.body, "1");
    let script = raw.get(&target).await.body;
    assert!(script.starts_with("io.j[0](\"3:::") && is_harmless(&script), "{script}");
    attacked.goes_on().await;
}

#[tokio::test]
async fn data_cannot_end_the_script_of_an_htmlfile_stream() {
    let attacked = Attacked::start().await;
    let mut raw = attacked.connect().await;
    let handshake = raw.get("/socket.io/1/").await;
    let id = handshake.body.split(':').next().unwrap().to_owned();
    let mut stream = attacked.connect().await;
    stream.send_get(&format!("/socket.io/1/htmlfile/{id}")).await;
    let head = stream.response_head().await.unwrap();
    assert_eq!(head.status, 200);
    let posted = format!("/socket.io/1/htmlfile/{id}");
    assert_eq!(raw.post(&posted, &format!("3:::{BREAKS_OUT}end")).await.body, "1");
    let mut streamed = String::new();
    while !streamed.contains("end\"") && !streamed.contains("end'") {
        let byte = stream.take(1).await.expect("the stream goes on");
        streamed.push(char::from(byte[0]));
    }
    let script = streamed.split("3:::").nth(1).unwrap();
    assert!(!script.contains("</script><") && !script.contains("<!--"), "{script}");
    attacked.goes_on().await;
}

/// Each kind of `d` that ends the process of 0.8.7.
#[tokio::test]
async fn a_jsonp_post_without_a_json_string_harms_nobody() {
    let attacked = Attacked::start().await;
    let bodies = [
        "",
        "x=1",
        "d=",
        "d=%zz",
        "d=%22",
        "d=%22%5Cu12%22",
        "d=not json",
        "d=1",
        "d=true",
        "d=null",
        "d=[]",
        "d={}",
        "d=%22a%22&d=%22b%22",
        "d=%22%5Cud800%22",
        "d=%ff%fe",
        "d=%22a%22x",
    ];
    for body in bodies {
        for target in [
            format!("/socket.io/1/jsonp-polling/{}", attacked.node.open_polling().await),
            "/socket.io/1/jsonp-polling/nobody".to_owned(),
        ] {
            let len = body.len();
            let answer = attacked
                .bytes(format!(
                    "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                     Content-Length: {len}\r\n\r\n{body}"
                ))
                .await;
            assert!(answer.is_some_and(|answer| answer.status == 200), "{target} {body}");
        }
    }
    attacked.goes_on().await;
}
