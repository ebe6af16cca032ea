import Foundation
import Testing

@Suite("What waits while the models work")
struct BatchingTests {
    let python: Python

    init() async throws { python = try await Python.shared.value }

    @Test("is answered together, each with its own answers, and a probe next")
    func together() throws {
        let said = try said(
            """
            first = asyncio.create_task(ask(["first"])); await busy()
            others = [asyncio.create_task(ask([f"{n}a", f"{n}b"])) for n in range(4)]
            probe = asyncio.create_task(ask(["probe"], is_probe=True)); await asyncio.sleep(0)
            gate.release(100)
            print(await first, await probe, *[await other for other in others])
            print(calls, counted)
            """)
        #expect(
            said == """
                ['FIRST'] ['PROBE'] ['0A', '0B'] ['1A', '1B'] ['2A', '2B'] ['3A', '3B']
                [['first'], ['probe', '0a', '0b', '1a', '1b', '2a', '2b', '3a', '3b']] ['FIRST', '0A', '0B', '1A', \
                '1B', '2A', '2B', '3A', '3B']

                """)
    }

    @Test("is not more than one request may have, and what is over is answered next")
    func most() throws {
        let said = try said(
            """
            batching.MOST_ROWS = 5
            first = asyncio.create_task(ask(["x"])); await busy()
            others = [asyncio.create_task(ask([str(n)] * count)) for n, count in enumerate((3, 2, 1, 9, 1))]; await \
            asyncio.sleep(0)
            gate.release(100); await asyncio.gather(first, *others)
            print([len(call) for call in calls])
            """)
        #expect(said == "[1, 5, 1, 9, 1]\n")
    }

    @Test("does not suffer from a request among it that cannot be read, or that models fail at")
    func faults() throws {
        let said = try said(
            """
            def unreadable(): raise ValueError("no rows")
            first = asyncio.create_task(ask(["x"])); await busy()
            others = [asyncio.create_task(ask(rows)) for rows in (["a"], unreadable, ["poison"], ["b"])]; await \
            asyncio.sleep(0)
            gate.release(100)
            for got in await asyncio.gather(*others, return_exceptions=True): print(repr(got))
            """)
        #expect(said == "['A']\nValueError('no rows')\nRuntimeError('out of order')\n['B']\n")
    }

    @Test("does not change another's answer, where one has a fraction in a column of whole numbers that models encode")
    func fractions() async throws {
        let python = try await Python.everyKind.value
        let directory = try TemporaryDirectory()
        _ = try python.see("make_models.py", "codes", (directory / "model").path)
        _ = try python.train(
            directory / "model", models: directory / "models", environment: ["TARGET": "price"])
        let script = """
            import asyncio, batching, json, loading, metadata, pathlib, rows, sys, threading
            directory = pathlib.Path(sys.argv[1]); loading.OWN = directory / "model"
            loaded = loading.load(metadata.Trained(directory / "models"))
            gate, at_work = threading.Event(), threading.Event()
            class Slow:
                def answers(self, *asked):
                    at_work.set(); gate.wait(60)
                    return loaded.answers(*asked)
            batcher = batching.Batcher(Slow())
            def ask(code):
                body = json.dumps([{"a": 0.1, "code": code}]).encode()
                def reply(answers): return round(answers[0]["codes"]["value"], 4)
                return batcher.ask(lambda: rows.rows_of(body, loaded), reply)
            async def main():
                first = asyncio.create_task(ask(3)); await asyncio.to_thread(at_work.wait, 60)
                others = [asyncio.create_task(ask(code)) for code in (3.5, 3, 3.0)]; await asyncio.sleep(0)
                gate.set()
                print(await first, [await other for other in others])
            asyncio.run(main())
            """
        #expect(try python.answer(script, [directory.url.path]) == "2.6201 [1.7738, 2.6201, 2.6201]\n")
    }

    /// What a script prints with models that wait until `gate` lets them, and note what they are asked.
    private func said(_ script: String) throws -> String {
        let whole = """
            import asyncio, batching, threading
            gate, at_work, calls, counted = threading.Semaphore(0), threading.Event(), [], []
            class Rows(list):
                joined = staticmethod(lambda parts: Rows(row for part in parts for row in part))
            class Models:
                def answers(self, rows, probabilities):
                    at_work.set(); gate.acquire()
                    if "poison" in rows: raise RuntimeError("out of order")
                    calls.append(list(rows))
                    return [row.upper() for row in rows]
            batcher = batching.Batcher(Models(), counted.extend)
            def ask(rows, **more): return batcher.ask(rows if callable(rows) else Rows(rows), lambda answers: answers, \
            **more)
            async def busy(): await asyncio.to_thread(at_work.wait, 60)
            async def main():
            \(script.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
            asyncio.run(main())
            """
        return try python.answer(whole, [])
    }
}
