import ForgeCore

/// A load as one script: `concurrency` curls at a time, and nothing that a host has not anyway.
struct LoadScript: Sendable {
    /// `http://10.96.1.2:80`
    let address: String
    /// Rows of the test set, which are asked for in turn.
    let rows: Int
    let load: Load
    /// What is posted to `/prediction` instead, where the service gives no rows away.
    var body: String?
    var credentials = ServiceCredentials.none

    /// As it is shown.
    var target: String { body == nil ? "\(address)/prediction/N" : "\(address)/prediction" }

    /// A curl keeps its connection for a hundred requests; the next one gets a new one, and with it perhaps another
    /// pod.
    var command: Command {
        Command.script([settings, Self.workers, LoadSum.script].joined(separator: "\n")).within(limit)
            .hiding(credentials)
    }

    /// The last requests may take ten seconds more, and a busy host some.
    private var limit: Duration { load.length + .seconds(60) }

    private var settings: String {
        """
        LC_ALL=C; export LC_ALL
        address=\(address.shellQuoted) rows=\(rows) concurrency=\(load.concurrency) \
        seconds=\(Double(load.length.milliseconds) / 1000) body=\((body ?? "").shellQuoted)
        own=\(credentials.configuration().shellQuoted)
        """
    }
}
