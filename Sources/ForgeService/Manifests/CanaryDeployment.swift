import ForgeCore

/// The first pod of a new release, beside the running service and unknown to it: users meet the release only after it
/// answered as it must.
struct CanaryDeployment: Sendable, Hashable {
    let release: Release

    /// Of its Deployment, and on the label of its pod.
    var name: String { release.name + "-candidate" }

    /// Which manifests it needs: all but those that are about the service's own pods.
    static func needs(_ manifest: String) -> Bool {
        ![
            "horizontalpodautoscaler.yaml", "service.yaml", "jobpolicies.yaml", "networkpolicy.yaml",
            "poddisruptionbudget.yaml", "releases.yaml",
        ]
        .contains(manifest)
    }
}
