"""Publishers' tables compiled into the embedded snapshot, and the snapshot loaded back."""
