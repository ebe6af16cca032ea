import Foundation
import Testing

@Suite("Clients that stall")
struct StallTests {
    let service: ServiceScript

    init() async throws { service = try await ServiceScript() }

    /// What each of them sends before it falls silent.
    static let beginnings = [
        ("nothing", ""), ("half a head", #"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "#),
        ("half a body", #"POST /prediction HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"#),
        ("half a chunk", #"POST /prediction HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"#),
    ]

    @Test("keep nobody waiting: with 900 of them, probes and requests are answered as before", arguments: beginnings)
    func nobodyWaits(name: String, beginning: String) throws {
        let script = """
            stalled = [stall(b"\(beginning)") for _ in range(900)]
            for path in ["/healthz", "/readyz", "/prediction/7", "/line/7", "/score"] * 4: print(ask("GET", path), \
            end=" ")
            print(ask("POST", "/prediction", b'{"rows": [[10, 1]]}'), end=" ")
            stalled[0].setblocking(False)
            try: print(stalled[0].recv(100))
            except BlockingIOError: print("and they still stall")
            """
        #expect(
            try service.said(script) == String(repeating: "200 ", count: 21)
                + "and they still stall\n")
    }

    @Test("are let go when their time is over, and told why where they have begun")
    func deadline() throws {
        let script = """
            stalled = [stall(b"\(Self.beginnings.map(\.1).joined(separator: #"" ), stall(b""#))")]
            for connection in stalled: print(everything(connection).partition(b"\\r\\n\\r\\n")[2].decode().strip() or \
            "closed")
            print(ask("GET", "/readyz"))
            """
        let late = #"{"error":"the request did not arrive in time"}"#
        #expect(
            try service.said(
                script, before: "import reading; reading.HEAD_TIME = reading.BODY_TIME = 0.5")
                == "closed\n\(late)\n\(late)\n\(late)\n200\n"
        )
    }

    @Test("go first when there are more connections than the service has room for")
    func room() throws {
        let script = """
            stalled = [stall(b"GET / HTT") for _ in range(10)]
            print(ask("GET", "/healthz"), end=" ")
            more = [stall(b"GET / HTT") for _ in range(40)]
            print(ask("GET", "/healthz"), ask("GET", "/prediction/7"))
            print(everything(stalled[0]).partition(b"\\r\\n\\r\\n")[2].decode(), end="")
            """
        let said = try service.said(
            script, before: "import reading; reading.MOST_CONNECTIONS = 20")
        #expect(said == "200 200 200\n" + #"{"error":"this service has no room for more connections"}"# + "\n")
    }

    @Test("and requests that are no HTTP, or break off, get an answer in JSON")
    func noHTTP() throws {
        let requests = [
            #"\x16\x03\x01\x02\x00\x01\x00"#, #"GET / HTTP/0.9\r\n\r\n"#, #"get / HTTP/1.1\r\nHost: x\r\n\r\n"#,
            #"GET /"# + String(repeating: "a", count: 9000) + #" HTTP/1.1\r\nHost: x\r\n\r\n"#,
            #"GET / HTTP/1.1\r\nHost: x\r\nX: "# + String(repeating: "a", count: 9000) + #"\r\n\r\n"#,
            #"POST /prediction HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"#,
            #"POST /prediction HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"#,
            #"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"#,
        ]
        let script = """
            import json
            for request in [b"\(requests.joined(separator: #"", b""#))"]:
                head, _, body = everything(stall(request, True)).partition(b"\\r\\n\\r\\n")
                print(head.split()[1].decode(), b"content-type: application/json" in head.lower(), \
            list(json.loads(body)))
            print(json.loads(everything(stall(b"\\x16\\x03\\x01", True)).partition(b"\\r\\n\\r\\n")[2])["error"])
            connection = stall(b"POST /prediction HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 10\\r\\n\\r\\n{"); \
            connection.shutdown(socket.SHUT_WR)
            print(everything(connection).partition(b"\\r\\n\\r\\n")[2].decode(), end="")
            """
        let said = try service.said(script).split(separator: "\n").map(String.init)
        let statuses = ["400", "400", "400", "414", "431", "400", "400", "400"]
        #expect(said.dropLast(2) == ArraySlice(statuses.map { "\($0) True ['error']" }))
        #expect(said.dropLast().last == "this port speaks http, not https")
        #expect(said.last == #"{"error":"the request ends before it is complete"}"#)
    }

    @Test("are not those who send several requests at once: these are answered, in their order")
    func pipeline() throws {
        let script = """
            one = b"GET /prediction/%d HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
            chunked = b"POST /prediction HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"
            chunks = b"8\\r\\n{\\"rows\\":\\r\\n9;x=y\\r\\n[[10,1]]}\\r\\n0\\r\\nX: y\\r\\n\\r\\n"
            last = b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n"
            answers = everything(stall(b"".join(one % n for n in (7, 25)) + last.replace(b"Connection: close\\r\\n", \
            b"") + chunked + chunks + last, True))
            print(re.findall(r'{"line":\\d+|{"status":"ok"}|{"predictions":\\[{"lda":{"number":\\d', answers.decode()))
            """
        #expect(
            try service.said(script)
                == #"""
                ['{"line":7', '{"line":25', '{"status":"ok"}', '{"predictions":[{"lda":{"number":0', \#
                '{"status":"ok"}']
                """#
                + "\n")
    }

    @Test("get their answer when they read it late: one that waits in the kernel takes no thread")
    func lateReaders() throws {
        let script = """
            body = b'{"rows":[' + b",".join([b"[10,1]"] * 2000) + b"]}"
            post = b"POST /prediction HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Length: \
            %d\\r\\n\\r\\n" % len(body) + body
            late = [stall(post, True) for _ in range(16)]
            print(ask("GET", "/prediction/7"), ask("GET", "/readyz"), {everything(connection).count(b"lda") for \
            connection in late})
            """
        #expect(try service.said(script) == "200 200 {2000}\n")
    }
}
