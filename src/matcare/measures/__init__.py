"""Minutes and tables → nearest, coverage, deserts, rates: pure functions, tables in and a new table out."""
