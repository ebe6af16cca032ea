import Foundation
import Testing

@Suite("While it drains the service")
struct DrainTests {
    let service: ServiceScript

    init() async throws { service = try await ServiceScript() }

    @Test("loses no request of clients that keep their connections: all have gone before it is ended")
    func noRequestIsLost() throws {
        #expect(
            try service.said(Self.load)
                == "8 clients have gone, 0 requests failed, ended with 0\n")
    }

    @Test("is not ready, but alive, and answers whoever still comes, once for each connection")
    func stillAnswers() throws {
        let script = """
            def answer(path):
                connection = connect(); connection.request("GET", path); response = connection.getresponse()
                print(path, response.status, response.getheader("Connection"), response.read().decode(), end="")
            answer("/readyz"); drain(); answer("/readyz"); answer("/healthz"); answer("/line/0")
            """
        #expect(
            try service.said(script) == """
                /readyz 200 None {"status":"ok"}
                /readyz 503 close {"error":"this service is shutting down"}
                /healthz 200 close {"status":"ok"}
                /line/0 200 close {"line":0,"number":0,"letter":"A","features":{"x":10.125,"y":0.875}}

                """)
    }

    @Test("has forgotten it when its container is started again in the same pod")
    func forgets() throws {
        let script = """
            drain(); stop(); start()
            connection = connect(); connection.request("GET", "/readyz"); print(connection.getresponse().status)
            """
        #expect(try service.said(script) == "200\n")
    }

    /// Eight clients ask without a pause; each goes when an answer says that the connection is closed, as it would to
    /// another pod.
    private static let load = """
        import threading
        answers, failed, gone = [0] * 8, [], []
        def client(number):
            connection = connect()
            try:
                while True:
                    connection.request("GET", f"/prediction/{number}")
                    response = connection.getresponse(); response.read()
                    if response.status != 200: failed.append(response.status)
                    answers[number] += 1
                    if response.getheader("Connection") == "close": gone.append(number); return
            except Exception as error: failed.append(error)
        clients = [threading.Thread(target=client, args=[number], daemon=True) for number in range(8)]
        for thread in clients: thread.start()
        wait(lambda: min(answers) >= 20 or failed, "all are served"); drain()
        wait(lambda: not any(thread.is_alive() for thread in clients), "all have gone")
        print(f"{len(gone)} clients have gone, {len(failed)} requests failed, ended with {stop()}", *failed)
        """
}
