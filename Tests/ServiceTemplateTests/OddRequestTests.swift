import Foundation
import Testing

@Suite("Requests that are odd")
struct OddRequestTests {
    let service: ServiceScript

    init() async throws { service = try await ServiceScript() }

    /// What clients, proxies, scanners and people send: none of it may be a fault of the service.
    @Test("are answered, or refused with a reason in JSON, and none is a fault")
    func all() throws {
        let script = #"""
            def raw(text, body=b""): return text.encode("latin-1").replace(b"\n", b"\r\n") + body
            def request(method, path, body=b"", *headers):
                length = [f"Content-Length: {len(body)}"] if body else []
                return raw("\n".join([f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *length, *headers, \#
            "", ""]), body)
            def post(body, *headers): return request("POST", "/prediction", body.encode() if isinstance(body, str) \#
            else body, *headers)
            def rows(*cells): return '{"rows":[' + ",".join(f"[{cell},1]" for cell in cells) + "]}"
            def infer(body): return request("POST", "/v2/models/lda/infer", body.encode())
            good = rows("10").encode()
            tensor = '{"inputs":[{"name":"rows","shape":[1,2],"datatype":"FP64","data":[10,1]}]}'
            cases = [
                (200, request("GET", "/")), (404, request("GET", "/docs")), (200, request("GET", "/openapi.json")),
                (200, request("GET", "/metrics")),
                (200, request("GET", "/v2")), (200, request("GET", "/v2/health/ready")),
                (200, request("GET", "/v2/health/live")), (200, infer(tensor)),
                (200, infer(tensor.replace("[10,1]", "[[10,1]]"))),
                (400, infer(tensor.replace("[10,1]", "[[10],[1]]"))),
                (400, infer(tensor.replace("[1,2]", "[2,2]"))), (400, infer('{"inputs":[{"name":"x"}]}')),
                (400, infer(tensor.replace('{"inputs"', '{"id":' + "[" * 300 + "]" * 300 + ',"inputs"'))),
                (400, infer(tensor.replace('"FP64"', "[]"))), (400, infer(tensor.replace('"FP64"', "{}"))),
                (400, infer(tensor[:-1] + ',"outputs":[{"name":' + "[" * 1000 + "]" * 1000 + "}]}")),
                (400, post(rows("[" * 300 + "]" * 300))), (400, post(rows('{"a":' * 300 + "1" + "}" * 300))),
                (404, request("POST", "/v2/models/other/infer", tensor.encode())),
                (404, request("POST", "/invocations", good)), (400, post('{"instances":[[10,1]]}')),
                (200, post('{"rows":[{"x":10,"y":1}]}')), (200, post("[[10,1]]")), (200, post('[{"y":1,"x":10}]')),
                (400, post("[10,1]")), (400, post("[]")), (400, post('{"rows":[10,1]}')),
                (415, post("x,y\n10,1\n", "Content-Type: text/csv")),
                (415, post("x=10&y=1", "Content-Type: application/x-www-form-urlencoded")), (400, post("x=10&y=1")),
                (415, post("--a--", "Content-Type: multipart/form-data; boundary=a")), (400, post("x,y\n10,1\n")),
                (200, post(good, "Content-Type: application/x-www-form-urlencoded")),
                (200, post(rows("10"))), (200, post(rows("9223372036854775808"))),
                (200, post(rows("18446744073709551616"))), (200, post(rows("0"))),
                (400, post(rows("null"))), (400, post(rows('"1.5"'))), (400, post(rows("NaN"))),
                (400, post(rows("Infinity"))), (400, post(rows("1" + "0" * 400))), (400, post(rows("true"))),
                (400, post(rows("1e308"))), (400, post(rows("-1e308"))), (400, post(rows("1e308", "-1e308"))),
                (400, post('{"rows":[[1e308,1e308]]}')), (400, post('{"rows":[[1e308,-1e308]]}')),
                (200, post(rows("5e-324"))), (200, post('{"rows":[[5e-324,5e-324]]}')), (400, post(rows("{}"))),
                (400, post(rows("[]"))),
                (200, post('{"rows":[[1,2,3]],"rows":[[10,1]]}')), (400, post('{"rows":[[10,1]],"id":7}')),
                (400, post('{"rows":[]}')), (400, post('{"rows":[[]]}')), (400, post("")),
                (400, post(b"\xef\xbb\xbf" + good)), (400, post(rows("10").encode("utf-16"))),
                (200, post(gzip.compress(good), "Content-Encoding: gzip")),
                (400, post(gzip.compress(good))), (400, post(good, "Content-Encoding: gzip")),
                (415, post(good, "Content-Encoding: br")),
                (200, request("POST", "/prediction", b"", "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % \#
            (len(good), good)),
                (400, request("POST", "/prediction")), (400, post(good)[:-3]),
                (400, raw("POST /prediction HTTP/1.1\nHost: x\nContent-Length: -1\n\n")),
                (400, raw("POST /prediction HTTP/1.1\nHost: x\nContent-Length: abc\n\n")),
                (400, raw("POST /prediction HTTP/1.1\nHost: x\nContent-Length: 17\nTransfer-Encoding: chunked\n\n")),
                (400, raw("GET / HTTP/1.1\nHost: x\nHost: y\n\n")),
                (200, post(good, "Expect: 100-continue")),
                (413, post('{"rows":[' + ",".join(["[10,1]"] * 2001) + "]}")), (413, post("[" * 9000000)),
                (400, post("[" * 1000 + "]" * 1000)),
                (200, post(rows(*["10"] * 2000))), (200, post(rows(*["1.2345678901234567"] * 2000))),
                (200, request("GET", "/prediction/023")), (200, request("GET", "/prediction/-0")),
                (200, request("GET", "//prediction/23")), (200, request("GET", "/prediction/23/")),
                (400, request("GET", "/prediction/+23")), (400, request("GET", "/prediction/%2023")),
                (400, request("GET", "/prediction/23.0")), (400, request("GET", "/prediction/%0a23")),
                (400, request("GET", "/prediction/23%00")), (400, request("GET", "/prediction/%ff%fe")),
                (404, request("GET", "/prediction/-1")), (404, request("GET", "/prediction/30")),
                (404, request("GET", "/prediction/" + "9" * 3000)),
                (414, request("GET", "/prediction/" + "9" * 9000)),
                (200, request("HEAD", "/prediction/23")), (204, request("OPTIONS", "/prediction")),
                (405, request("PUT", "/prediction")), (405, request("POST", "/line/23", good)),
                (405, request("POST", "/score", good)),
                (204, request("OPTIONS", "/prediction", b"", "Origin: http://a", "Access-Control-Request-Method: \#
            POST")),
                (200, raw("GET /score HTTP/1.0\n\n")), (400, raw("GET /score HTTP/0.9\n\n")),
                (400, raw("GET /score\n\n")),
                (400, raw("PRI * HTTP/2.0\n\nSM\n\n")),
                (200, raw("GET http://x/score HTTP/1.1\nHost: x\nConnection: close\n\n")),
                (404, raw("GET * HTTP/1.1\nHost: x\nConnection: close\n\n")),
                (200, raw("GET /score HTTP/1.1\nConnection: close\n\n")),
                (200, raw("GET /score HTTP/1.1\nHost: ;/\nConnection: close\n\n")),
                (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
                (431, request("GET", "/", b"", *(f"X-{n}: y" for n in range(200)))),
                (431, request("GET", "/", b"", "X: " + "y" * 9000)),
                (404, request("GET", "/../models/lda.joblib")), (404, request("GET", "/%2e%2e/models/lda.joblib")),
                (404, request("GET", "/inference/prediction/23")),
                (200, request("GET", "/inference/prediction/23", b"", "X-Forwarded-Prefix: /inference")),
                (200, request("GET", "/score", b"", "X_Under: y", "X-Unicode: \xe9")),
                (400, raw("get /score HTTP/1.1\nHost: x\n\n")), (400, raw("CONNECT a:443 HTTP/1.1\nHost: x\n\n")),
                (200, request("GET", "/score", b"", "Upgrade: h2c")),
                (200, request("POST", "/prediction", good, "Upgrade: h2c").replace(b"Connection: close", \#
            b"Connection: close, Upgrade")),
            ]
            wrong = 0
            for expected, sent in cases:
                connection = stall(b"")
                try: connection.sendall(sent)
                except OSError: pass
                connection.shutdown(socket.SHUT_WR) if expected == 400 and sent.endswith(b"[[10,1") else None
                answer = everything(connection).replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
                head, _, body = answer.partition(b"\r\n\r\n")
                status, is_json = int(head.split()[1]), b"content-type: application/json" in head.lower()
                has_reason = status < 400 or is_json and list(json.loads(body)) == ["error"]
                if status == 405: has_reason &= b"\r\nallow: " in head.lower()
                if status != expected or not has_reason: wrong += 1; print(expected, status, sent[:120], body[:100])
            print(len(cases), "requests,", wrong, "answered otherwise", "Traceback" in "".join(log))
            continued = stall(post(good, "Expect: 100-continue")); print(everything(continued)[:12])
            print(get("/prediction", "POST", "[[10,1],[1,10]]").text == get("/prediction", "POST", \#
            '{"rows":[[10,1],[1,10]]}').text)
            """#
        #expect(
            try service.said(script) == """
                116 requests, 0 answered otherwise False
                b'HTTP/1.1 100'
                True

                """)
    }
}
