import ForgeInventory

@testable import ForgeService

extension Example {
    static let store = ModelStore(url: "sftp://models@store:2222/srv/models", keyPath: "/k", knownHostsPath: "/h")
    static let version = "20261121T151732Z-0123456789abcdef"

    static func models(_ version: String? = version) -> ModelVersion { ModelVersion(url: store.url, version: version) }
}

extension Told {
    /// The init container of pods with these models, as kubectl's JSON has it.
    static func fetching(_ version: String, image: String = Example.release.reference) -> String {
        #"""
        {"name":"models","image":"\#(image)","env":[{"name":"MODEL_STORE","value":"\#(Example.store.url)"},{\#
        "name":"MODEL_VERSION","value":"\#(version)"}]}
        """#
    }
}
