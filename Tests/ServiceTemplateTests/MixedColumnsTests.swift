import Foundation
import Testing

/// A model of customers as Tests/ServiceModels/make_models.py makes it: whole numbers, text, zip codes, booleans, gaps.
@Suite("A service whose columns are of several types")
struct MixedColumnsTests {
    let directory: TemporaryDirectory
    let service: ServiceScript

    init() async throws {
        let python = try await Python.everyKind.value
        directory = try TemporaryDirectory()
        let (data, models) = (directory / "data", directory / "models")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        _ = try python.see("make_models.py", "churn", data.path)
        _ = try python.train(data, models: models, environment: ["TARGET": "churned", "INDEX": "customer"])
        service = ServiceScript(data: data, models: models, python)
    }

    @Test("tells classes as they are in the data, with probabilities: of the class, and of each where it is asked for")
    func probabilities() throws {
        let script = #"""
            row = json.loads(get("/line/0").text)["features"]; print(row)
            def ask(query="", rows=[row]): return json.loads(get("/prediction" + query, "POST", json.dumps({"rows": \#
            rows})).text)
            one = ask()["predictions"][0]["churn"]; print(list(one), one["class"], round(one["probability"], 6))
            all = ask("?probabilities=all")["predictions"][0]["churn"]; print(all["class"], {name: round(value, 6) \#
            for name, value in all["probabilities"].items()})
            print(ask(rows=[list(row.values())]) == ask(), json.loads(get("/prediction/0").text)["churn"] == one, \#
            get("/readyz").status)
            print(ask("?probabilities=some"), list(json.loads(get("/score?details=1").text)["churn"]))
            print([line for line in get("/metrics").text.split("\n") if line.startswith("predictions_total")])
            """#
        #expect(
            try service.said(script) == """
                {'age': 41, 'plan': None, 'zip': '01004', 'active': True, 'spend': None}
                ['class', 'probability'] no 0.970134
                no {'no': 0.970134, 'yes': 0.029866}
                True True 200
                {'error': "probabilities must be 'all' or left out"} ['accuracy', 'balanced_accuracy']
                ['predictions_total{class="no",model="churn"} 5.0']

                """)
    }

    @Test(
        """
        takes them as tensors of the Open Inference Protocol, one for each column; one that may be empty may be left out
        """
    )
    func tensors() throws {
        let script = #"""
            about = json.loads(get("/v2/models/churn").text); print([one["datatype"] for one in about["inputs"]], \#
            about["outputs"])
            row = json.loads(get("/line/1").text)["features"]
            def infer(row, outputs=()):
                types = {str: "BYTES", bool: "BOOL", int: "INT64"}
                inputs = [{"name": name, "shape": [2], "datatype": types.get(type(cell), "FP64"), "data": [cell, \#
            cell]} for name, cell in row.items()]
                got = json.loads(get("/v2/models/churn/infer", "POST", json.dumps({"inputs": inputs, "outputs": \#
            [{"name": name} for name in outputs]})).text)
                return got.get("error") or [(one["name"], one["shape"], one["datatype"], [cell if type(cell) is str \#
            else round(cell, 4) for cell in one["data"]]) for one in got["outputs"]]
            print(infer(row)); print(infer(row, ["predict_proba", "predict"]))
            print(infer({name: cell for name, cell in row.items() if name != "plan"})); print(infer({name: cell for \#
            name, cell in row.items() if name != "age"}))
            print(infer(row | {"age": "old"}))
            """#
        #expect(
            try service.said(script) == """
                ['INT64', 'BYTES', 'BYTES', 'BOOL', 'FP64'] [{'name': 'predict', 'datatype': 'BYTES', 'shape': [-1]}, \
                {'name': 'predict_proba', 'datatype': 'FP64', 'shape': [-1, 2]}]
                [('predict', [2], 'BYTES', ['yes', 'yes'])]
                [('predict_proba', [2, 2], 'FP64', [0.3617, 0.6383, 0.3617, 0.6383]), ('predict', [2], 'BYTES', \
                ['yes', 'yes'])]
                [('predict', [2], 'BYTES', ['yes', 'yes'])]
                inputs has no tensor 'age'
                rows[0][0] is not a number: "old"

                """)
    }

    @Test("has a page with a field for each, and a curl line that is answered")
    func page() throws {
        let script = #"""
            import html, shlex
            text = get("/").text
            print(text.count("<input data-column"), text.count("<select data-column"), text.count(", may be empty"))
            curl = shlex.split(html.unescape(re.search(r'<pre id="curl">(.*?)</pre>', text, re.S)[1]))
            print(curl[2], get("/prediction", "POST", curl[2].encode()).status)
            """#
        #expect(
            try service.said(script) == """
                4 1 2
                {"rows": [{"age": 41, "plan": null, "zip": "01004", "active": true, "spend": null}]} 200

                """)
    }
}
