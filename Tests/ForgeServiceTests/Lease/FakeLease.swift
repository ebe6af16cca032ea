import ForgeCore
import ForgeTestSupport
import Foundation
import Synchronization

/// An API server with one Lease, as its control plane is asked for it.
final class FakeLease: Sendable {
    struct State {
        var holder: String?
        var renewed = 1_795_252_000
        var now = 1_795_252_010
        var version = 7
        var isSilent = false
        /// Takes the Lease just before the next write.
        var rival: String?
    }

    let state: Mutex<State>
    let scripts = Mutex<[String]>([])

    init(_ state: State = State()) { self.state = Mutex(state) }

    var transport: ScriptedTransport { ScriptedTransport { self.reply($0) } }

    private func reply(_ command: Command) -> Output? {
        let script = command.words.map(\.text).joined(separator: " ")
        scripts.withLock { $0.append(script + command.inputText) }
        return state.withLock { state in
            if state.isSilent { return .failed(1, "The connection to the server was refused") }
            if script.contains("get leases") {
                let time =
                    Date(timeIntervalSince1970: Double(state.renewed)).formatted(.iso8601).dropLast() + ".000000Z"
                let item = state.holder.map {
                    #"""
                    {"metadata":{"name":"kubeforge-inference","resourceVersion":"\#(state.version)"},"spec":{\#
                    "holderIdentity":"\#($0)","leaseDurationSeconds":60,"renewTime":"\#(time)"}}
                    """#
                }
                // kubectl's own JSON has line ends.
                return Output("\(state.now)\n{\n\"items\":[\n\(item ?? "")\n]\n}\n")
            }
            if let rival = state.rival {
                (state.holder, state.renewed, state.rival, state.version) = (rival, state.now, nil, state.version + 1)
            }
            if script.contains("patch lease") {
                guard let holder = state.holder else {
                    return .failed(1, "Error from server (NotFound): leases not found")
                }
                guard script.contains(holder) else {
                    return .failed(1, "The request is invalid: the server rejected our request")
                }
                return Output("")
            }
            let isFit =
                script.contains("create -f -\u{27}") || !script.contains("replace")
                ? state.holder == nil : command.inputText.contains("\"\(state.version)\"")
            guard isFit, let line = command.inputText.firstMatch(of: /holderIdentity: "(.*)"/) else {
                return .failed(1, "Conflict")
            }
            (state.holder, state.renewed) = (String(line.1), state.now)
            return Output("")
        }
    }
}
