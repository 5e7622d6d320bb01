"""Road graphs and points → minutes: graph, speeds, snapping, searches."""
