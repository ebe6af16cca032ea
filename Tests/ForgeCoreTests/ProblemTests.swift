import Testing

@testable import ForgeCore

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
