import Foundation
import Testing

@Suite("Every answer")
struct EveryAnswerTests {
    let service: ServiceScript

    init() async throws { service = try await ServiceScript() }

    @Test("says which training gave it and which request it is for, the client's own number if it has one")
    func headers() throws {
        let script = #"""
            version = json.load(open(os.environ["MODELS_DIR"] + "/metadata.json"))["version"]
            for path in ("/prediction/7", "/healthz", "/nothing", "/prediction/x", "/metrics"):
                answer = get(path)
                print(answer.status, answer.getheader("X-Model-Version") == version, \#
            bool(re.fullmatch("[0-9a-f]{16}", answer.getheader("X-Request-Id"))))
            for number in ("mine-1", "x" * 128, "x" * 129, "with space", ""):
                print(get("/score", headers={"X-Request-Id": number}).getheader("X-Request-Id") == number, end=" ")
            """#
        #expect(
            try service.said(script) == """
                200 True True
                200 True True
                404 True True
                400 True True
                200 True True
                True True False False False 
                """)
    }

    @Test(
        "comes in one piece, also without a body: a client that is slow to confirm the head does not wait for the rest")
    func onePiece() throws {
        let script = #"""
            pieces = set()
            for _ in range(20):
                connection = stall(b"GET /prediction/7 HTTP/1.1\r\nHost: x\r\n\r\n")
                pieces.add(connection.recv(65536).endswith(b"}}\n")); connection.close()
            print(pieces, get("/score", "HEAD").status, get("/score", "OPTIONS").status)
            connection = stall(b"POST /prediction HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: \#
            17\r\n\r\n")
            print(connection.recv(65536)); connection.sendall(b'{"rows":[[10,1]]}'); print(connection.recv(65536)[:15])
            """#
        #expect(
            try service.said(script) == """
                {True} 200 204
                b'HTTP/1.1 100 Continue\\r\\n\\r\\n'
                b'HTTP/1.1 200 OK'

                """)
    }

    @Test("that is long comes packed to who takes it so, and bodies may be packed, too")
    func gzip() throws {
        let script = #"""
            body = b'{"rows":[' + b",".join([b"[10,1]"] * 500) + b"]}"
            plain = get("/prediction", "POST", body).text
            for accepted in ("gzip", "deflate, gzip;q=0.5", "gzip;q=0", "br"):
                connection = connect(); connection.request("POST", "/prediction", gzip.compress(body), \#
            {"Content-Encoding": "gzip", "Accept-Encoding": accepted})
                answer = connection.getresponse(); content = answer.read(); packed = \#
            answer.getheader("Content-Encoding")
                print(packed, answer.getheader("Vary"), (gzip.decompress(content) if packed else content).decode() == \#
            plain)
            print(get("/score", headers={"Accept-Encoding": "gzip"}).getheader("Content-Encoding"))
            parts = gzip.compress(body[:99]) + gzip.compress(body[99:])
            print(get("/prediction", "POST", parts, {"Content-Encoding": "gzip"}).text == plain)
            for body in (gzip.compress(body)[:-9], body, gzip.compress(b" " * 9000000)):
                print(get("/prediction", "POST", body, {"Content-Encoding": "gzip"}).text.split(":", 1)[1], end="")
            """#
        #expect(
            try service.said(script) == """
                gzip Accept-Encoding True
                gzip Accept-Encoding True
                None None True
                None None True
                None
                True
                "the body is cut off: its gzip data is incomplete"}
                "the body is not gzip, but its Content-Encoding header says so: compress it, or leave that header out"}
                "the body is too large: send at most 8388608 bytes at once, uncompressed"}

                """)
    }

    @Test("to HEAD has no body, to OPTIONS the methods, and a proxy's prefix is left out")
    func methods() throws {
        let script = #"""
            for method, path in (("HEAD", "/score"), ("HEAD", "/prediction/7"), ("OPTIONS", "/score"), ("OPTIONS", \#
            "/prediction"), ("OPTIONS", "/no")):
                answer = get(path, method)
                print(method, path, answer.status, answer.getheader("Allow"), answer.getheader("Content-Length"), \#
            len(answer.text))
            for prefix in ("/inference", "/inference/", "/other", "no path"):
                print(get("/inference/prediction/7", headers={"X-Forwarded-Prefix": prefix}).status, end=" ")
            """#
        #expect(
            try service.said(script) == """
                HEAD /score 200 None 22 0
                HEAD /prediction/7 200 None 75 0
                OPTIONS /score 204 GET, HEAD, OPTIONS None 0
                OPTIONS /prediction 204 POST, OPTIONS None 0
                OPTIONS /no 404 None 156 156
                200 200 404 404 
                """)
    }

    @Test("is a line of the log where requests are logged, with no feature and nothing behind the ?")
    func log() throws {
        let script = #"""
            get("/prediction", "POST", b'{"rows": [[10.0625, 1], [1, 2]]}', {"X-Request-Id": "mine"}); \#
            get("/score?secret=1")
            wait(lambda: len(told) == 2, "two requests are logged")
            for line in told:
                entry = json.loads(line)
                print(list(entry), [entry[name] for name in ("method", "path", "status", "rows")], 0 < entry["ms"] < \#
            60000)
            print(json.loads(told[0])["request"], "10.0625" in "".join(told + log), "secret" in "".join(told + log))
            stop(); del os.environ["LOG"]; told.clear(); start(); get("/score"); stop(); print(told)
            """#
        let names = "['time', 'method', 'path', 'status', 'ms', 'rows', 'version', 'request']"
        #expect(
            try service.said(script, ["LOG": "requests"]) == """
                \(names) ['POST', '/prediction', 200, 2] True
                \(names) ['GET', '/score', 200, 0] True
                mine False False
                []

                """)
    }

    @Test("is counted for Prometheus: requests by address, rows and classes by model, but no probe's")
    func metrics() async throws {
        let script = #"""
            for path in ("/prediction/7", "/prediction/8", "/prediction/25", "/readyz", "/wp-login.php", \#
            "/prediction/x"): ask("GET", path)
            ask("POST", "/prediction", b'{"rows": [[10, 1], [1, 10]]}')
            answer = get("/metrics")
            print(answer.text)
            """#
        let text = try service.said(script, ["RELEASE": "r7"])
        let reader = #"""
            import sys
            from prometheus_client.parser import text_string_to_metric_families as families
            found = {(sample.name, *sample.labels.values()): sample.value for family in families(sys.argv[1]) for \#
            sample in family.samples}
            for name in sorted(key for key in found if key[0] in ("http_requests_total", "prediction_rows_total", \#
            "predictions_total")): print(*name, found[name])
            print(next(key[1] for key in found if key[0] == "model_info"), \#
            found["http_request_duration_seconds_count", "/prediction/<number>"])
            """#
        #expect(
            try await Python.clients.value.answer(reader, [text]) == """
                http_requests_total GET /prediction/<number> 200 3.0
                http_requests_total GET /prediction/<number> 400 1.0
                http_requests_total GET /readyz 200 1.0
                http_requests_total GET other 404 1.0
                http_requests_total POST /prediction 200 1.0
                prediction_rows_total lda 5.0
                prediction_rows_total mlp 5.0
                predictions_total 0 lda 3.0
                predictions_total 0 mlp 3.0
                predictions_total 1 lda 1.0
                predictions_total 1 mlp 1.0
                predictions_total 2 lda 1.0
                predictions_total 2 mlp 1.0
                r7 4.0

                """)
    }
}
