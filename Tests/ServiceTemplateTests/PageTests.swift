import Foundation
import Testing

@Suite("What the service tells about itself")
struct PageTests {
    let service: ServiceScript

    init() async throws { service = try await ServiceScript() }

    @Test("is a page that loads nothing: models, version, scores, a form with a real row, a curl line that works")
    func page() throws {
        let script = #"""
            import html, html.parser, shlex
            answer = get("/")
            print(answer.status, answer.getheader("Content-Type"), "default-src 'none'" in \#
            answer.getheader("Content-Security-Policy"))
            found = {"tags": set(), "loaded": [], "inputs": []}
            class Reader(html.parser.HTMLParser):
                def handle_starttag(self, tag, attributes):
                    attributes = dict(attributes); found["tags"].add(tag)
                    found["loaded"] += [attributes[name] for name in ("src", "href") if attributes.get(name, \#
            "").startswith(("http", "//"))]
                    if tag == "input": found["inputs"].append(attributes["value"])
            Reader().feed(answer.text)
            print(found["loaded"], found["inputs"], {"form", "table"} <= found["tags"])
            print(all(text in answer.text for text in ("<code>lda</code>", "<code>mlp</code>", "1.000", \#
            answer.getheader("X-Model-Version"))))
            curl = shlex.split(html.unescape(re.search(r'<pre id="curl">(.*?)</pre>', answer.text, re.S)[1]))
            print(curl[0], curl[1], curl[3], get("/prediction", "POST", curl[2].encode()).status)
            """#
        #expect(
            try service.said(script) == """
                200 text/html; charset=utf-8 True
                [] ['10.125', '0.875'] True
                True
                curl -d http://ADDRESS/prediction 200

                """)
    }

    @Test("gives no example away where examples are private, and still has a form that works")
    func privatePage() throws {
        let script = #"""
            import html, shlex
            text = get("/").text
            curl = shlex.split(html.unescape(re.search(r'<pre id="curl">(.*?)</pre>', text, re.S)[1]))
            print("10.125" in text, curl[2], get("/prediction", "POST", curl[2].encode()).status, "/line/" in \#
            get("/openapi.json").text)
            """#
        #expect(
            try service.said(script, ["EXAMPLES": "private"])
                == "False {\"rows\": [{\"x\": 0.0, \"y\": 0.0}]} 200 False\n")
    }

    @Test("writes names of columns and models into the page as text, whatever they hold")
    func escaped() throws {
        let script = """
            import page
            from schema import Column
            class Odd:
                names, tasks, scores, version, count = ["<b>m</b>"], {"<b>m</b>": "classification"}, {}, "v", 0
                columns = [Column("</script><script>x</script>", "text"), Column("'\\"&", "boolean", True)]
                examples_are_private = True
            text = page.of(Odd()).decode()
            print("<b>" in text, text.count("<script>x"), text.count("</script>"))
            """
        #expect(try service.python.answer(script, []) == "False 0 2\n")
    }

    @Test("is OpenAPI that a validator takes, with each address and each column")
    func openAPI() async throws {
        let text = try service.said("print(get('/openapi.json').text)")
        let reader = """
            import json, sys
            from openapi_spec_validator import validate
            document = json.loads(sys.argv[1]); validate(document)
            print(*document["paths"])
            print(document["components"]["schemas"]["Row"]["properties"])
            """
        #expect(
            try await Python.clients.value.answer(reader, [text]) == """
                /prediction /score /healthz /readyz /metrics /line/{n} /prediction/{n}
                {'x': {'type': 'number', 'examples': [10.0]}, 'y': {'type': 'number', 'examples': [1.0]}}

                """)
    }
}
