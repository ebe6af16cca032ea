import ForgeCore
import Testing

@Suite("A problem")
struct ProblemTests {
    @Test("is told with its cause and what to do")
    func isTold() {
        let problem = Problem(
            what: "kubmaster: `apt-get update` failed with exit code 100", why: "E: Unable to locate package kubeadm",
            fix: "ssh kubmaster\nsudo apt-get update")
        #expect(
            "\(problem)" == """
                kubmaster: `apt-get update` failed with exit code 100
                  why  E: Unable to locate package kubeadm
                  fix  ssh kubmaster
                       sudo apt-get update
                """)
    }

    @Test("leaves out what is not known")
    func leavesOut() {
        #expect("\(Problem(what: "it broke"))" == "it broke")
        #expect("\(Problem(what: "it broke", fix: "mend it"))" == "it broke\n  fix  mend it")
    }
}

@Suite("An output")
struct OutputTests {
    @Test("gives as its reason the last line with something in it, of standard error first")
    func givesReason() {
        #expect(output("out\n", "warning\nE: no\n\n  \n").lastLine == "E: no")
        #expect(output("first\n  last \r\n", " \n").lastLine == "last")
        #expect(output("", "").lastLine == nil)
    }

    @Test("is a success only with exit code 0")
    func isSuccess() {
        #expect(Output(exit: .code(0)).isSuccess)
        #expect(!Output(exit: .code(1)).isSuccess)
        #expect(!Output(exit: .signal("KILL")).isSuccess)
        #expect(!Output(exit: .unknown).isSuccess)
    }

    private func output(_ text: String, _ errors: String) -> Output {
        Output(standardOutput: Array(text.utf8), standardError: Array(errors.utf8))
    }
}
