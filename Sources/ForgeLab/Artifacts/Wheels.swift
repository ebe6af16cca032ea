import ForgeCore

extension BuildRules {
    /// Python of the service's base image.
    static let python = "3.11"

    /// A PEP 503 index of what the service's requirements name.
    func wheels(requirements: String) throws(Problem) -> Artifact {
        try artifact(
            "the index of Python wheels", usually: "30 s", in: "\(cache.apt)/simple", script: "wheels.sh",
            values: ["requirements": requirements, "python": Self.python])
    }
}
