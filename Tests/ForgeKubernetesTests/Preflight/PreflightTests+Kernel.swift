import Testing

@testable import ForgeKubernetes

/// Its kernel: control groups, and what pods need.
extension PreflightTests {
    @Test("has a kernel that lacks what pods need")
    func kernel() {
        #expect(findings { $0.hasMemoryCgroup = false }.first?[2].contains("/boot/firmware/cmdline.txt") == true)
        #expect(findings { $0.hasVXLAN = false }.first?[2].contains("linux-modules-extra-$(uname -r)") == true)
        #expect(
            findings {
                $0.hasMemoryCgroup = true
                $0.hasVXLAN = true
            } == [])
    }

    @Test("has cgroup v1, which Kubernetes takes until 1.34")
    func cgroup() {
        #expect(findings({ $0.hasCgroup2 = false }, version: "1.34.9") == [])
        #expect(
            findings({ $0.hasCgroup2 = false }, version: "1.35.0") == [
                [
                    "it has cgroup v2 where Kubernetes needs it", "it has cgroup v1",
                    "Kubernetes 1.35.0 needs cgroup v2: use Ubuntu 22.04 or newer, or Kubernetes 1.34 or older",
                ]
            ])
    }

    @Test("is a container whose host lacks a control group")
    func containersHost() {
        let fixes = findings {
            $0.isContainer = true
            $0.hasCgroup2 = false
            $0.hasMemoryCgroup = false
        }.map { $0[2] }
        #expect(fixes.count == 2)
        #expect(fixes.allSatisfy { $0.contains("on the computer that the container runs on") }, "\(fixes)")
    }
}
