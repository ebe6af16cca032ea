import ForgeCore
import ForgeInventory
import ForgePlan
import Testing

@testable import ForgeService

@Suite("The release that runs")
struct DeployedReleaseTests {
    /// What is read of a Deployment with these containers.
    private func read(_ containers: String) throws -> DeployedRelease {
        let look = DeployedRelease.Look(Service())
        let pod = "{\"spec\":{\"containers\":[\(containers)]}}"
        let json = "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"inference\"},\"spec\":{\"template\":\(pod)}}"
        return try look.read(Example.answers([look.deployment: CommandState(text: json)]), from: "kubmaster")
    }

    @Test("is that of the first container, whatever stands beside it")
    func first() throws {
        let proxy = #"{"image":"proxy:1","env":[{"name":"TOKENS_FILE","value":"/tokens"}]}"#
        #expect(try read(#"{"image":"r/inference:1"},\#(proxy)"#) == DeployedRelease(image: "r/inference:1"))
    }

    @Test(
        "keeps its examples to itself where it says so alone",
        arguments: [("EXAMPLES", "private", true), ("EXAMPLES", "public", false), ("OTHER", "private", false)])
    func examples(name: String, value: String, isPrivate: Bool) throws {
        let variable = "{\"name\":\"\(name)\",\"value\":\"\(value)\"}"
        let release = try read("{\"image\":\"r/inference:1\",\"env\":[\(variable)]}")
        #expect(release.examplesArePrivate == isPrivate)
    }

    @Test("has its image in a repository of a registry")
    func repository() {
        #expect(Example.release.host == "10.77.0.11:5443")
        #expect(Example.release.repository == "mlops/inference")
        #expect(Release(name: "inference", tag: "a", registry: "r.example").repository == "inference")
    }
}
