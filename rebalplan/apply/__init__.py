"""Apply: walks the stages through the ports and writes the journal around each send."""
