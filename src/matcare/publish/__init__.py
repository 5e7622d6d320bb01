"""Finished tables → files that people open: CSV, GeoPackage, Parquet, map, dictionary, provenance."""
