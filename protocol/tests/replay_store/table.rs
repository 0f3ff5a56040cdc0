//! Where our machine differs from the recorded nodes on purpose: scenario, node, lines as the test prints them.

pub(crate) const TABLE: &[(&str, &str, &[&str])] = &[
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
    // The request is closed instead of being left without an answer, as everywhere.
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
    // The request is closed instead of being left without an answer.
    (
        "unknown-session",
        "a",
        &[r#"GET /socket.io/1/xhr-polling/4718?disconnect at a: sent ["8 closed"] instead of []"#],
    ),
];
