extension Duration {
    /// The duration as a fraction of seconds, for events and reports: `12.4`.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
