import Dispatch
import Glibc

/// The signals that ask a run to stop, turned into calls as long as this value lives: Ctrl-C, `kill`, and a terminal that went away.
package struct Signals {
    private let sources: [any DispatchSourceSignal]

    package init(_ body: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            // The default action would end the process before the source hears of it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: body)
            source.activate()
            return source
        }
    }

    /// From here on a signal ends the process as usual.
    package func end() {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    }
}
