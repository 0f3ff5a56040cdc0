//! Where our machine differs from the recorded nodes on purpose: scenario, node, lines as the test prints them.

pub(crate) const TABLE: &[(&str, &str, &[&str])] = &[
    // 0.8.7 says `close`, then `open` when a poll is answered at once from what was kept: every node takes the session for open
    // and keeps nothing for it. We say it in the order in which it happens.
    (
        "broadcast-while-away",
        "a",
        &[
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at a: published ["open [\"SID\"]", "close [\"SID\"]"] instead of ["close [\"SID\"]", "open [\"SID\"]"]"#,
        ],
    ),
    (
        "broadcast-while-away",
        "b",
        &[
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at b: published ["open [\"SID\"]", "close [\"SID\"]"] instead of ["close [\"SID\"]", "open [\"SID\"]"]"#,
        ],
    ),
    // The application of another node ends a session: 0.8.7 leaves the client connected, unheard and untold. We say `0::` and close.
    (
        "disconnect-from-other-node",
        "a",
        &[
            r#"b disconnect: published ["close [\"SID\"]"] instead of []"#,
            r#"b disconnect: sent ["2 0::", "2 closed"] instead of []"#,
            r#"message 3:::still here?: published [] instead of ["message:SID [{\"type\":\"message\",\"endpoint\":\"\",\"data\":\"still here?\"}]"]"#,
        ],
    ),
    // `disconnect-force` between polls: nobody listens in 0.8.7. Our home does, and the session ends. The request itself is closed
    // instead of being left without an answer, as everywhere.
    (
        "forced-disconnect",
        "a",
        &[
            r#"GET /socket.io/1/xhr-polling/SID?disconnect at b: told ["disconnect"] instead of []"#,
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at a: published ["close [\"SID\"]", "disconnect:SID [null]"] instead of ["open [\"SID\"]"]"#,
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at a: sent ["7 answered 7:::1+0"] instead of []"#,
        ],
    ),
    (
        "forced-disconnect",
        "b",
        &[
            r#"GET /socket.io/1/websocket/SID?disconnect at b: sent ["3 closed"] instead of []"#,
            r#"GET /socket.io/1/xhr-polling/SID?disconnect at b: sent ["6 closed"] instead of []"#,
            r#"GET /socket.io/1/xhr-polling/SID?disconnect at b: sent ["8 closed"] instead of []"#,
        ],
    ),
    // As `disconnect-from-other-node`: the late node ends a session that it does not know, by the faults of 0.8.7.
    (
        "late-node",
        "a",
        &[
            r#"websocket of SID at b: published ["close [\"SID\"]"] instead of []"#,
            r#"websocket of SID at b: sent ["2 0::", "2 closed"] instead of []"#,
            r#"message 3:::still here?: published [] instead of ["message:SID [{\"type\":\"message\",\"endpoint\":\"\",\"data\":\"still here?\"}]"]"#,
        ],
    ),
    // Rooms are left with their endpoint.
    (
        "namespaces",
        "a",
        &[
            r#"message 0::/chat: published ["leave [\"SID\",\"/chat\"]", "leave [\"SID\",\"/chat/red\"]"] instead of ["leave [\"SID\",\"/chat\"]"]"#,
        ],
    ),
    // A transport that ends away from home: 0.8.7 does not tell the home, whose application keeps the session for ever. We do.
    (
        "poll-aborted",
        "b",
        &[
            r#"the client closes: published ["close [\"SID\"]", "disconnect:SID [\"socket end\"]"] instead of ["close [\"SID\"]"]"#,
        ],
    ),
    // From its second poll on a node of 0.8.7 unsubscribes from the channels of a session by mistake, so that what other nodes send is
    // lost. Ours stays subscribed, answers the waiting poll and keeps the rest for the next.
    (
        "poll-moves",
        "b",
        &[
            r#"a emit: published ["close [\"SID\"]"] instead of []"#,
            r#"a emit: sent ["3 answered 5:::{\"name\":\"news\",\"args\":[\"to the poll at b\"]}"] instead of []"#,
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at b: published ["open [\"SID\"]", "close [\"SID\"]"] instead of ["open [\"SID\"]"]"#,
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at b: sent ["4 answered 5:::{\"name\":\"news\",\"args\":[\"second\"]}"] instead of []"#,
        ],
    ),
    // As `broadcast-while-away`.
    (
        "polling-one-node",
        "a",
        &[
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at a: published ["open [\"SID\"]", "close [\"SID\"]"] instead of ["close [\"SID\"]", "open [\"SID\"]"]"#,
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at a: published ["open [\"SID\"]", "close [\"SID\"]"] instead of ["close [\"SID\"]", "open [\"SID\"]"]"#,
        ],
    ),
    // As `poll-moves`; and because that poll was answered, later ones stand otherwise.
    (
        "polling-other-node",
        "b",
        &[
            r#"a emit: published ["close [\"SID\"]"] instead of []"#,
            r#"a emit: sent ["3 answered 5:::{\"name\":\"news\",\"args\":[\"to the open poll\"]}"] instead of []"#,
            r#"b emit: published ["dispatch:SID [\"5:::{\\\"name\\\":\\\"news\\\",\\\"args\\\":[\\\"waits\\\"]}\"]"] instead of ["close [\"SID\"]"]"#,
            r#"b emit: sent [] instead of ["3 answered 5:::{\"name\":\"news\",\"args\":[\"waits\"]}"]"#,
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at b: published ["open [\"SID\"]", "close [\"SID\"]"] instead of ["open [\"SID\"]"]"#,
            r#"GET /socket.io/1/xhr-polling/SID?t=2 at b: sent ["4 answered 5:::{\"name\":\"news\",\"args\":[\"waits\"]}"] instead of []"#,
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at b: published [] instead of ["close [\"SID\"]"]"#,
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at b: sent ["6 answered 1"] instead of ["6 answered 1", "4 answered 0::"]"#,
        ],
    ),
    // As `poll-moves`: acknowledgements and `0::` that another node publishes reach the waiting poll.
    (
        "post-at-other-node",
        "a",
        &[
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at b: published ["close [\"SID\"]"] instead of []"#,
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at b: sent ["3 answered 6:::7"] instead of []"#,
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at b: published ["close [\"SID\"]"] instead of []"#,
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at b: sent ["12 answered 0::"] instead of []"#,
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at b: told ["disconnect"] instead of []"#,
        ],
    ),
    // A session opened by a POST: its packets are delivered, as without a store, and no `1::` waits for a poll.
    (
        "post-first",
        "a",
        &[
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at a: published ["connect [\"SID\"]", "handshake [\"SID\",\"\\\"/socket.io/1/?t=1\\\" used true [\\\"headers\\\", \\\"address\\\", \\\"time\\\", \\\"query\\\", \\\"url\\\", \\\"xdomain\\\"]\"]", "handshake [\"SID\",\"\\\"/socket.io/1/?t=1\\\" used true [\\\"headers\\\", \\\"address\\\", \\\"time\\\", \\\"query\\\", \\\"url\\\", \\\"xdomain\\\"]\"]", "join [\"SID\",\"\"]"] instead of ["connect [\"SID\"]", "handshake [\"SID\",\"\\\"/socket.io/1/?t=1\\\" used true [\\\"headers\\\", \\\"address\\\", \\\"time\\\", \\\"query\\\", \\\"url\\\", \\\"xdomain\\\"]\"]", "handshake [\"SID\",\"\\\"/socket.io/1/?t=1\\\" used true [\\\"headers\\\", \\\"address\\\", \\\"time\\\", \\\"query\\\", \\\"url\\\", \\\"xdomain\\\"]\"]", "join [\"SID\",\"\"]", "dispatch:SID [\"1::\"]", "message:SID [{\"type\":\"message\",\"endpoint\":\"\",\"data\":\"before any poll\"}]"]"#,
            r#"POST /socket.io/1/xhr-polling/SID?t=3 at a: told ["connection ", "message  \"before any poll\""] instead of ["connection "]"#,
        ],
    ),
    // The request is closed instead of being left without an answer.
    (
        "unknown-session",
        "a",
        &[r#"GET /socket.io/1/xhr-polling/4718?disconnect at a: sent ["8 closed"] instead of []"#],
    ),
    // A transport away from home: 0.8.7 hands its packets to the application there, which never saw the session; the old socket's go to
    // the home by way of the store, which does not come back. Ours go to the home, whichever socket they come from, and the home is
    // told of the end.
    (
        "websocket-moves",
        "a",
        &[
            r#"message 3:::at a: published [] instead of ["message:SID [{\"type\":\"message\",\"endpoint\":\"\",\"data\":\"at a\"}]"]"#,
            r#"message 3:::at a: told ["message  \"at a\""] instead of []"#,
        ],
    ),
    (
        "websocket-moves",
        "b",
        &[
            r#"message 3:::at b: published ["message:SID [{\"type\":\"message\",\"endpoint\":\"\",\"data\":\"at b\"}]"] instead of []"#,
            r#"the client closes: published ["close [\"SID\"]", "disconnect:SID [\"socket end\"]"] instead of ["close [\"SID\"]"]"#,
        ],
    ),
];
