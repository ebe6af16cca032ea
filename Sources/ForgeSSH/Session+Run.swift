import ForgeCore

extension Session {
    /// Runs one command to its end on a channel of its own. Everything the host says is in `reception`, also when this throws.
    ///
    /// The input follows the request at once: waiting for the host's yes would cost a round trip for each command.
    borrowing func run(
        _ line: String, reading input: consuming InputStream, into reception: Reception, sent: inout Int, _ patience: Patience
    ) throws(SSHError) {
        let channel = try openChannel(reception, patience)
        // A busy computer may find the channel open without having waited for it: what was cancelled meanwhile must not start.
        try patience.check()
        var hasStarted = try channel.hasStarted(line, self)
        var isFed = false
        while !reception.isOver(quietFor: Self.silence) {
            if !isFed { isFed = try feed(channel, &input, &sent) }
            try wait(patience, atMost: reception.exit == nil ? .seconds(3600) : Self.silence)
            if !hasStarted { hasStarted = try channel.hasStarted(line, self) }
            if let failure = reception.failure { throw failure }
        }
    }

    /// A host that allows one session at a time may not have noticed yet that the last one is over; a moment later it has.
    private borrowing func openChannel(_ reception: Reception, _ patience: Patience) throws(SSHError) -> Channel {
        var attempt = 1
        while true {
            do throws(SSHError) {
                let channel = try Channel(of: self, reception)
                try channel.open(self, patience)
                return channel
            } catch .sessionRefused where attempt < 5 {
                attempt += 1
                try wait(patience, atMost: .milliseconds(20))
            }
        }
    }

    /// How long a program that has ended may still be printing.
    private static let silence = Duration.seconds(2)

    /// Sends what there is room for; true when all is sent.
    private borrowing func feed(_ channel: borrowing Channel, _ input: inout InputStream, _ sent: inout Int) throws(SSHError) -> Bool {
        guard !channel.reception.isClosed else { return true }
        var count = 0
        while isWritable && channel.hasRoom {
            let isMore = try input.next { bytes throws(SSHError) in
                count = try channel.write(bytes, self)
                return count
            }
            sent += count
            if !isMore {
                channel.sendEnd()
                return true
            }
        }
        return false
    }
}
