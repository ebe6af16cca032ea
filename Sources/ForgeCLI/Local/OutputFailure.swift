import Synchronization

/// What is done, once, when standard output or standard error cannot be written any longer:
/// `kubeforge logs --follow | head`.
final class OutputFailure: Sendable {
    private let body = Mutex<(@Sendable () -> Void)?>(nil)

    func onFailure(_ body: @escaping @Sendable () -> Void) { self.body.withLock { $0 = body } }

    func happened() {
        let body = body.withLock { body in
            defer { body = nil }
            return body
        }
        body?()
    }
}
