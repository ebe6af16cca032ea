import ForgeCore

extension Session {
    /// Runs one command to its end on a channel of its own. Everything the host says is in `received`, also when this
    /// throws.
    ///
    /// The input follows the request at once: waiting for the host's yes would cost a round trip for each command.
    borrowing func run(
        _ line: String, reading input: consuming InputStream, into received: ChannelOutput, sent: inout Int,
        _ deadline: Deadline
    ) throws(SSHError) {
        let channel = try openChannel(received, deadline)
        // A busy computer may find the channel open without having waited for it: what was cancelled meanwhile must not
        // start.
        try deadline.check()
        var requestExec = try channel.requestExec(line, self)
        var isFed = false
        while !received.isOver(quietFor: Self.silence) {
            if !isFed { isFed = try feed(channel, &input, &sent) }
            try wait(deadline, atMost: received.exit == nil ? .seconds(3600) : Self.silence)
            if !requestExec { requestExec = try channel.requestExec(line, self) }
            if let failure = received.failure { throw failure }
        }
    }

    /// A host that allows one session at a time may not have noticed yet that the last one is over; a moment later it
    /// has.
    private borrowing func openChannel(_ received: ChannelOutput, _ deadline: Deadline) throws(SSHError) -> Channel {
        var attempt = 1
        while true {
            do throws(SSHError) {
                let channel = try Channel(of: self, received)
                try channel.open(self, deadline)
                return channel
            } catch .sessionRefused where attempt < 5 {
                attempt += 1
                try wait(deadline, atMost: .milliseconds(20))
            }
        }
    }

    /// How long a program that has ended may still be printing.
    private static let silence = Duration.seconds(2)

    /// Sends what there is room for; true when all is sent.
    private borrowing func feed(_ channel: borrowing Channel, _ input: inout InputStream, _ sent: inout Int)
        throws(SSHError) -> Bool
    {
        guard !channel.received.isClosed else { return true }
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
