import Testing

extension TestLab {
    /// Deletes one of the service's pods and waits until another one is ready in its place: one of the same release,
    /// which has to find all that the old one had.
    func replaceOnePod() async throws {
        let pods = "kubectl -n mlops get pods -l app.kubernetes.io/name=inference -o name"
        let replaced = try await ssh(
            "kubmaster",
            """
            before=$(\(pods)) && old=$(echo "$before" | head -n 1) && kubectl -n mlops delete --timeout=120s "$old" && \
            kubectl -n mlops rollout status deployment/inference --timeout=180s && \
            test "$(\(pods) | grep -cvxF "$before")" = 1
            """)
        #expect(replaced.exitCode == 0, "\(replaced.everything)")
    }
}
