"""Minutes over a raster of ground: friction surfaces, least-cost minutes, people and zones on the same cells."""
