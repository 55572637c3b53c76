"""What happens to orders at the embedded gateway: scripts, fills, cancels, other people."""
