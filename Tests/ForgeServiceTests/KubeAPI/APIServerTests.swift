import ForgeCore
import ForgePlan
import Testing

@testable import ForgeService

@Suite("The cluster's API")
struct APIServerTests {
    private let server = APIServer(Example.cluster())

    private func answers(_ look: CommandState, isMade: Bool = true) -> Answers {
        let looks = server.looks
        return Example.answers([looks[0]: look, looks[1]: CommandState(exitCode: isMade ? 0 : 1)])
    }

    private let refused = CommandState(
        exitCode: 1, text: "E1121 15:17:32 memcache.go:265\nThe connection to the server was refused\n")

    @Test("answers, or is told with kubectl's last words")
    func differences() {
        func told(_ look: CommandState, isMade: Bool = true) -> [String] {
            server.differences(given: answers(look, isMade: isMade)).map(\.text)
        }
        #expect(told(CommandState(text: "ok")) == [])
        #expect(told(CommandState(text: "ok"), isMade: false) == [])
        #expect(told(refused) == ["The connection to the server was refused"])
        #expect(told(CommandState(exitCode: 1)) == ["kubectl gets no answer"])
        #expect(told(refused, isMade: false) == ["kubeadm has made no API server there"])
    }

    @Test("is waited for where kubeadm has made it and it does not answer yet")
    func awaited() {
        #expect(server.isAwaited(answers(refused)))
        #expect(!server.isAwaited(answers(refused, isMade: false)))
        #expect(!server.isAwaited(answers(CommandState(text: "ok"))))
        #expect(!server.isAwaited(answers(CommandState(text: "ok"), isMade: false)))
    }

    @Test(
        "is silent for the reason that stands last",
        arguments: [
            (0, "first\nlast\n", nil), (1, "first\nlast\n", "last"), (1, "", nil), (7, "alone", "alone"),
            (124, "half of an answer", "kubectl took too long"), (123, "first\nlast", "last"),
            (125, "first\nlast", "last"),
        ] as [(Int, String, String?)])
    func silence(exitCode: Int, text: String, reason: String?) {
        let answer = CommandState(exitCode: exitCode, text: text)
        #expect(answer.silence == reason)
        #expect(Problem(silent: "kubmaster", answer).why == reason)
    }

    @Test("is silent in kubectl's last words, whatever stands before them")
    func words() {
        #expect(Problem(silent: "kubmaster", "first\nlast\n").why == "last")
    }
}
