"""Publishers' files: a catalog of where they come from, and a reader for each. The only network access is here."""
