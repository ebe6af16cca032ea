import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

/// A control plane with a coordinator, as a test plays it: each look at it is answered with the next of its states.
final class FakeCluster: Sendable {
    /// What a look finds.
    struct State {
        var status: String? = #"{"input":{"rows":5,"sha256":"00"},"error":null,"shards":2,"done":[]}"#
        var objects = "{\"items\":[]}"
        var logs = ""
    }

    private let states: Mutex<[State]>
    /// How often it was looked at the coordinator.
    let looks = Mutex(0)
    let said = Mutex<[String]>([])
    let told = Mutex<[String]>([])
    let podLines = Mutex<[PodLine]>([])
    /// The commands that sent rows.
    let uploads = Mutex<[Command]>([])
    private let upload: Output

    init(_ states: [State], upload: Output = Output("\n200")) {
        self.states = Mutex(states)
        self.upload = upload
    }

    var machine: Machine {
        Machine(
            host: Example.master, transport: ScriptedTransport { self.reply($0) },
            onNews: { news in
                switch news {
                case .line(let line): self.said.withLock { $0.append(line.text) }
                case .detail(let detail): self.told.withLock { $0.append(detail.text) }
                case .podLine(let line): self.podLines.withLock { $0.append(line) }
                }
            })
    }

    private func reply(_ command: Command) -> Output? {
        let script = command.inputText
        if command.line.contains("--upload-file") {
            uploads.withLock { $0.append(command) }
            return upload
        }
        if command.line.contains(" apply ") { return Output("created") }
        if script.contains("podIP") && !script.contains("/status") {
            return Output(answering: CommandState(text: "10.244.1.9"))
        }
        if script.contains("/status") { looks.withLock { $0 += 1 } }
        let state = states.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        let status = CommandState(exitCode: state.status == nil ? 7 : 0, text: state.status ?? "")
        let (objects, events) = (CommandState(text: state.objects), CommandState(text: "{\"items\":[]}"))
        if script.contains("logs --tail=20") {
            return Output(answering: objects, events, CommandState(text: framedLogs(state.logs)))
        }
        if script.contains("get events") && script.contains("/status") {
            return Output(answering: status, objects, events, CommandState(text: framedLogs(state.logs)))
        }
        if script.contains("get events") {
            return Output(answering: objects, events, CommandState(text: framedLogs(state.logs)))
        }
        return Output(answering: status)
    }
}
