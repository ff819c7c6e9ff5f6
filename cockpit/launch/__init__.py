"""Program start: wires the packages together and runs the embedded cluster in its own process."""
